"""The computer's own clock, and how a time is written."""

from __future__ import annotations

import datetime
import time


class SystemClock:
    """Implements `ports.Clock`."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)


def iso(moment: datetime.datetime) -> str:
    """UTC, to the millisecond: `2026-01-31T09:30:00.123Z`."""
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
