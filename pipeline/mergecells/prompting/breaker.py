"""One circuit breaker for each provider: after failures in a row it is left alone, then one call tries it again.

Used on the client's event loop only, so it needs no lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from mergecells.domain.llm import ErrorKind
from mergecells.domain.routing import Provider

State = Literal["closed", "open", "half_open"]
COUNTED: frozenset[ErrorKind] = frozenset({"timeout", "connection", "overloaded", "server_error"})
"""A provider that answers 429 or refuses a request works."""


class Breaker:
    def __init__(self, tell: Callable[[str], None]) -> None:
        self.state: State = "closed"
        self._failures = 0
        self._until = 0.0
        self._tell = tell

    def admit(self, now: float) -> float:
        """0 when a call may be made; else the seconds until one may be tried again. While one tries, others wait."""
        if self.state == "open" and now >= self._until:
            self._become("half_open")
            return 0.0
        if self.state == "closed":
            return 0.0
        return max(self._until - now, 0.001)

    def succeeded(self) -> None:
        self._failures = 0
        self._become("closed")

    def failed(self, kind: ErrorKind, provider: Provider, now: float) -> None:
        """Count a failure; one that does not count is a sign of life."""
        if kind not in COUNTED:
            self.succeeded()
            return
        self._failures += 1
        if self.state == "half_open" or self._failures >= provider.failures_to_open:
            self._until = now + provider.cool_down_s
            self._become("open")

    def given_up(self) -> None:
        """The one call that tried was cancelled: the next one tries."""
        if self.state == "half_open":
            self._until = 0.0
            self._become("open")

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._tell(state)
