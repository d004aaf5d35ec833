"""Limits on calls of models: by caller and altogether."""

from __future__ import annotations

import pytest

from mergecells.apps.service.llm_gate import LlmGate
from mergecells.apps.service.problems import ProblemError


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _refusal(gate: LlmGate, caller: str) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        gate.admit(caller)
    return caught.value


def test_a_caller_beyond_its_rate_is_told_when_to_come_back() -> None:
    """Two a minute: the third waits half a minute; another caller does not."""
    clock = _Clock()
    gate = LlmGate(2, 0, clock)
    gate.admit("a")
    gate.admit("a")
    refused = _refusal(gate, "a")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
    gate.admit("b")
    clock.now += 30
    gate.admit("a")


def test_refused_requests_do_not_put_off_the_next_good_one() -> None:
    """A caller that keeps asking is served as soon as one that waits."""
    clock = _Clock()
    gate = LlmGate(1, 0, clock)
    gate.admit("a")
    for _ in range(59):
        clock.now += 1
        assert _refusal(gate, "a").status == 429
    clock.now += 1
    gate.admit("a")


def test_calls_at_once_are_counted_until_they_end() -> None:
    """Also by a call that fails."""
    gate = LlmGate(0, 1)
    with gate.call("a"):
        assert _refusal(gate, "b").status == 503
    with pytest.raises(ValueError), gate.call("a"):
        raise ValueError
    with gate.call("b"):
        pass
