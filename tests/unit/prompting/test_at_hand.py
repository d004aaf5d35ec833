"""Kept answers, given in the caller's own thread, and how long a call waits for another one that makes its answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from llm_stage import llm_config, open_client, routing
from mergecells.adapters.memory_cache import MemoryCache
from mergecells.adapters.memory_ledger import MemoryLedger
from mergecells.domain.errors import UsageError
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.budget_guard import BudgetGuard
from mergecells.prompting.silence import NoLlmMetrics
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server

BUDGETS = "budgets:\n  run: {warn: 0.5, halt: 1.0}\n"


class CountedAsks(NoLlmMetrics):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def cache_asked(self, result: str) -> None:
        self.asked.append(result)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


def cached(**more: Any) -> dict[str, Any]:
    metrics = CountedAsks()
    guard = BudgetGuard(MemoryLedger(), metrics, now=time.time)
    return {"cache": AnswerCache(MemoryCache(), metrics), "metrics": metrics, "budget": guard, **more}


def test_kept_answer_is_given_while_the_clients_loop_is_busy(server: ModelServer) -> None:
    """It waits for nobody: not for the loop, and not for a thread. It is counted once, has its budgets and a turn."""
    parts = cached()
    with open_client(llm_config(routing(server.url), budgets=BUDGETS), **parts) as (llm, turns):
        spent = llm.call("hook", {"company": "Acme"}, run_id="r").budgets
        blocked, free = threading.Event(), threading.Event()

        async def block() -> None:
            blocked.set()
            free.wait(20)

        llm.start(block)
        assert blocked.wait(20)
        try:
            kept = llm.call("hook", {"company": "Acme"}, run_id="r")
            awaited = asyncio.run(llm.acall("hook", {"company": "Acme"}, run_id="r"))
        finally:
            free.set()
    assert (kept.cached, awaited.cached, len(server.asked)) == (True, True, 1)
    assert kept.budgets == awaited.budgets == spent
    assert [turn.cached for turn in turns.turns] == [False, True, True]
    assert parts["metrics"].asked == ["miss", "hit", "hit"]


def test_kept_answer_after_close_is_refused(server: ModelServer) -> None:
    """A closed client gives nothing, kept or not."""
    with open_client(llm_config(routing(server.url)), **cached()) as (llm, _turns):
        llm.call("hook", {"company": "Acme"})
    with pytest.raises(UsageError, match="closed"):
        llm.call("hook", {"company": "Acme"})


def test_call_waits_for_another_process_no_longer_than_its_rung(server: ModelServer) -> None:
    """Another process holds the claim on an answer and does not make it: after `timeout_s` the call makes its own."""
    cache = MemoryCache()
    claim = cache.claim
    cache.claim = lambda key, owner, lease_s, *, wait=True: claim(key, "another", 600, wait=wait) and owner == "another"  # type: ignore[method-assign]
    parts = cached(cache=AnswerCache(cache, NoLlmMetrics()))
    with open_client(llm_config(routing(server.url, rung="{timeout_s: 0.5, retries: 0}")), **parts) as (llm, _turns):
        result = llm.call("hook", {"company": "Acme"})
        pieces = list(llm.stream("hook", {"company": "Other"}))
    assert (result.text, "".join(pieces)) == ("A good answer.", "A good answer.")
    assert len(server.asked) == 2
