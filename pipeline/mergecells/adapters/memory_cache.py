"""A cache of answers for one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mergecells.adapters.recent_answers import MEMORY_BYTES, RecentAnswers
from mergecells.domain.cache_counts import CacheCounts
from mergecells.domain.llm import CachedAnswer, CacheStats


class MemoryCache:
    """Implements `ports.ResponseCache`. Ends with the process."""

    quick = True

    def __init__(self, most_bytes: int = MEMORY_BYTES, *, now: Callable[[], float] = time.time) -> None:
        self._recent = RecentAnswers(most_bytes)
        self._now = now
        self._lock = threading.Lock()
        self._counts = CacheCounts()
        self._claims: dict[str, tuple[str, float]] = {}

    def get(self, key: str) -> CachedAnswer | None:
        """See `ports.ResponseCache`."""
        return self._recent.get(key, self._now())

    def count(self, found: CachedAnswer | None) -> None:
        """See `ports.ResponseCache`."""
        with self._lock:
            self._counts += CacheCounts.of(found)

    def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None:
        """See `ports.ResponseCache`."""
        now = self._now()
        self._recent.put(key, answer, now, now + ttl_s)

    def claim(self, key: str, owner: str, lease_s: float, *, wait: bool = True) -> bool | None:  # noqa: ARG002
        """See `ports.ResponseCache`. Claims end by time on the monotonic clock, which nobody puts back."""
        now = time.monotonic()
        with self._lock:
            held = self._claims.get(key)
            if held is not None and held[0] != owner and held[1] > now:
                return False
            self._claims[key] = (owner, now + lease_s)
            return True

    def release(self, key: str, owner: str) -> None:
        """See `ports.ResponseCache`."""
        with self._lock:
            if self._claims.get(key, ("",))[0] == owner:
                del self._claims[key]

    def stats(self) -> CacheStats:
        """See `ports.ResponseCache`."""
        return self._counts.stats(self._recent.good(self._now()), self._recent.bytes)

    def clear(self) -> int:
        """See `ports.ResponseCache`."""
        with self._lock:
            self._counts = CacheCounts()
        return self._recent.clear()

    def close(self) -> None:
        """Nothing is open."""
