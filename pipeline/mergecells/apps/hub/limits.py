"""How much one person may ask: a bucket that fills again at a steady rate. Bounded in the number of people too."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mergecells.apps.service.problems import ProblemError

MOST_PEOPLE: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """`per_minute` requests for each name, half a minute's worth at once."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._most = per_minute / 60, max(1.0, per_minute / 2)
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Raises ProblemError (429) with the seconds to wait."""
        with self._lock:
            now = self._monotonic()
            bucket = self._buckets.pop(name, None) or _Bucket(self._most, now)
            bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            self._buckets[name] = bucket
            if len(self._buckets) > MOST_PEOPLE:
                self._buckets.popitem(last=False)
            if bucket.left < 1:
                wait = math.ceil((1 - bucket.left) / self._rate)
                raise ProblemError(
                    429,
                    "too-many-requests",
                    f"More than {self._rate * 60:.0f} requests in a minute from one person.",
                    headers={"Retry-After": str(wait)},
                    hint=f"Try again in {wait} s.",
                )
            bucket.left -= 1
