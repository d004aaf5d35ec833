"""A model that judges answers, through the real client library: routed, budgeted, cached, and never scored by guess."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from llm_stage import PRICES, RememberedTurns, llm_config, open_client, routing
from mergecells.adapters.memory_cache import MemoryCache
from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.apps.quality import QualityBook, open_judge
from mergecells.domain.errors import BudgetExceededError, InvalidAnswerError, UsageError
from mergecells.domain.llm import CallContext
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.client import Llm
from mergecells.prompting.silence import NoLlmMetrics
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server

JUDGE = (Path(__file__).parents[3] / "prompts" / "quality_judge.md").read_text().replace("gpt-4.1-mini", "first")
SCORES = {"completeness": 0.9, "clarity": 0.5, "testability": None, "traceability": 0, "reason": "It invents a year."}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(lambda _: openai_api.answer(json.dumps(SCORES))) as made:
        yield made


@contextmanager
def judging(
    server: ModelServer, judge: str = JUDGE, quality: str | None = "judge: quality_judge\n", **more: Any
) -> Iterator[tuple[Llm, RememberedTurns]]:
    budgets = more.pop("budgets", "budgets: {}\n")
    config = llm_config(
        routing(server.url), budgets=budgets, quality=quality or "gate: 0.7\n", quality_judge=judge, prices=PRICES
    )
    with open_client(config, **more) as made:
        yield made


def ask(llm: Llm, text: str = "Acme began in 1821.", context: CallContext | None = None) -> Any:
    return llm.work(open_judge(llm).judge("hook", {"company": "Acme"}, text, context or CallContext()))


def test_judge_is_a_call_like_any_other(server: ModelServer) -> None:
    """It sees the task as it was sent, the answer and the dimensions; it has a turn, a node, a cost and a revision."""
    with judging(server) as (llm, turns):
        judged = ask(llm, context=CallContext(persona="sales", run_id="r1"))
    asked = json.dumps(server.asked[0].body)
    assert all(text in asked for text in ("One for Acme.", "Acme began in 1821.", "clarity: Short sentences"))
    assert judged.scores == {"completeness": 0.9, "clarity": 0.5, "testability": None, "traceability": 0.0}
    (turn,) = turns.turns
    assert (turn.prompt_slug, turn.context.node, turn.context.persona) == ("quality_judge", "quality_judge", "sales")
    assert turn.usage.cost_est == pytest.approx(30e-6)
    assert judged.judge == f"quality_judge@{turn.prompt_sha[:8]} first"
    assert judged.reason == "It invents a year."


def test_judge_is_asked_once_for_the_same_answer_and_not_for_an_empty_one(server: ModelServer) -> None:
    """The cache serves the second time; nothing is nothing to judge, and not perfect."""
    metrics = NoLlmMetrics()
    with judging(server, cache=AnswerCache(MemoryCache(), metrics)) as (llm, _):
        first, second, empty = ask(llm), ask(llm), ask(llm, " \n")
    assert (first.scores, first.call.cached, second.call.cached) == (second.scores, False, True)
    assert set(empty.scores.values()) == {None}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        "completeness 0.9, clarity 0.5",
        json.dumps({**SCORES, "clarity": 1.5}),
        json.dumps({**SCORES, "clarity": "0.5"}),
        json.dumps({**SCORES, "clarity": True}),
        json.dumps({name: score for name, score in SCORES.items() if name != "clarity"}),
        json.dumps(SCORES)[:40],
        '{"completeness": NaN, "clarity": 1, "testability": 1, "traceability": 1, "reason": ""}',
    ],
)
def test_judge_that_answers_with_something_else_is_refused(server: ModelServer, said: str) -> None:
    """No number is made up for it, and nothing is recorded."""
    server.respond = lambda _: openai_api.answer(said)
    with judging(server) as (llm, turns):
        book = QualityBook(type("Source", (), {"current": llm.pinned()})(), turns, None, llm)
        result = llm.call("hook", {"company": "Acme"})
        with pytest.raises(InvalidAnswerError):
            book.judge(result, {"company": "Acme"})
    assert turns.qualities == []


def test_judge_without_a_form_of_its_own_is_refused_too(server: ModelServer) -> None:
    """A prompt without `outputs` gives text: the scores are looked for, not guessed."""
    loose = "---\nname: quality_judge\nmodel: {id: first}\ninputs: {answer: {sample: x}}\n---\nScore {{ answer }}\n"
    with judging(server, loose) as (llm, _), pytest.raises(InvalidAnswerError, match="completeness is 'missing'"):
        ask(llm)


def test_judge_is_kept_within_the_budget(server: ModelServer) -> None:
    """Its worst case is reserved like that of any call: nothing is sent past a halt."""
    guard = BudgetGuard(MemoryLedger(), NoLlmMetrics(), now=lambda: 0.0)
    budgets = "budgets:\n  run: {warn: 0.0000001, halt: 0.000001}\n"
    with judging(server, budgets=budgets, budget=guard) as (llm, _), pytest.raises(BudgetExceededError):
        ask(llm, context=CallContext(run_id="r"))
    assert server.asked == []


def test_judge_that_is_not_configured_is_a_mistake_of_the_caller(server: ModelServer) -> None:
    """What to write where is said."""
    with judging(server, quality=None) as (llm, _), pytest.raises(UsageError, match="names no judge"):
        ask(llm)


def test_judged_record_is_weighed_by_the_config(server: ModelServer) -> None:
    """What was not judged weighs nothing; all null is no score at all, and never 1.0."""
    quality = "judge: quality_judge\ndimensions:\n  completeness: {weight: 3}\n  clarity: {weight: 1}\n"
    with judging(server, quality=quality) as (llm, turns):
        book = QualityBook(type("Source", (), {"current": llm.pinned()})(), turns, None, llm)
        result = llm.call("hook", {"company": "Acme"})
        record = book.judge(result, {"company": "Acme"}, CallContext(persona="sales"))
        assert record.overall == pytest.approx((3 * 0.9 + 0.5) / 4)
        assert (record.call_id, record.persona, book.passes(record)) == (result.call_id, "sales", True)
        nothing = dict.fromkeys(SCORES, None) | {"reason": "Nothing."}
        server.respond = lambda _: openai_api.answer(json.dumps(nothing))
        vacuous = book.judge(result, {"company": "Beta"})
    assert (vacuous.overall, book.passes(vacuous)) == (None, None)
    assert len(turns.qualities) == 2
