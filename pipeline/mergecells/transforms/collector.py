"""Python's cyclic garbage collector, and when it had better wait."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_was_enabled = False


@contextmanager
def paused_collector() -> Iterator[None]:
    """No cyclic garbage collection inside, in any thread: building many values at once triggers full collections that
    find nothing, took half of the time that 10,000 rows need, and keep every other thread waiting meanwhile.

    Several threads may be inside at once; the collector goes on when the last one leaves.
    """
    global _inside, _was_enabled  # noqa: PLW0603 - the collector is one for the process
    with _lock:
        if _inside == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _was_enabled:
                gc.enable()
