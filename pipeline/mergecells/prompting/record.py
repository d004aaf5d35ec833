"""What grows while one call goes on, and what is made of it at its end: a result and a turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mergecells.domain.llm import (
    Attempt,
    BudgetState,
    CallContext,
    CostSource,
    Finish,
    LlmResult,
    ModelRequest,
    Outcome,
    TokenSource,
    Turn,
    Usage,
)
from mergecells.prompting.ids import new_id
from mergecells.prompting.plan import CallPlan


@dataclass(frozen=True, slots=True)
class Served:
    """The answer that a call gives back, from a provider or from the cache. `cost`: what this answer cost now."""

    provider: str
    model: str
    text: str
    finish: Finish
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    token_source: TokenSource
    cost: float | None
    cost_source: CostSource
    cached: bool = False
    saved_cost: float | None = None
    parsed: Any = None
    repaired: bool = False


class CallRecord:
    """One call under way."""

    def __init__(
        self,
        plan: CallPlan,
        context: CallContext,
        *,
        streamed: bool,
        use_cache: bool,
        at: float,
        monotonic: Callable[[], float],
    ) -> None:
        self.plan, self.context = plan, context
        self.streamed, self.use_cache, self.at = streamed, use_cache, at
        self.call_id = new_id()
        self.attempts: list[Attempt] = []
        self.budgets: tuple[BudgetState, ...] = ()
        self.flags: list[str] = []
        self.first_token: float | None = None
        self.spare: Served | None = None
        """A truncated answer that a later model may better; given back when none does."""
        self.prepared: dict[str, tuple[ModelRequest, str]] = {}
        """Model → what it is asked, and the key that its answer is kept under."""
        self.missed = ""
        """The key that the cache was asked for in vain."""
        self.guessed = False
        """Whether a try that gave nothing was paid for by our own estimate."""
        self._monotonic = monotonic
        self._started = monotonic()

    @property
    def seconds(self) -> float:
        return self._monotonic() - self._started

    def saw_token(self) -> None:
        if self.first_token is None:
            self.first_token = self.seconds

    def result(self, served: Served) -> LlmResult:
        plan = self.plan
        cost, source = self._cost(served)
        return LlmResult(
            text=served.text,
            usage=self._usage(served, cost),
            cost_source=source,
            token_source=served.token_source,
            cached=served.cached,
            attempts=tuple(self.attempts),
            revision=plan.pinned.revision,
            prompt_slug=plan.slug,
            prompt_sha=plan.sha,
            trace_id=self.context.trace_id,
            call_id=self.call_id,
            provider=served.provider,
            model=served.model,
            fallback=served.model != next(iter(plan.ladder)),
            intent=plan.detected.intent,
            confidence=plan.detected.confidence,
            intent_reason=plan.detected.reason,
            seconds=self.seconds,
            parsed=served.parsed,
            repaired=served.repaired,
            budgets=self.budgets,
            context=self.context,
        )

    def turn(self, served: Served | None, outcome: Outcome, error: str = "") -> Turn:
        """The call as it is remembered; `served` is what it gave back, also when that was cut."""
        plan = self.plan
        last = self.attempts[-1] if self.attempts else None
        cost, source = self._cost(served)
        return Turn(
            call_id=self.call_id,
            at=self.at,
            seconds=self.seconds,
            context=self.context,
            revision=plan.pinned.revision,
            prompt_slug=plan.slug,
            prompt_sha=plan.sha,
            intent=plan.detected.intent,
            confidence=plan.detected.confidence,
            intent_reason=plan.detected.reason,
            provider=served.provider if served else last.provider if last else "",
            model=served.model if served else last.model if last else "",
            outcome=outcome,
            usage=self._usage(served, cost),
            cost_source=source,
            token_source=served.token_source if served else "heuristic",
            cached=bool(served and served.cached),
            fallback=bool(served and served.model != next(iter(plan.ladder))),
            streamed=self.streamed,
            attempts=tuple(self.attempts),
            characters=plan.characters,
            first_token_seconds=self.first_token,
            saved_cost=served.saved_cost if served else None,
            safety_flags=tuple(dict.fromkeys(self.flags)),
            error=error,
        )

    def _cost(self, served: Served | None) -> tuple[float | None, CostSource]:
        """Of the whole call: tries that were paid for and gave nothing count too. None when one has no price."""
        costs = [attempt.cost_est for attempt in self.attempts]
        if any(cost is None for cost in costs):
            return None, "unknown"
        source = served.cost_source if served else "precise"
        return sum(cost or 0 for cost in costs), "heuristic" if self.guessed else source

    def _usage(self, served: Served | None, cost: float | None) -> Usage:
        if served is None:
            return Usage(0, 0, cost, False)
        return Usage(
            served.input_tokens, served.output_tokens, cost, served.finish == "length", served.cached_input_tokens
        )
