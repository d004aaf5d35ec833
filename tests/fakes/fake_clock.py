"""A clock that stands still until a test moves it."""

from __future__ import annotations

import datetime

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class FakeClock:
    """Implements `ports.Clock`."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime.datetime:
        return START + datetime.timedelta(seconds=self.seconds)

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
