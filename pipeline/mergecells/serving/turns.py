"""Loading beside threads that score: nobody waits long for the interpreter, neither the readers nor the loader.

Both switches belong to the whole process, so loads of several configs share them, and the last one sets them back.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import Iterator

_TURN_SECONDS = 0.0002
"""Every file that is opened or read gives the interpreter away and must wait for a turn to get it back. With Python's
5 ms and four busy threads, loading 6 small files took 1.2 s."""

_one_build = threading.Lock()
_loads = 0
_usual_turn = 0.0
_count = threading.Lock()
_frozen = False


@contextlib.contextmanager
def quick_turns() -> Iterator[None]:
    """Threads take turns of 0.2 ms instead of 5 ms inside."""
    global _loads, _usual_turn  # noqa: PLW0603 - the interpreter's own switch is global
    with _count:
        if _loads == 0:
            _usual_turn = sys.getswitchinterval()
            sys.setswitchinterval(min(_TURN_SECONDS, _usual_turn))
        _loads += 1
    try:
        yield
    finally:
        with _count:
            _loads -= 1
            if _loads == 0:
                sys.setswitchinterval(_usual_turn)


@contextlib.contextmanager
def resting_collector() -> Iterator[None]:
    """No garbage collection inside: while many objects that stay are made, each collection would walk all of them
    and find nothing, and readers would wait for it. Builds take turns."""
    with _one_build:
        was_on = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_on:
                gc.enable()


def spare_from_collections() -> None:
    """Take what was just built, a large config, out of later collections: the first one would walk it for 30 ms.

    Only inside `resting_collector`. A program that froze objects itself keeps its own arrangement. What was frozen for
    the former config is handed back first, so that nothing is kept for good.
    """
    global _frozen  # noqa: PLW0603 - the collector is one for the whole process
    if gc.get_freeze_count() != 0 and not _frozen:
        return
    gc.unfreeze()
    gc.freeze()
    _frozen = True
