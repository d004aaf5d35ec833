"""Who may call a model now: so many calls at once, so many a minute from one caller; beyond that, an answer at once."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mergecells.apps.service.problems import ProblemError

_MOST_CALLERS = 10_000


class LlmGate:
    """Token buckets by caller, and a count of calls under way. For one event loop: nothing here waits.

    `per_minute` and `at_once` are counts; 0 means no limit.
    """

    def __init__(self, per_minute: int, at_once: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._at_once, self._now = per_minute, at_once, now
        self._running = 0
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def call(self, caller: str) -> Iterator[None]:
        """One call of `caller`, counted until the block ends. Raises ProblemError (429, 503)."""
        self.admit(caller)
        try:
            yield
        finally:
            self.done()

    def admit(self, caller: str) -> None:
        """As `call`, for an answer that outlives the block; `done` must follow."""
        if self._at_once and self._running >= self._at_once:
            raise ProblemError(
                503,
                "too-many-calls",
                f"{self._at_once} calls are under way, as many as this service takes.",
                headers={"Retry-After": "1"},
                hint="Try again in a second.",
            )
        self._take(caller)
        self._running += 1

    def done(self) -> None:
        self._running -= 1

    def _take(self, caller: str) -> None:
        if not self._per_minute:
            return
        now = self._now()
        left, since = self._buckets.pop(caller, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - since) * self._per_minute / 60)
        self._buckets[caller] = (max(left - 1, 0.0) if left >= 1 else left, now)
        while len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = math.ceil((1 - left) * 60 / self._per_minute)
            raise ProblemError(
                429,
                "too-many-requests",
                f"More than {self._per_minute} calls a minute from one caller.",
                headers={"Retry-After": str(wait)},
                hint=f"Try again in {wait} s.",
            )
