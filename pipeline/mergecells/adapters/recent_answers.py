"""The answers that were used last, in memory, bounded by bytes: a cache by itself, and the front of one on disk."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import Final, NamedTuple

from mergecells.domain.llm import CachedAnswer

MEMORY_BYTES: Final = 64 * 1024 * 1024
_OVERHEAD: Final = 600
"""Bytes of one entry beside its text: the key, the value's fields, the slot."""


class Kept(NamedTuple):
    """An answer and the Unix times between which it is good."""

    answer: CachedAnswer
    stored_at: float
    expires_at: float
    bytes: int

    def is_good(self, now: float) -> bool:
        """Not too old. One from the future is neither: after a clock was put back it would live too long."""
        return self.stored_at - CLOCK_TOLERANCE_S <= now < self.expires_at


CLOCK_TOLERANCE_S: Final = 300.0
"""Clocks of processes and machines may differ by so much."""


class RecentAnswers:
    """Least recently used go first. An answer that would take more than an eighth of the room is not kept."""

    def __init__(self, most_bytes: int = MEMORY_BYTES) -> None:
        self.bytes = 0
        self._most = most_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, now: float) -> CachedAnswer | None:
        """The answer, if it is there and good."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            if not found.is_good(now):
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return found.answer

    def put(self, key: str, answer: CachedAnswer, stored_at: float, expires_at: float) -> None:
        """Keep it, and drop what was not used for longest until there is room."""
        size = _size(key, answer)
        with self._lock:
            self._drop(key)
            if size * 8 > self._most:
                return
            self._kept[key] = Kept(answer, stored_at, expires_at, size)
            self.bytes += size
            while self.bytes > self._most:
                self._drop(next(iter(self._kept)))

    def clear(self) -> int:
        """Drop all; how many there were."""
        with self._lock:
            count = len(self._kept)
            self._kept.clear()
            self.bytes = 0
        return count

    def good(self, now: float) -> int:
        """How many are still good; the others are dropped."""
        with self._lock:
            for key in [key for key, kept in self._kept.items() if not kept.is_good(now)]:
                self._drop(key)
            return len(self._kept)

    def _drop(self, key: str) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self.bytes -= found.bytes


def _size(key: str, answer: CachedAnswer) -> int:
    return _OVERHEAD + len(key) + sys.getsizeof(answer.text)
