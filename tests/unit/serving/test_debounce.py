"""Edits in place are acted on when they pause, and never later than the longest wait."""

from __future__ import annotations

from mergecells.serving.debounce import Debounce


def test_debounce_waits_until_changes_pause() -> None:
    """Each change starts the quiet time anew."""
    debounce = Debounce(quiet=2, longest=60)
    debounce.changed(10)
    debounce.changed(11)
    assert debounce.due_in(12.5) == 0.5
    assert debounce.due_in(13) == 0


def test_debounce_under_steady_changes_acts_after_the_longest_wait() -> None:
    """Somebody who saves every second still sees a reload."""
    debounce = Debounce(quiet=2, longest=5)
    for second in range(5):
        debounce.changed(second)
    assert debounce.due_in(4.5) == 0.5
    assert debounce.due_in(5) == 0


def test_debounce_after_acting_waits_for_the_next_change() -> None:
    """What was acted on is done with."""
    debounce = Debounce()
    debounce.changed(1)
    debounce.done()
    assert not debounce.waiting
    assert debounce.due_in(100) == float("inf")
