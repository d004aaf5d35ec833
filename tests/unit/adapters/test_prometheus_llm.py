"""The metrics of LLM calls, as a scrape shows them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from fakes.llm_turns import REVISION, sample_turn
from mergecells.adapters.prometheus_llm import MOST_PERSONAS, PrometheusLlmMetrics
from mergecells.domain.llm import Attempt, BudgetState, CallContext, QualityRecord, Usage


class _Scraped:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = PrometheusLlmMetrics(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"mergecells_{name}", labels)


def test_an_answered_call_is_counted_with_its_tokens_and_its_cost() -> None:
    """The names and labels of the contract, and what a panel needs beside them."""
    seen = _Scraped()
    seen.metrics.turn_finished(sample_turn(first_token_seconds=0.1, fallback=True))
    call = {"prompt_slug": "hook", "model": "gpt-4.1-mini"}
    assert seen.value("prompt_requests_total", **call, status="ok") == 1
    assert seen.value("prompt_duration_seconds_sum", **call) == 0.5
    assert seen.value("prompt_tokens_total", **call, token_type="input") == 100
    assert seen.value("prompt_tokens_total", **call, token_type="output") == 40
    assert seen.value("prompt_tokens_total", **call, token_type="cached_input") == 60
    assert seen.value("prompt_cost_usd_total", **call, source="precise") == 0.000104
    assert seen.value("prompt_fallbacks_total", **call) == 1
    assert seen.value("prompt_first_token_seconds_count", model="gpt-4.1-mini") == 1
    assert seen.value("prompt_intents_total", intent="editing_writing") == 1
    assert seen.value("persona_cost_usd_total", persona="sales") == 0.000104


def test_a_cost_that_is_not_known_is_never_counted_as_nothing() -> None:
    """A sum that grows by 0 would hide it: such calls have a counter of their own."""
    seen = _Scraped()
    seen.metrics.turn_finished(sample_turn(usage=Usage(100, 40, None, truncated=True), cost_source="unknown"))
    call = {"prompt_slug": "hook", "model": "gpt-4.1-mini"}
    assert seen.value("prompt_cost_unknown_total", **call) == 1
    assert seen.value("prompt_cost_usd_total", **call, source="unknown") is None
    assert seen.value("prompt_truncated_total", **call) == 1


def test_an_answer_from_the_cache_saves_and_spends_nothing() -> None:
    """Its tokens were paid for once."""
    seen = _Scraped()
    seen.metrics.turn_finished(sample_turn(cached=True, saved_cost=0.02, usage=Usage(100, 40, 0.0, truncated=False)))
    call = {"prompt_slug": "hook", "model": "gpt-4.1-mini"}
    assert seen.value("prompt_tokens_total", **call, token_type="input") is None
    assert seen.value("prompt_cache_saved_usd_total") == 0.02
    assert seen.value("prompt_cache_saved_tokens_total") == 140


def test_a_failed_call_is_counted_by_how_it_failed() -> None:
    """Without a model, as when a budget refused it before any."""
    seen = _Scraped()
    seen.metrics.turn_finished(sample_turn(outcome="budget", model="", prompt_slug="", intent=""))
    assert seen.value("prompt_requests_total", prompt_slug="conversation", model="none", status="budget") == 1
    assert seen.value("prompt_intents_total", intent="none") == 1


def test_tries_circuits_and_the_cache_are_counted() -> None:
    """A skipped rung is a try without a time."""
    seen = _Scraped()
    seen.metrics.attempt_finished(Attempt("openai", "gpt-4.1", "overloaded", 503, seconds=0.2))
    seen.metrics.attempt_finished(Attempt("openai", "gpt-4.1", "circuit_open"))
    seen.metrics.breaker_changed("openai", "open")
    seen.metrics.cache_asked("hit")
    tries = {"provider": "openai", "model": "gpt-4.1"}
    assert seen.value("provider_attempts_total", **tries, outcome="overloaded") == 1
    assert seen.value("provider_attempts_total", **tries, outcome="circuit_open") == 1
    assert seen.value("provider_attempt_duration_seconds_count", provider="openai") == 1
    assert seen.value("provider_circuit_state", provider="openai") == 2
    assert seen.value("prompt_cache_requests_total", result="hit") == 1


def test_budgets_have_series_for_what_is_bounded_only() -> None:
    """A run never ends having been counted; its warning is, by scope."""
    seen = _Scraped()
    seen.metrics.budgets_seen(
        [BudgetState("run:r1", 1, 5, spent=2), BudgetState("day:2026-11-27", 20, 50, spent=3, reserved=1)]
    )
    assert seen.value("budget_usd", budget="day", amount="spent") == 3
    assert seen.value("budget_usd", budget="day", amount="reserved") == 1
    assert seen.value("budget_usd", budget="day", amount="halt") == 50
    assert seen.value("budget_warned_calls_total", scope="run") == 1
    assert seen.value("budget_warned_calls_total", scope="day") == 0
    assert not any(
        "run:r1" in sample.labels.values() for family in seen.registry.collect() for sample in family.samples
    )


def test_personas_beyond_the_limit_share_one_series() -> None:
    """Their names are the caller's: a thousand of them must not be a thousand series."""
    seen = _Scraped()
    for number in range(MOST_PERSONAS + 10):
        seen.metrics.turn_finished(sample_turn(context=CallContext(persona=f"p{number}")))
    assert seen.value("persona_turns_total", persona="p0") == 1
    assert seen.value("persona_turns_total", persona="other") == 10


def test_quality_counts_what_was_judged() -> None:
    """A dimension that had nothing to judge has no score."""
    seen = _Scraped()
    seen.metrics.quality_recorded(
        QualityRecord(1.0, REVISION, "hook", "ab" * 32, overall=0.8, clarity=None, validation_passed=False)
    )
    assert seen.value("quality_score_count", prompt_slug="hook", dimension="overall") == 1
    assert seen.value("quality_score_count", prompt_slug="hook", dimension="clarity") is None
    assert seen.value("quality_validations_total", prompt_slug="hook", result="failed") == 1


def test_a_budget_that_changes_is_shown_with_its_new_limits() -> None:
    """What stays the same is not told again at each call, and a halt that was raised in the sheet is seen at once."""
    registry = CollectorRegistry()
    metrics = PrometheusLlmMetrics(registry)
    for halt, spent in ((5.0, 1.0), (5.0, 2.0), (9.0, 2.0)):
        metrics.budgets_seen([BudgetState("total", 1.0, halt, spent, 0.5)])
    shown = {
        amount: registry.get_sample_value("mergecells_budget_usd", {"budget": "total", "amount": amount})
        for amount in ("spent", "reserved", "warn", "halt")
    }
    assert shown == {"spent": 2.0, "reserved": 0.5, "warn": 1.0, "halt": 9.0}
