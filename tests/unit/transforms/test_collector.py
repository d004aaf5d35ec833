"""The collector waits while anybody builds, and goes on afterwards."""

from __future__ import annotations

import gc
import threading

from mergecells.transforms.collector import paused_collector


def test_paused_collector_waits_for_the_last_thread_that_is_inside() -> None:
    """The first one to leave does not switch it on for the other, and the last one leaves it as it was."""
    assert gc.isenabled()
    inside, leave = threading.Event(), threading.Event()

    def build() -> None:
        with paused_collector():
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=build)
    with paused_collector():
        thread.start()
        assert inside.wait(20)
    assert not gc.isenabled()
    leave.set()
    thread.join(20)
    assert gc.isenabled()


def test_paused_collector_of_a_program_without_one_stays_off() -> None:
    """Who switched it off for good finds it off."""
    gc.disable()
    try:
        with paused_collector(), paused_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
