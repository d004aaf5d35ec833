"""The context of a change in a commit's message: written and read as W3C and git have it."""

from __future__ import annotations

import pytest

from mergecells.domain.loop_trace import new_traceparent, read_trailer, split_traceparent, trailer_line

CONTEXT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_context_comes_back_from_a_message() -> None:
    """Also among other trailers; of a squash of several commits the last counts."""
    made = new_traceparent()
    message = f"Title\n\nText.\n\nSubmitted-by: A <a@b>\n{trailer_line(made)}"
    assert read_trailer(message) == made
    assert read_trailer(f"{trailer_line(CONTEXT)}\n{trailer_line(made)}") == made


@pytest.mark.parametrize(
    "text",
    ["", "Traceparent: no", f"Traceparent: {CONTEXT}x", f"x Traceparent: {CONTEXT}", f"Traceparent: {CONTEXT.upper()}"],
)
def test_what_is_no_context_is_none(text: str) -> None:
    """A commit's text is anybody's."""
    assert read_trailer(text) == ""


@pytest.mark.parametrize("text", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", CONTEXT + "\n", "01" + CONTEXT[2:]])
def test_only_a_whole_context_is_split(text: str) -> None:
    """All zeros, a line end, another version."""
    assert split_traceparent(text) is None
    assert trailer_line(text) == ""
