"""The metrics of LLM calls, for Prometheus. Labels come from the config; personas and workflows are counted by
name up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from mergecells.adapters.metric_instruments import Instruments, exemplar
from mergecells.adapters.tallies import Count, Spread
from mergecells.domain.llm import Attempt, BudgetState, QualityRecord, Turn

MOST_PERSONAS = 50
OTHER = "other"
"""What every persona, and every workflow, beyond the first 50 is counted as: names are the caller's, and a series is
for ever."""

CONVERSATION = "conversation"
"""`prompt_slug` of a call without a prompt."""

_CIRCUITS = {"closed": 0, "half_open": 1, "open": 2}
_DIMENSIONS = ("overall", "completeness", "clarity", "testability", "traceability")


_KEPT = 1_024


class _OfPrompt(NamedTuple):
    requests: Count
    seconds: Spread
    intents: Count


class _OfBudget(NamedTuple):
    spent: Gauge
    reserved: Gauge
    warn: Gauge
    halt: Gauge


class PrometheusLlmMetrics:
    """Implements `ports.LlmMetrics`. Make one for each registry."""

    def __init__(self, registry: CollectorRegistry = REGISTRY, namespace: str | None = None) -> None:
        made = Instruments(registry, namespace)
        self._requests = made.busy_counter("prompt_requests")
        self._seconds = made.busy_histogram("prompt_duration_seconds")
        self._first = made.busy_histogram("prompt_first_token_seconds")
        self._tokens = made.busy_counter("prompt_tokens")
        self._cost = made.busy_counter("prompt_cost_usd")
        self._unpriced = made.counter("prompt_cost_unknown")
        self._truncated = made.counter("prompt_truncated")
        self._fallbacks = made.counter("prompt_fallbacks")
        self._intents = made.busy_counter("prompt_intents")
        self._cache = made.busy_counter("prompt_cache_requests")
        self._saved = made.busy_counter("prompt_cache_saved_usd")
        self._saved_tokens = made.busy_counter("prompt_cache_saved_tokens")
        self._attempts = made.busy_counter("provider_attempts")
        self._attempt_seconds = made.busy_histogram("provider_attempt_duration_seconds")
        self._circuit = made.gauge("provider_circuit_state")
        self._budget = made.gauge("budget_usd")
        self._warned = made.counter("budget_warned_calls")
        self._persona_cost = made.busy_counter("persona_cost_usd")
        self._persona_turns = made.busy_counter("persona_turns")
        self._workflow_cost = made.busy_counter("workflow_cost_usd")
        self._workflow_turns = made.busy_counter("workflow_turns")
        self._quality = made.histogram("quality_score")
        self._gates = made.counter("quality_validations")
        self._personas: set[str] = set()
        self._workflows: set[str] = set()
        self._limits: dict[str, tuple[float, float]] = {}
        # Finding a series by its labels takes longer than counting in it, and a call counts in twenty.
        self._of_prompt = lru_cache(_KEPT)(self._series_of_prompt)
        self._of_attempt = lru_cache(_KEPT)(self._series_of_attempt)
        self._tokens_of = lru_cache(_KEPT)(self._series_of_tokens)
        self._of_budget = lru_cache(_KEPT)(self._series_of_budget)

    def turn_finished(self, turn: Turn) -> None:
        """See `ports.LlmMetrics`."""
        slug, model = turn.prompt_slug or CONVERSATION, turn.model or "none"
        series = self._of_prompt(slug, model, turn.outcome, turn.intent or "none")
        series.requests.inc()
        series.seconds.observe(turn.seconds, exemplar(turn.context.trace_id))
        series.intents.inc()
        if turn.first_token_seconds is not None:
            self._first.labels(model).observe(turn.first_token_seconds)
        if turn.usage.truncated:
            self._truncated.labels(slug, model).inc()
        if turn.fallback:
            self._fallbacks.labels(slug, model).inc()
        if turn.cached:
            self._count_saved(turn)
        else:
            self._count_spent(turn, slug, model)
        self._count_whose(turn)

    def attempt_finished(self, attempt: Attempt) -> None:
        """See `ports.LlmMetrics`."""
        count, seconds = self._of_attempt(attempt.provider, attempt.model, attempt.outcome)
        count.inc()
        if attempt.seconds > 0:
            seconds.observe(attempt.seconds)

    def cache_asked(self, result: str) -> None:
        """See `ports.LlmMetrics`."""
        self._cache.labels(result).inc()

    def budgets_seen(self, budgets: Sequence[BudgetState]) -> None:
        """See `ports.LlmMetrics`. A run or a node has no series of its own: there is no end of them."""
        for state in budgets:
            scope, _, name = state.key.partition(":")
            if state.warned:
                self._warned.labels(scope).inc()
            if scope in {"run", "node"} or (scope == "persona" and _bounded(self._personas, name) == OTHER):
                continue
            label = state.key if scope == "persona" else scope
            amounts = self._of_budget(label)
            amounts.spent.set(state.spent)
            amounts.reserved.set(state.reserved)
            if self._limits.get(label) != (state.warn, state.halt):
                self._limits[label] = state.warn, state.halt
                amounts.warn.set(state.warn)
                amounts.halt.set(state.halt)

    def breaker_changed(self, provider: str, state: str) -> None:
        """See `ports.LlmMetrics`."""
        self._circuit.labels(provider).set(_CIRCUITS[state])

    def quality_recorded(self, quality: QualityRecord) -> None:
        """See `ports.LlmMetrics`. What could not be judged is not counted as a score."""
        slug = quality.prompt_slug or CONVERSATION
        for dimension in _DIMENSIONS:
            score = getattr(quality, dimension)
            if score is not None:
                self._quality.labels(slug, dimension).observe(score)
        if quality.validation_passed is not None:
            self._gates.labels(slug, "passed" if quality.validation_passed else "failed").inc()

    def _count_spent(self, turn: Turn, slug: str, model: str) -> None:
        usage = turn.usage
        told = (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
        for counter, tokens in zip(self._tokens_of(slug, model), told, strict=True):
            counter.inc(tokens)
        if usage.cost_est is not None:
            self._cost.labels(slug, model, turn.cost_source).inc(usage.cost_est)
        else:
            self._unpriced.labels(slug, model).inc()

    def _count_saved(self, turn: Turn) -> None:
        self._saved_tokens.inc(turn.usage.input_tokens + turn.usage.output_tokens)
        self._saved.inc(turn.saved_cost or 0.0)

    def _series_of_prompt(self, slug: str, model: str, outcome: str, intent: str) -> _OfPrompt:
        return _OfPrompt(
            self._requests.labels(slug, model, outcome), self._seconds.labels(slug, model), self._intents.labels(intent)
        )

    def _series_of_budget(self, label: str) -> _OfBudget:
        return _OfBudget(*(self._budget.labels(label, amount) for amount in _OfBudget._fields))

    def _series_of_attempt(self, provider: str, model: str, outcome: str) -> tuple[Count, Spread]:
        return self._attempts.labels(provider, model, outcome), self._attempt_seconds.labels(provider)

    def _series_of_tokens(self, slug: str, model: str) -> tuple[Count, ...]:
        return tuple(self._tokens.labels(slug, model, kind) for kind in ("input", "output", "cached_input"))

    def _count_whose(self, turn: Turn) -> None:
        cost = turn.usage.cost_est or 0.0
        if turn.context.persona:
            persona = _bounded(self._personas, turn.context.persona)
            self._persona_turns.labels(persona).inc()
            self._persona_cost.labels(persona).inc(cost)
        if turn.context.workflow:
            workflow = _bounded(self._workflows, turn.context.workflow)
            self._workflow_turns.labels(workflow).inc()
            self._workflow_cost.labels(workflow).inc(cost)


def _bounded(known: set[str], name: str) -> str:
    """The name, while there are not too many: it becomes a series."""
    if name in known:
        return name
    if len(known) >= MOST_PERSONAS:
        return OTHER
    known.add(name)
    return name
