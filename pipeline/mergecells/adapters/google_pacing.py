"""Keeps below Google's quotas: 60 reads and 60 writes a minute for one user.

Source: developers.google.com/workspace/sheets/api/limits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

PER_MINUTE = 55
"""A little below the quota: the add-on and people's other programs use the same one."""

_WINDOW = 60.0


@dataclass
class Pacer:
    """At most `limit` calls of each kind in any 60 seconds. One is shared by all that use the same credentials."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    limit: int = PER_MINUTE
    _taken: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, kind: str) -> None:
        """Returns when one more call of this kind may be made; calls that wait are let through in turn."""
        with self._lock:
            taken = self._taken.setdefault(kind, deque())
            now = self.monotonic()
            while len(taken) >= self.limit and now - taken[0] < _WINDOW:
                self.sleep(_WINDOW - (now - taken[0]))
                now = self.monotonic()
            if len(taken) >= self.limit:
                taken.popleft()
            taken.append(now)
