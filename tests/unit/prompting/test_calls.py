"""Calls from any thread and any loop, cancelled ones, bad input, conversations, and what their turns say."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from llm_stage import KEYS, Pinned, llm_config, open_client, routing
from mergecells.adapters.memory_cache import MemoryCache
from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.domain.errors import (
    BudgetExceededError,
    LlmCallError,
    PromptInputError,
    PromptRenderError,
    UsageError,
)
from mergecells.domain.llm import NANO
from mergecells.domain.messages import Message, TextPart
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.pieces import WAITING_PIECES
from mergecells.prompting.silence import NoLlmMetrics
from standins.llm import openai_api
from standins.llm.server import ModelServer, Reply, event_reply, model_server

BUDGETS = "budgets:\n  run: {warn: 0.5, halt: 1.0}\n"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


def guarded(ledger: MemoryLedger) -> dict[str, Any]:
    return {"budget": BudgetGuard(ledger, NoLlmMetrics(), now=time.time)}


def wait_for(seen: Callable[[], bool]) -> None:
    for _each in range(1_000):
        if seen():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came")


def say(text: str) -> list[Message]:
    return [Message("user", (TextPart(text),))]


def test_call_from_many_threads_and_loops_is_answered(server: ModelServer) -> None:
    """One client serves threads, and coroutines of loops that are not its own, at once."""
    with open_client(llm_config(routing(server.url))) as (llm, turns):

        async def several() -> list[str]:
            made = [llm.acall("hook", {"company": f"async {n}"}) for n in range(5)]
            return [each.text for each in await asyncio.gather(*made)]

        with ThreadPoolExecutor(6) as pool:
            threads = [pool.submit(llm.call, "hook", {"company": f"thread {n}"}) for n in range(5)]
            loops = [pool.submit(asyncio.run, several()) for _ in range(2)]
            texts = [each.result().text for each in threads] + [text for each in loops for text in each.result()]
    assert texts == ["A good answer."] * 15
    assert len({turn.call_id for turn in turns.turns}) == 15


def test_call_inside_a_running_loop_does_not_stand_still(server: ModelServer) -> None:
    """The synchronous call works where a loop runs, as in a notebook."""
    with open_client(llm_config(routing(server.url))) as (llm, _):

        async def inside() -> str:
            return llm.call("hook", {"company": "Acme"}).text

        assert asyncio.run(inside()) == "A good answer."


def test_call_keeps_its_snapshot_and_the_next_one_takes_the_new(server: ModelServer) -> None:
    """A config that changes while a call is under way does not change that call."""
    server.script.append(Reply(200, openai_api.answer("old").pieces, delay=0.3))
    config = llm_config(routing(server.url))
    with (
        open_client(config) as (llm, turns),
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(llm.call, "hook", {"company": "Acme"})
        wait_for(lambda: bool(server.asked))
        llm._pinned = lambda: Pinned(config, "b" * 40)
        assert first.result().revision == "a" * 40
        assert llm.call("hook", {"company": "Acme"}).revision == "b" * 40
        stated = llm.call("hook", {"company": "Acme"}, snapshot=Pinned(config, "c" * 40))
    assert [each.revision[0] for each in turns.turns] == ["a", "b", "c"]
    assert stated.revision == "c" * 40


def test_acall_cancelled_is_recorded_and_its_worst_case_counts(server: ModelServer) -> None:
    """The provider may have answered: what was held back counts as spent, and the turn says cancelled."""
    server.script.append(Reply(200, openai_api.answer().pieces, delay=5))
    ledger = MemoryLedger()
    with open_client(llm_config(routing(server.url), budgets=BUDGETS), **guarded(ledger)) as (llm, turns):

        async def give_up() -> None:
            task = asyncio.ensure_future(llm.acall("hook", {"company": "Acme"}, run_id="r"))
            while not server.asked:
                await asyncio.sleep(0.01)
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(give_up())
        wait_for(lambda: bool(turns.turns))
    (turn,) = turns.turns
    (entry,) = ledger.read(["run:r"])
    assert (turn.outcome, entry.reserved) == ("cancelled", 0)
    assert entry.spent >= 50 * 2 / 1e6 * NANO
    assert turn.usage.cost_est == pytest.approx(entry.spent / NANO)


def test_stream_left_early_stops_the_provider_and_settles_what_is_known(server: ModelServer) -> None:
    """A reader that goes away ends the upstream request; the pieces until then are what it cost."""
    server.script.append(openai_api.stream("word " * 2_000, pause=0.01))
    ledger = MemoryLedger()
    with (
        open_client(llm_config(routing(server.url), budgets=BUDGETS), **guarded(ledger)) as (llm, turns),
        llm.stream("hook", {"company": "Acme"}, run_id="r") as stream,
    ):
        next(stream)
    wait_for(lambda: server.dropped == 1)
    (turn,) = turns.turns
    (entry,) = ledger.read(["run:r"])
    assert (turn.outcome, turn.cost_source, entry.reserved) == ("cancelled", "heuristic", 0)
    assert 0 < entry.spent < 50 * 2 / 1e6 * NANO + 1_000_000
    with pytest.raises(UsageError, match="at its end"):
        _ = stream.result


def test_astream_left_early_is_recorded_as_cancelled(server: ModelServer) -> None:
    """As for the synchronous one, when the task that reads is cancelled."""
    server.script.append(openai_api.stream("word " * 2_000, pause=0.01))
    with open_client(llm_config(routing(server.url))) as (llm, turns):

        async def leave() -> None:
            async with llm.astream("hook", {"company": "Acme"}) as stream:
                async for _piece in stream:
                    break

        asyncio.run(leave())
        assert [turn.outcome for turn in turns.turns] == ["cancelled"]


def test_stream_of_a_slow_reader_makes_the_provider_wait(server: ModelServer) -> None:
    """No more pieces wait than are allowed to, and none is lost."""
    text = "".join(f"{n:04d}" for n in range(3_000))
    server.script.append(openai_api.stream(text))
    with open_client(llm_config(routing(server.url))) as (llm, _):
        stream = llm.stream("hook", {"company": "Acme"})
        pieces = [next(stream)]
        channel = stream._channel
        assert channel is not None
        wait_for(lambda: len(channel._pieces) == WAITING_PIECES)
        threading.Event().wait(0.05)
        assert len(channel._pieces) == WAITING_PIECES
        pieces.extend(stream)
    assert "".join(pieces) == text


def test_stream_is_kept_and_replayed(server: ModelServer) -> None:
    """The second stream, and a whole call after it, come from the cache and cost nothing."""
    cache = AnswerCache(MemoryCache(), NoLlmMetrics())
    with open_client(llm_config(routing(server.url)), cache=cache) as (llm, turns):
        assert "".join(llm.stream("hook", {"company": "Acme"})) == "A good answer."
        stream = llm.stream("hook", {"company": "Acme"})
        assert "".join(stream) == "A good answer."
        whole = llm.call("hook", {"company": "Acme"})
        asked_again = llm.call("hook", {"company": "Acme"}, cache=False)
    assert len(server.asked) == 2
    assert (stream.result.cached, whole.cached, asked_again.cached) == (True, True, False)
    assert (whole.usage.cost_est, whole.cost_source, whole.usage.input_tokens) == (0.0, "precise", 20)
    assert turns.turns[2].saved_cost == pytest.approx(30 / 1e6)


def test_fifty_equal_calls_at_once_ask_the_provider_once(server: ModelServer) -> None:
    """One call makes the answer, the others share it."""
    server.script.append(replace(openai_api.answer(), delay=0.3))
    cache = AnswerCache(MemoryCache(), NoLlmMetrics())
    with open_client(llm_config(routing(server.url)), cache=cache) as (llm, _):

        async def all_at_once() -> list[str]:
            return [
                each.text for each in await asyncio.gather(*(llm.acall("hook", {"company": "A"}) for _ in range(50)))
            ]

        assert asyncio.run(all_at_once()) == ["A good answer."] * 50
    assert len(server.asked) == 1


def test_budget_is_never_passed_by_calls_at_once(server: ModelServer) -> None:
    """Fifty calls with room for three of their worst cases: what is spent stays within the halt."""
    ledger = MemoryLedger()
    with open_client(
        llm_config(routing(server.url), budgets="budgets:\n  run: {warn: 0.0001, halt: 0.0006}\n"), **guarded(ledger)
    ) as (llm, turns):

        async def one(number: int) -> str:
            try:
                return (await llm.acall("hook", {"company": str(number)}, run_id="r")).text
            except BudgetExceededError as error:
                return error.budgets[0].key

        async def all_at_once() -> list[str]:
            return await asyncio.gather(*map(one, range(50)))

        said = asyncio.run(all_at_once())
    (entry,) = ledger.read(["run:r"])
    assert (entry.reserved, said.count("A good answer.")) == (0, len(server.asked))
    assert entry.spent == round(len(server.asked) * 30 / 1e6 * NANO) <= 0.0006 * NANO
    assert "run:r" in said
    assert {turn.outcome for turn in turns.turns} == {"ok", "budget"}


def test_price_unknown_is_refused_where_a_budget_applies(server: ModelServer) -> None:
    """What cannot be counted cannot be kept within a budget; the error says where a price goes."""
    config = llm_config(routing(server.url), prices="prices: {}\n", budgets=BUDGETS)
    with (
        open_client(config, **guarded(MemoryLedger())) as (llm, _),
        pytest.raises(BudgetExceededError, match=r"prices\.yaml"),
    ):
        llm.call("hook", {"company": "Acme"}, run_id="r")
    assert server.asked == []


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({}, PromptInputError),
        ({"company": "x" * 1_000_000}, PromptInputError),
        ({"company": 7}, PromptInputError),
        ({"company": "a\x00b"}, PromptInputError),
        ({"compny": "Acme"}, PromptInputError),
    ],
)
def test_call_inputs_that_do_not_fit_are_told_and_nothing_is_sent(
    server: ModelServer, inputs: dict[str, Any], error: type[Exception]
) -> None:
    """A missing, oversized, wrong or misspelt input."""
    with open_client(llm_config(routing(server.url))) as (llm, _):
        for way in (llm.call, llm.stream):
            with pytest.raises(error):
                way("hook", inputs)
    assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ company.format.__globals__ }}", "{{ 'a' * 3000000000 }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "{{ company.upper() }}",
        "{% include '../../etc/passwd' %}", "{{ lipsum.__globals__ }}",
    ],
)  # fmt: skip
def test_call_prompt_that_tries_to_leave_the_sandbox_is_refused(server: ModelServer, body: str) -> None:
    """Nothing of it is evaluated or sent."""
    prompt = f"---\nname: evil\nmodel: {{id: first}}\ninputs: {{company: {{sample: Acme}}}}\n---\n{body}\n"
    with (
        open_client(llm_config(routing(server.url), evil=prompt)) as (llm, _),
        pytest.raises(PromptRenderError),
    ):
        llm.call("evil", {"company": "Acme"})
    assert server.asked == []


@pytest.mark.parametrize(("name", "value"), [("persona", "a\r\nX-Evil: 1"), ("user", "x" * 501), ("colour", "red")])
def test_call_context_that_is_none_is_refused(server: ModelServer, name: str, value: str) -> None:
    """Ids are one line, bounded, and of the fields that a call has."""
    with open_client(llm_config(routing(server.url))) as (llm, _), pytest.raises(UsageError):
        llm.call("hook", {"company": "Acme"}, **{name: value})


def test_client_closed_says_so(server: ModelServer) -> None:
    """A call after `close` is an error, and closing twice is none."""
    with open_client(llm_config(routing(server.url))) as (llm, _):
        llm.close()
        with pytest.raises(UsageError, match="closed"):
            llm.call("hook", {"company": "Acme"})


def test_keys_are_in_no_log_error_or_repr(server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level, through an error that quotes the key, and in the turn."""
    secret = KEYS["ONE_KEY"]
    server.script.append(openai_api.error(401, f"Incorrect API key provided: {secret}."))
    with caplog.at_level(logging.DEBUG), open_client(llm_config(routing(server.url))) as (llm, turns):
        with pytest.raises(LlmCallError) as caught:
            llm.call("hook", {"company": "Acme"})
        told = [str(caught.value), repr(caught.value), repr(caught.value.attempts), repr(turns.turns), repr(llm)]
    assert secret not in "".join([*told, caplog.text])


def test_reply_goes_by_the_intent_of_the_last_message(server: ModelServer) -> None:
    """The rules of routing.yaml tell the intent; confidence and reason are in the result and in the turn."""
    rules = (
        "  coding_help:\n    description: Code.\n    rules: {words: {keywords: python}}\n"
        "    ladder: {first: {timeout_s: 5}}\n"
    )
    with open_client(llm_config(routing(server.url, intents=rules))) as (llm, turns):
        result = llm.reply([*say("hi"), Message("assistant", (TextPart("Hello."),)), *say("my python script fails")])
        stream = llm.reply_stream(say("what now"))
        assert stream.route is None
        next(stream)
        assert stream.route is not None
        assert stream.route.intent == "ambiguous"
        list(stream)
    assert (result.intent, result.confidence, "words" in result.intent_reason) == ("coding_help", 1.0, True)
    assert [turn.intent for turn in turns.turns] == ["coding_help", "ambiguous"]
    assert [each["role"] for each in server.asked[0].body["messages"]] == ["user", "assistant", "user"]


CLASSIFIER = """\
---
name: sorter
model: {id: first, options: {maxOutputTokens: 60}}
inputs:
  message: {sample: a}
  intents: {sample: b}
outputs:
  type: object
  required: [intent]
  properties: {intent: {type: string}, confidence: {type: number}, reason: {type: string}}
---
{{ intents }} {{ message }}
"""
CHOICE = "  social_chat:\n    description: Small talk.\n    ladder: {first: {timeout_s: 5}}\n"


@pytest.mark.parametrize(
    ("said", "intent", "confidence"),
    [
        ('{"intent": "social_chat", "confidence": 0.8, "reason": "a greeting"}', "social_chat", 0.8),
        ('{"intent": "social_chat", "confidence": 7}', "social_chat", 1.0),
        ('{"intent": "poetry"}', "ambiguous", 0.0),
        ("no idea", "ambiguous", 0.0),
    ],
)
def test_classifier_of_a_model_is_asked_where_the_rules_do_not_tell(
    server: ModelServer, said: str, intent: str, confidence: float
) -> None:
    """It is a call like any other, with a turn and the budget of the run; when it fails, the message is ambiguous."""
    server.script.append(openai_api.answer(said))
    config = llm_config(routing(server.url, intents=CHOICE), sorter=CLASSIFIER, budgets=BUDGETS)
    ledger = MemoryLedger()
    with open_client(config, classifier="sorter", **guarded(ledger)) as (llm, turns):
        result = llm.reply(say("good day to you"), run_id="r")
    assert (result.intent, result.confidence, result.text) == (intent, confidence, "A good answer.")
    assert "lassifier" in result.intent_reason
    assert [turn.prompt_slug for turn in turns.turns] == ["sorter", ""]
    assert {turn.context.run_id for turn in turns.turns} == {"r"}
    assert ledger.read(["run:r"])[0].spent == 60_000


def test_classifier_of_the_config_is_asked_too(server: ModelServer) -> None:
    """`classifier` in routing.yaml is enough, and holds from the revision on that states it."""
    server.script.append(openai_api.answer('{"intent": "social_chat", "confidence": 0.8, "reason": "a greeting"}'))
    routes = "classifier: sorter\n" + routing(server.url, intents=CHOICE)
    with open_client(llm_config(routes, sorter=CLASSIFIER)) as (llm, _):
        assert llm.reply(say("good day to you")).intent == "social_chat"


@pytest.mark.parametrize("messages", [[], [Message("assistant", (TextPart("Hello."),))]])
def test_reply_without_a_message_of_the_user_is_refused(server: ModelServer, messages: list[Message]) -> None:
    """There is nothing to answer."""
    with open_client(llm_config(routing(server.url))) as (llm, _), pytest.raises(UsageError, match="of the user"):
        llm.reply(messages)


def test_stream_that_repeats_nothing_for_ever_is_bounded(server: ModelServer) -> None:
    """A stream of comments is no progress: the time to the first piece bounds it."""
    server.script.append(event_reply([b": still here\n\n"] * 500, pause=0.02))
    with (
        open_client(llm_config(routing(server.url, rung="{timeout_s: 0.3, retries: 0}"))) as (llm, _),
        pytest.raises(LlmCallError) as caught,
    ):
        list(llm.stream("hook", {"company": "Acme"}))
    assert caught.value.kind == "timeout"
