"""A call from a prompt to a result and a turn, over HTTP with the real provider library."""

from __future__ import annotations

import pytest

from llm_stage import REVISION, llm_config, open_client, routing
from mergecells.domain.errors import UnknownPromptError
from standins.llm import openai_api
from standins.llm.server import model_server


def test_call_prompt_gives_the_answer_with_its_numbers() -> None:
    """The rendered prompt goes to the provider; the result tells answer, tokens, cost, revision and prompt."""
    with model_server(openai_api.respond) as server:
        config = llm_config(routing(server.url))
        with open_client(config) as (llm, turns):
            result = llm.call("hook", {"company": "Acme"}, persona="ann", run_id="r1")
    assert result.text == "A good answer."
    assert (result.usage.input_tokens, result.usage.output_tokens) == (20, 5)
    assert result.usage.cost_est == pytest.approx((20 * 1 + 5 * 2) / 1e6)
    assert (result.cost_source, result.token_source, result.cached, result.fallback) == (
        "precise",
        "provider",
        False,
        False,
    )
    assert (result.revision, result.prompt_slug, result.prompt_sha) == (REVISION, "hook", config.prompts["hook"].sha)
    assert [each.outcome for each in result.attempts] == ["ok"]
    asked = server.asked[0]
    assert asked.path == "/chat/completions"
    assert asked.headers["authorization"] == "Bearer sk-one-secret-key"
    assert asked.body == {
        "model": "model-1",
        "messages": [
            {"role": "system", "content": "You write hooks."},
            {"role": "user", "content": "One for Acme."},
        ],
        "max_completion_tokens": 50,
        "temperature": 0.2,
    }
    (turn,) = turns.turns
    assert (turn.outcome, turn.model, turn.provider, turn.context.persona) == ("ok", "first", "one", "ann")
    assert turn.usage == result.usage
    assert turn.context.trace_id == result.trace_id


def test_stream_prompt_gives_pieces_and_a_result_at_the_end() -> None:
    """The pieces together are the text of the result, and the turn says that it was streamed."""
    with model_server(openai_api.respond) as server, open_client(llm_config(routing(server.url))) as (llm, turns):
        stream = llm.stream("hook", {"company": "Acme"})
        pieces = list(stream)
    assert len(pieces) > 1
    assert "".join(pieces) == stream.result.text == "A good answer."
    assert stream.result.usage.input_tokens == 20
    (turn,) = turns.turns
    assert turn.streamed
    assert turn.first_token_seconds is not None


def test_call_unknown_prompt_says_the_nearest_name() -> None:
    """A typing mistake is told with the prompt that was probably meant; nothing is sent."""
    with (
        open_client(llm_config(routing("http://127.0.0.1:9"))) as (llm, turns),
        pytest.raises(UnknownPromptError, match="Did you mean 'hook'"),
    ):
        llm.call("hok")
    assert turns.turns == []
