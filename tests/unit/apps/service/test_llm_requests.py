"""Bodies of LLM requests: every mistake at its place, nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest

from mergecells.apps.logs import RequestIds
from mergecells.apps.service.llm_requests import complete_request, message_request, thread_name
from mergecells.apps.service.problems import ProblemError

IDS = RequestIds("r-1", "a" * 32, "ann", "j-1", "", "b" * 16)


def _places(error: pytest.ExceptionInfo[ProblemError]) -> list[str]:
    assert error.value.status == 422
    return [each.pointer for each in error.value.errors]


def test_a_request_carries_the_ids_of_its_headers() -> None:
    """Who called, for which job, in which trace."""
    asked = complete_request({"inputs": {"company": "Acme"}, "persona": "sales", "run_id": "r"}, IDS)
    context = asked.context
    assert asked.inputs == {"company": "Acme"}
    assert (context.persona, context.run_id, context.user, context.job_id) == ("sales", "r", "ann", "j-1")
    assert (context.trace_id, context.parent_span_id, asked.cache, asked.stream) == ("a" * 32, "b" * 16, True, None)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ([], [""]),
        ({"input": {}}, ["/input"]),
        ({"inputs": []}, ["/inputs"]),
        ({"inputs": {}, "persona": 3}, ["/persona"]),
        ({"inputs": {}, "persona": "a\nb"}, ["/persona"]),
        ({"inputs": {}, "run_id": "x" * 101}, ["/run_id"]),
        ({"inputs": {}, "stream": "yes", "cache": 1}, ["/cache", "/stream"]),
    ],
)
def test_a_wrong_body_is_refused_with_every_place(body: Any, places: list[str]) -> None:
    """A misspelt key is not a default."""
    with pytest.raises(ProblemError) as error:
        complete_request(body, IDS)
    assert _places(error) == places


@pytest.mark.parametrize("message", [None, "", " \n", 7, "a\x00b", "x" * 200_001])
def test_a_message_must_be_a_text_that_fits(message: Any) -> None:
    """Empty, of another type, with U+0000, too long."""
    with pytest.raises(ProblemError) as error:
        message_request({"message": message}, "t", IDS)
    assert _places(error) == ["/message"]


def test_a_message_belongs_to_its_thread() -> None:
    """The thread is the session of its trace."""
    assert message_request({"message": "hi"}, "t-1", IDS).context.session_id == "t-1"


@pytest.mark.parametrize("name", ["", "a/b", "a b", "-a", "x" * 101, "ü"])
def test_a_thread_with_an_odd_name_is_refused(name: str) -> None:
    """It stands in paths, logs and a database."""
    with pytest.raises(ProblemError):
        thread_name(name)


def test_half_of_a_surrogate_pair_is_refused_at_its_place() -> None:
    """JSON can hold it, and no provider takes it; in a name and in a message."""
    with pytest.raises(ProblemError) as caught:
        message_request({"message": "a \ud800", "persona": "\udfff"}, "t", IDS)
    assert sorted(_places(caught)) == ["/message", "/persona"]
    assert "U+D800" in str(caught.value.errors)


@pytest.mark.parametrize("persona", ["Zoë", "👩\u200d💻", "a\u00a0b"])
def test_a_name_may_have_any_letters(persona: str) -> None:
    """What joins an emoji, and a hard space, are no control characters."""
    assert message_request({"message": "m", "persona": persona}, "t", IDS).context.persona == persona
