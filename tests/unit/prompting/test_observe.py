"""Functions that call a provider by themselves: remembered, metered, within budget, and otherwise untouched."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import mergecells
from llm_stage import REVISION, RememberedTurns, llm_config, open_client, routing
from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.domain.errors import BudgetExceededError
from mergecells.domain.llm import CallContext
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.client import Llm
from mergecells.prompting.silence import NoLlmMetrics
from standins.llm import anthropic_api, gemini_api, openai_api
from standins.llm.server import model_server

ROUTES = routing("http://127.0.0.1:9").replace("id: model-1", "id: gpt-4.1-mini")
COST = (20 * 1 + 5 * 2) / 1e6


@pytest.fixture
def watched() -> Iterator[tuple[Llm, RememberedTurns]]:
    with open_client(llm_config(ROUTES)) as opened:
        yield opened


def test_observe_function_records_what_the_answer_tells(watched: tuple[Llm, RememberedTurns]) -> None:
    """The library's own answer comes back untouched; the turn has its tokens, cost, model, revision and persona."""
    import openai

    llm, turns = watched

    @mergecells.observe_llm(llm, context=lambda name: CallContext(persona=name))
    def ask(name: str) -> Any:
        """Asks."""
        client = openai.OpenAI(api_key="k", base_url=server.url, max_retries=0)
        return client.chat.completions.create(model="gpt-4.1-mini", messages=[{"role": "user", "content": name}])

    with model_server(openai_api.respond) as server:
        answer = ask("ann")
    assert isinstance(answer, openai.types.chat.ChatCompletion)
    assert (ask.__name__, ask.__doc__) == ("ask", "Asks.")
    (turn,) = turns.turns
    assert (turn.prompt_slug, turn.model, turn.provider, turn.revision) == ("ask", "first", "one", REVISION)
    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (20, 5)
    assert turn.usage.cost_est == pytest.approx(COST)
    assert (turn.cost_source, turn.token_source, turn.outcome) == ("precise", "provider", "ok")
    assert (turn.context.persona, turn.streamed) == ("ann", False)


def test_observe_coroutine_is_awaited_and_recorded(watched: tuple[Llm, RememberedTurns]) -> None:
    """A coroutine stays one."""
    import anthropic

    llm, turns = watched

    @mergecells.observe_llm(llm, name="chat")
    async def ask() -> Any:
        async with anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0) as client:
            return await client.messages.create(
                model="claude-haiku-4-5", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
            )

    with model_server(anthropic_api.respond) as server:
        assert asyncio.run(ask()).content[0].text == "A good answer."
    (turn,) = turns.turns
    assert (turn.prompt_slug, turn.model, turn.provider) == ("chat", "claude-haiku-4-5", "anthropic")
    assert turn.usage.cost_est == pytest.approx((20 * 1 + 5 * 5) / 1e6)


def test_observe_generator_gives_its_items_and_records_at_the_end(watched: tuple[Llm, RememberedTurns]) -> None:
    """Chunks of a stream go through one by one; usage is that of the stream's end."""
    import openai

    llm, turns = watched

    @mergecells.observe_llm(llm, model="first")
    def ask() -> Iterator[Any]:
        client = openai.OpenAI(api_key="k", base_url=server.url, max_retries=0)
        yield from client.chat.completions.create(
            model="gpt-4.1-mini", messages=[], stream=True, stream_options={"include_usage": True}
        )

    with model_server(openai_api.respond) as server:
        chunks = list(ask())
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "A good answer."
    (turn,) = turns.turns
    assert (turn.streamed, turn.usage.output_tokens, turn.token_source) == (True, 5, "provider")
    assert turn.first_token_seconds is not None


def test_observe_generator_left_early_is_recorded_as_cancelled(watched: tuple[Llm, RememberedTurns]) -> None:
    """A reader that stops ends the call; what was said until then is counted."""
    llm, turns = watched

    @mergecells.observe_llm(llm, model="first")
    def ask(question: str) -> Iterator[str]:
        yield f"about {question}"
        yield "more"

    stream = ask("rain")
    assert next(stream) == "about rain"
    stream.close()  # type: ignore[attr-defined]
    (turn,) = turns.turns
    assert (turn.outcome, turn.token_source, turn.cost_source) == ("cancelled", "heuristic", "heuristic")
    assert (turn.usage.input_tokens > 0, turn.usage.output_tokens) == (True, 2)


def test_observe_async_generator_is_read_and_recorded(watched: tuple[Llm, RememberedTurns]) -> None:
    """Mappings as a provider's REST API gives them will do."""
    llm, turns = watched

    @mergecells.observe_llm(llm)
    async def ask() -> AsyncIterator[dict[str, Any]]:
        for each in gemini_api.responses("Hello there"):
            yield each

    async def read() -> list[Any]:
        return [each async for each in ask()]

    assert len(asyncio.run(read())) == 2
    (turn,) = turns.turns
    assert (turn.model, turn.usage.input_tokens, turn.usage.output_tokens) == ("gemini-2.5-flash", 20, 5)
    assert turn.cost_source == "precise"


def test_observe_error_is_raised_as_it_is_and_recorded(watched: tuple[Llm, RememberedTurns]) -> None:
    """The program sees its library's own error."""
    import openai

    llm, turns = watched

    @mergecells.observe_llm(llm)
    def ask() -> Any:
        client = openai.OpenAI(api_key="k", base_url=server.url, max_retries=0)
        return client.chat.completions.create(model="gpt-4.1-mini", messages=[])

    with model_server(lambda _: openai_api.error(429)) as server, pytest.raises(openai.RateLimitError):
        ask()
    assert (turns.turns[0].outcome, turns.turns[0].usage.cost_est) == ("rate_limit", 0.0)


@pytest.mark.parametrize("answer", [None, 7, object(), [1], {"choices": "?"}, {"type": "message"}, {"candidates": [3]}])
def test_observe_odd_answer_comes_back_and_is_recorded(watched: tuple[Llm, RememberedTurns], answer: Any) -> None:
    """Whatever a function returns, it returns; nothing is made up."""
    llm, turns = watched
    assert mergecells.observe_llm(llm)(lambda: answer)() is answer
    assert turns.turns[0].token_source == "heuristic"


def test_observe_counts_in_budgets_and_is_refused_when_one_is_used_up() -> None:
    """What was spent is counted after the call; the next one is not made once the halt is reached."""
    ledger, metrics = MemoryLedger(), NoLlmMetrics()
    config = llm_config(ROUTES, budgets=f"budgets:\n  run: {{warn: {COST / 2:.9f}, halt: {COST * 1.5:.9f}}}\n")
    asked = []
    with open_client(config, budget=BudgetGuard(ledger, metrics, now=lambda: 0.0)) as (llm, _):

        @mergecells.observe_llm(llm, context=CallContext(run_id="r"))
        def ask() -> Any:
            asked.append(1)
            return openai_api.completion("Hi")

        for calls in (1, 2):
            ask()
            _wait_for(lambda calls=calls: ledger.read(["run:r"])[0].spent == round(calls * COST * 1e9))
        with pytest.raises(BudgetExceededError):
            ask()
    assert len(asked) == 2


def _wait_for(seen: Callable[[], bool]) -> None:
    """What a call cost is settled without making it wait."""
    for _each in range(1_000):
        if seen():
            return
        threading.Event().wait(0.01)
    pytest.fail("it was never settled")
