"""Counts of a cache that are written a little later and together: a hit must not wait for a write."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from typing import Final

from mergecells.domain.cache_counts import CacheCounts

_log = logging.getLogger("mergecells")

DELAY_S: Final = 0.2
"""A process that is killed loses the counts of so long."""


class PendingCounts:
    """Adds up, and gives the sum to `write` from a thread of its own. What could not be written is kept for later."""

    def __init__(self, write: Callable[[CacheCounts, frozenset[str]], None], delay_s: float = DELAY_S) -> None:
        self._write = write
        self._delay = delay_s
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._sum = CacheCounts()
        self._used: set[str] = set()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closed = threading.Event()

    def add(self, counts: CacheCounts) -> None:
        """Count; written within `delay_s`."""
        with self._lock:
            self._sum += counts
        self._begin()

    def used(self, key: str) -> None:
        """Remember that an answer was used, for who decides what goes first."""
        with self._lock:
            self._used.add(key)
        self._begin()

    def flush(self) -> None:
        """Write what there is, now."""
        with self._writing:
            with self._lock:
                pending, used = self._sum, frozenset(self._used)
                self._sum, self._used = CacheCounts(), set()
            if pending == CacheCounts() and not used:
                return
            try:
                self._write(pending, used)
            except Exception as error:  # noqa: BLE001 - whatever a store raises, a call must not notice
                _log.debug("the cache's counts could not be written yet: %s", error)
                with self._lock:
                    self._sum += pending

    def forget(self) -> None:
        """What is not written yet never was."""
        with self._lock:
            self._sum, self._used = CacheCounts(), set()

    def close(self) -> None:
        """Write the rest; nothing is counted afterwards."""
        self._closed.set()
        self._wake.set()
        atexit.unregister(self.close)
        self.flush()

    def _begin(self) -> None:
        if not self._wake.is_set():
            self._wake.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closed.is_set():
                    self._thread = threading.Thread(target=self._run, name="mergecells-cache-counts", daemon=True)
                    self._thread.start()
                    # A script that ends without closing anything still counts its calls.
                    atexit.register(self.close)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(self._delay)
            self._wake.clear()
            self.flush()
