"""A call from a prompt to a result and a turn, over HTTP with the real provider library."""

from __future__ import annotations

import pytest

from llm_stage import REVISION, llm_config, open_client, routing
from mergecells.domain.errors import InvalidAnswerError, LlmCallError, PromptInputError, UnknownPromptError, UsageError
from mergecells.domain.llm import CallContext
from mergecells.domain.messages import Message, TextPart
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


def test_input_that_cannot_be_sent_is_refused_before_anything_is_held_back() -> None:
    """Half of a surrogate pair, no mapping, a number for a text: told with what to do; no call, no turn."""
    with model_server(openai_api.respond) as server, open_client(llm_config(routing(server.url))) as (llm, turns):
        for ask in (llm.call, llm.stream):
            with pytest.raises(PromptInputError, match=r"company holds the character U\+D800"):
                ask("hook", {"company": "a \ud800"})
            with pytest.raises(PromptInputError, match="by name") as wrong:
                ask("hook", ["Acme"])  # type: ignore[arg-type]
            with pytest.raises(PromptInputError) as number:
                ask("hook", {"company": 3})
            with pytest.raises(UnknownPromptError):
                ask(None, {})  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"U\+DFFF"):
            llm.reply([Message("user", (TextPart("\udfff"),))])
    assert "mapping" in wrong.value.hint
    assert 'Put it in quotes: "3"' in number.value.hint
    assert (server.asked, turns.turns) == ([], [])


@pytest.mark.parametrize("persona", ["a\r\nX-Evil: 1", "p" * 1_000_000, "\ud800", "a\u2028b"])
def test_hostile_name_of_a_caller_is_refused(persona: str) -> None:
    """As a field, and in a whole context: it would become a key, a column and a header."""
    with model_server(openai_api.respond) as server, open_client(llm_config(routing(server.url))) as (llm, _):
        with pytest.raises(UsageError, match="persona must be one line"):
            llm.call("hook", {"company": "Acme"}, persona=persona)
        with pytest.raises(UsageError, match="persona must be one line"):
            llm.call("hook", {"company": "Acme"}, context=CallContext(persona=persona))
        assert llm.call("hook", {"company": "Acme"}, persona="Zoë 👩\u200d💻").text
    assert len(server.asked) == 1


def test_call_without_an_answer_says_what_to_do_next() -> None:
    """The only model of a ladder fails: ask again, and where another would go."""
    with model_server(openai_api.respond) as server, open_client(llm_config(routing(server.url))) as (llm, _):
        server.script.append(openai_api.error(500))
        with pytest.raises(LlmCallError) as failed:
            llm.call("hook", {"company": "Acme"})
    assert failed.value.hint.startswith("Ask again. It is the only model of its ladder in prompts/routing.yaml")


def test_answer_that_cannot_be_written_down_is_made_so() -> None:
    """Half of a surrogate pair and U+0000 become U+FFFD, a pair stays one character, whole and in pieces."""
    said, kept = "a \ud800 b \x00 c 😀", "a \ufffd b \ufffd c 😀"
    with model_server(openai_api.respond) as server, open_client(llm_config(routing(server.url))) as (llm, turns):
        server.script.extend([openai_api.answer(said), openai_api.stream(said)])
        assert llm.call("hook", {"company": "Acme"}).text == kept
        stream = llm.stream("hook", {"company": "Beta"})
        assert "".join(stream) == stream.result.text == kept
        server.script.append(openai_api.answer('{"size": 3, "a": "\\ud800"}'))
        with pytest.raises(InvalidAnswerError, match=r"U\+D800"):
            llm.call("form", {"message": "m"})
    assert [turn.outcome for turn in turns.turns] == ["ok", "ok", "invalid_output"]
