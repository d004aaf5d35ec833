"""One observed call: what is read while it goes on, and the turn at its end."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from mergecells.domain.llm import Attempt, CallContext, Outcome, Turn, Usage
from mergecells.domain.messages import Message, RenderedPrompt, TextPart
from mergecells.domain.prompts import ModelOptions
from mergecells.domain.routing import Model, Provider, ProviderKind
from mergecells.prompting.budget_guard import Hold
from mergecells.prompting.client import Llm
from mergecells.prompting.contexts import make_context
from mergecells.prompting.plan import CallPlan
from mergecells.prompting.record import CallRecord
from mergecells.transforms.call_cost import Metered, find_price, meter
from mergecells.transforms.observed_answers import Observed, ObservedAnswer
from mergecells.transforms.provider_failures import clean, refused
from mergecells.transforms.routes import Detected

LEASE_S = 3_600.0
_TEXTS = 100_000
"""Characters of arguments that are looked at to guess how long the input was."""


class Observation:
    """`arguments` are those of the function: their texts are what the input is guessed from, if the answer tells no
    tokens."""

    def __init__(self, llm: Llm, name: str, model: str, context: CallContext | None, arguments: Any) -> None:
        self._llm, self._name, self._model = llm, name, model
        self._pinned = llm.pinned()
        self._context = make_context(context, {})
        self._given = "\n".join(_texts(arguments))
        self._answer = ObservedAnswer()
        self._hold: Hold | None = None
        plan = CallPlan(
            self._pinned,
            name,
            "",
            (Message("user", (TextPart(self._given),)),),
            {},
            ModelOptions(),
            None,
            Detected("observed", 1.0, "Called by the program itself."),
        )
        clock = llm.parts.clock
        self._call = CallRecord(
            plan, self._context, streamed=False, use_cache=False, at=clock.now().timestamp(), monotonic=clock.monotonic
        )

    def open(self) -> None:
        """Raises BudgetExceededError when a budget is used up."""
        self._hold = self._llm.work(self._reserve())

    async def aopen(self) -> None:
        """As `open`, from a coroutine."""
        self._hold = await self._llm.awork(self._reserve())

    def take(self, item: Any, *, streamed: bool = False) -> None:
        if streamed:
            self._call.streamed = True
            self._call.saw_token()
        self._answer.take(item)

    def end(self) -> None:
        """The call is over, and good."""
        self._close("ok", "")

    def fail(self, error: BaseException) -> None:
        """The call is over: an error, a cancellation, or a reader that went away."""
        if isinstance(error, GeneratorExit | asyncio.CancelledError | KeyboardInterrupt):
            self._close("cancelled", "")
            return
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        outcome: Outcome = "timeout" if isinstance(error, TimeoutError) else "server_error"
        if isinstance(status, int) and 400 <= status <= 599:
            outcome = refused("", status).kind
        self._close(outcome, f"{type(error).__name__}: {clean(str(error))}")

    async def _reserve(self) -> Hold:
        return await self._llm.parts.budget.reserve(self._pinned.config.budgets, self._context, 0.0, LEASE_S)

    def _close(self, outcome: Outcome, problem: str) -> None:
        observed = self._answer.result()
        failed = outcome not in ("ok", "cancelled") and not observed.answer.text
        name, model, provider, provider_name = self._find(observed)
        metered = self._meter(observed, name, model, provider)
        cost = 0.0 if failed else metered.cost
        turn = self._turn(observed, outcome, problem, name or observed.model_id, provider_name, metered, cost)
        if self._hold is not None:
            settle, hold = self._llm.parts.budget.settle, self._hold
            self._llm.start(lambda: settle(hold, cost or 0.0))
        self._llm.tell(turn, self._call.plan.messages, observed.answer.text)

    def _find(self, observed: Observed) -> tuple[str, Model, Provider, str]:
        """(our name of the model, the model, its provider, the provider's name), of `routing.yaml` if it is there."""
        routing = self._pinned.config.routing
        name = self._model or next(
            (name for name, each in routing.models.items() if observed.model_id in (each.id or name, name)), ""
        )
        model = routing.models.get(name)
        if model is not None and model.provider in routing.providers:
            return name, model, routing.providers[model.provider], model.provider
        kind: ProviderKind = observed.kind or "openai"
        stranger = Model(provider=kind, id=observed.model_id or None, context_tokens=1, max_output_tokens=1)
        return name, stranger, Provider(kind=kind), observed.kind or ""

    def _meter(self, observed: Observed, name: str, model: Model, provider: Provider) -> Metered:
        known = name or observed.model_id or "?"
        counter, answer = self._llm.parts.counter, observed.answer
        rendered = RenderedPrompt(self._name, "", self._call.plan.messages)
        given = counter.count(rendered, known, model)
        made = counter.count_answer(answer.text, known, model)
        price = find_price(self._pinned.config.prices, known, model, provider)
        method = given.method if given.method == made.method else "heuristic"
        return meter(price, answer.usage, (given.tokens, made.tokens), method, bool(answer.text))

    def _turn(
        self,
        observed: Observed,
        outcome: Outcome,
        problem: str,
        model: str,
        provider: str,
        metered: Metered,
        cost: float | None,
    ) -> Turn:
        call, answer = self._call, observed.answer
        attempt = Attempt(
            provider, model, outcome, started_at=call.at, seconds=call.seconds, cost_est=cost, message=problem
        )
        call.attempts.append(attempt)
        self._llm.parts.metrics.attempt_finished(attempt)
        turn = call.turn(None, outcome, problem)
        usage = Usage(
            metered.input_tokens, metered.output_tokens, cost, answer.finish == "length", metered.cached_input_tokens
        )
        flags = ("content_filter",) if answer.finish == "content_filter" else ()
        return dataclasses.replace(
            turn,
            usage=usage,
            cost_source=metered.cost_source,
            token_source=metered.token_source,
            safety_flags=flags,
        )


def _texts(value: Any) -> Iterable[str]:
    """The texts among arguments: in lists, mappings and messages, not in objects."""
    left, characters = [value], 0
    while left and characters < _TEXTS:
        each = left.pop()
        if isinstance(each, str):
            characters += len(each)
            yield each[:_TEXTS]
        elif isinstance(each, Mapping):
            left += each.values()
        elif isinstance(each, list | tuple):
            left += each
