"""The metrics of LLM calls, for Prometheus. Labels come from the config; a persona's name is counted up to a limit."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from mergecells.adapters.prometheus_metrics import metrics_namespace
from mergecells.domain.llm import Attempt, BudgetState, QualityRecord, Turn

MOST_PERSONAS = 50
OTHER = "other"
"""What every persona beyond the first 50 is counted as: names are the caller's, and a series is for ever."""

CONVERSATION = "conversation"
"""`prompt_slug` of a call without a prompt."""

_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
_SCORES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_CIRCUITS = {"closed": 0, "half_open": 1, "open": 2}
_DIMENSIONS = ("overall", "completeness", "clarity", "testability", "traceability")


class PrometheusLlmMetrics:
    """Implements `ports.LlmMetrics`. Make one for each registry."""

    def __init__(self, registry: CollectorRegistry = REGISTRY, namespace: str | None = None) -> None:
        name = namespace or metrics_namespace()

        def counter(metric: str, text: str, *labels: str) -> Counter:
            return Counter(metric, text, labels, namespace=name, registry=registry)

        def histogram(metric: str, text: str, *labels: str, buckets: Sequence[float] = _SECONDS) -> Histogram:
            return Histogram(metric, text, labels, namespace=name, registry=registry, buckets=buckets)

        def gauge(metric: str, text: str, *labels: str) -> Gauge:
            return Gauge(metric, text, labels, namespace=name, registry=registry)

        call = ("prompt_slug", "model")
        self._requests = counter("prompt_requests", "LLM calls, by how they ended.", *call, "status")
        self._seconds = histogram("prompt_duration_seconds", "From a call to its whole answer.", *call)
        self._first = histogram("prompt_first_token_seconds", "From a streamed call to its first text.", "model")
        self._tokens = counter("prompt_tokens", "Tokens paid for; cached_input is part of input.", *call, "token_type")
        self._cost = counter("prompt_cost_usd", "US dollars; source says how well they are known.", *call, "source")
        self._unpriced = counter("prompt_cost_unknown", "Calls whose cost is not known.", *call)
        self._truncated = counter("prompt_truncated", "Answers that were cut at their limit.", *call)
        self._fallbacks = counter("prompt_fallbacks", "Calls that another model than the first answered.", *call)
        self._intents = counter("prompt_intents", "What calls were about.", "intent")
        self._cache = counter("prompt_cache_requests", "hit, miss, shared (another call's answer), bypass.", "result")
        self._saved = counter("prompt_cache_saved_usd", "US dollars that answers from the cache had cost.")
        self._saved_tokens = counter("prompt_cache_saved_tokens", "Tokens of answers from the cache.")
        self._attempts = counter("provider_attempts", "Tries with one model.", "provider", "model", "outcome")
        self._attempt_seconds = histogram("provider_attempt_duration_seconds", "Of one try.", "provider")
        self._circuit = gauge("provider_circuit_state", "0 closed, 1 half open, 2 open: left alone.", "provider")
        self._budget = gauge(
            "budget_usd", "Of day, total and personas: spent, reserved, warn, halt.", "budget", "amount"
        )
        self._warned = counter("budget_warned_calls", "Calls that ended past a budget's warning.", "scope")
        self._persona_cost = counter("persona_cost_usd", "US dollars, known costs only.", "persona")
        self._persona_turns = counter("persona_turns", "LLM calls.", "persona")
        self._quality = histogram("quality_score", "0 to 1.", "prompt_slug", "dimension", buckets=_SCORES)
        self._gates = counter("quality_validations", "Results that passed or failed.", "prompt_slug", "result")
        self._personas: set[str] = set()

    def turn_finished(self, turn: Turn) -> None:
        """See `ports.LlmMetrics`."""
        slug, model = turn.prompt_slug or CONVERSATION, turn.model or "none"
        self._requests.labels(slug, model, turn.outcome).inc()
        self._seconds.labels(slug, model).observe(turn.seconds)
        if turn.first_token_seconds is not None:
            self._first.labels(model).observe(turn.first_token_seconds)
        if turn.usage.truncated:
            self._truncated.labels(slug, model).inc()
        if turn.fallback:
            self._fallbacks.labels(slug, model).inc()
        self._intents.labels(turn.intent or "none").inc()
        if turn.cached:
            self._count_saved(turn)
        else:
            self._count_spent(turn, slug, model)
        if turn.context.persona:
            persona = self._bounded(turn.context.persona)
            self._persona_turns.labels(persona).inc()
            if turn.usage.cost_est:
                self._persona_cost.labels(persona).inc(turn.usage.cost_est)

    def attempt_finished(self, attempt: Attempt) -> None:
        """See `ports.LlmMetrics`."""
        self._attempts.labels(attempt.provider, attempt.model, attempt.outcome).inc()
        if attempt.seconds > 0:
            self._attempt_seconds.labels(attempt.provider).observe(attempt.seconds)

    def cache_asked(self, result: str) -> None:
        """See `ports.LlmMetrics`."""
        self._cache.labels(result).inc()

    def budgets_seen(self, budgets: Sequence[BudgetState]) -> None:
        """See `ports.LlmMetrics`. A run or a node has no series of its own: there is no end of them."""
        for state in budgets:
            scope, _, name = state.key.partition(":")
            if state.warned:
                self._warned.labels(scope).inc()
            if scope in {"run", "node"} or (scope == "persona" and self._bounded(name) == OTHER):
                continue
            label = state.key if scope == "persona" else scope
            amounts = {"spent": state.spent, "reserved": state.reserved, "warn": state.warn, "halt": state.halt}
            for amount, dollars in amounts.items():
                self._budget.labels(label, amount).set(dollars)

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
        for kind, tokens in (
            ("input", turn.usage.input_tokens),
            ("output", turn.usage.output_tokens),
            ("cached_input", turn.usage.cached_input_tokens),
        ):
            self._tokens.labels(slug, model, kind).inc(tokens)
        if turn.usage.cost_est is not None:
            self._cost.labels(slug, model, turn.cost_source).inc(turn.usage.cost_est)
        else:
            self._unpriced.labels(slug, model).inc()

    def _count_saved(self, turn: Turn) -> None:
        self._saved_tokens.inc(turn.usage.input_tokens + turn.usage.output_tokens)
        self._saved.inc(turn.saved_cost or 0.0)

    def _bounded(self, persona: str) -> str:
        if persona in self._personas:
            return persona
        if len(self._personas) >= MOST_PERSONAS:
            return OTHER
        self._personas.add(persona)
        return persona
