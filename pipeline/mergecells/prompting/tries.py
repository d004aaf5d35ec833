"""One try with one model: let through by the breaker, held within the budgets, bounded in time, metered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mergecells.domain.errors import ProviderError
from mergecells.domain.llm import Attempt, ModelAnswer, ModelRequest, Outcome, ReportedUsage
from mergecells.domain.messages import RenderedPrompt
from mergecells.domain.routing import Provider
from mergecells.ports import Clock, LlmMetrics, ModelProvider
from mergecells.prompting.breaker import Breaker
from mergecells.prompting.budget_guard import BudgetGuard, Hold
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.record import CallRecord, Served
from mergecells.transforms.call_cost import Metered, PriceOf, find_price, meter, worst_case
from mergecells.transforms.plain_text import writable

if TYPE_CHECKING:
    from mergecells.domain.configset import ConfigSet

LEASE_MARGIN_S = 30.0
"""Added to what a try can last, so that a slow ledger or a busy machine does not look like a dead process."""

STREAM_TIMEOUTS = 10
"""A stream may last so many times its `timeout_s`, which bounds the time to each of its pieces."""

ProviderMaker = Callable[[str, Provider], ModelProvider]


@dataclass(slots=True)
class OpenTry:
    """A try that was let through: what it holds back, and since when it runs."""

    request: ModelRequest
    price: PriceOf | None
    hold: Hold
    provider: ModelProvider
    started: float
    worst: float | None


class Tries:
    """Everything that one try needs; shared by all calls of a client, on its event loop."""

    def __init__(
        self, providers: ProviderMaker, budget: BudgetGuard, metrics: LlmMetrics, counter: TokenCounter, clock: Clock
    ) -> None:
        self._providers, self._budget, self._metrics = providers, budget, metrics
        self._clock = clock
        self._made: dict[str, tuple[Provider, ModelProvider]] = {}
        self._former: list[ModelProvider] = []
        self._breakers: dict[str, Breaker] = {}
        self._making = asyncio.Lock()
        self.counter = counter

    async def complete(self, call: CallRecord, request: ModelRequest) -> Served:
        """One whole answer. Raises ProviderError, BudgetExceededError."""
        one = await self.open(call, request)
        try:
            async with asyncio.timeout(request.timeout_s):
                answer = await one.provider.complete(request)
        except BaseException as error:  # noqa: BLE001 - settled, then raised again
            raise await self.failed(call, one, error) from None
        return await self.answered(call, one, answer)

    async def open(self, call: CallRecord, request: ModelRequest) -> OpenTry:
        """Let a try through. Raises ProviderError (`circuit_open`, `auth`), BudgetExceededError; nothing was sent."""
        config = call.plan.pinned.config
        provider = await self._provider(call, request)
        breaker = self._breaker(request.provider_name)
        wait = breaker.admit(self._clock.monotonic())
        if wait:
            failure = ProviderError(
                "circuit_open", f"{request.provider_name} failed {request.provider.failures_to_open} times in a row "
                f"and is left alone for {wait:.1f} more seconds.",
            )  # fmt: skip
            self.note(call, request, "circuit_open", failure)
            raise failure
        price = price_of(config, request)
        try:
            worst = worst_case(price, request)
            lease = request.timeout_s * (STREAM_TIMEOUTS if call.streamed else 1) + LEASE_MARGIN_S
            hold = await self._budget.reserve(config.budgets, call.context, worst, lease, request.model)
        except BaseException:
            breaker.given_up()
            raise
        call.budgets = hold.states
        return OpenTry(request, price, hold, provider, self._clock.monotonic(), worst)

    async def answered(self, call: CallRecord, one: OpenTry, answer: ModelAnswer) -> Served:
        """Settle and note a whole answer. Raises ProviderError (`content_filter`) for one that was held back."""
        request, answer = one.request, _readable(answer)
        self._breaker(request.provider_name).succeeded()
        metered = self._meter(call, request, one.price, answer.usage, answer.text)
        call.budgets = await self._budget.settle(one.hold, metered.cost)
        if answer.finish == "content_filter":
            call.flags.append("content_filter")
            failure = ProviderError("content_filter", f"{request.model} held its answer back (content filter).")
            self.note(call, request, "content_filter", failure, one.started, metered.cost)
            raise failure
        self.note(call, request, "ok", None, one.started, metered.cost)
        return Served(
            request.provider_name, request.model, answer.text, answer.finish, metered.input_tokens,
            metered.output_tokens, metered.cached_input_tokens, metered.token_source, metered.cost, metered.cost_source,
        )  # fmt: skip

    async def failed(
        self, call: CallRecord, one: OpenTry, error: BaseException, text: str | None = None
    ) -> BaseException:
        """Settle and note a try that failed; the error to raise. `text` is what a cut stream gave before."""
        request, breaker = one.request, self._breaker(one.request.provider_name)
        if not isinstance(error, ProviderError | TimeoutError | Exception):  # Cancelled, or the interpreter stops.
            breaker.given_up()
            cost = await self._settle_part(call, one, text)
            self.note(call, request, "cancelled", None, one.started, cost)
            return error
        failure = _as_provider_error(request, error)
        breaker.failed(failure.kind, request.provider, self._clock.monotonic())
        if failure.may_cost or text:
            cost = await self._settle_part(call, one, text)
        else:
            cost = 0.0
            call.budgets = await self._budget.settle(one.hold, 0.0)
        self.note(call, request, failure.kind, failure, one.started, cost)
        return failure

    def note(
        self,
        call: CallRecord,
        request: ModelRequest,
        outcome: Outcome,
        failure: ProviderError | None,
        started: float | None = None,
        cost: float | None = 0.0,
    ) -> None:
        """Keep one try, in the order of trying, and tell of it."""
        seconds = 0.0 if started is None else self._clock.monotonic() - started
        attempt = Attempt(
            provider=request.provider_name,
            model=request.model,
            outcome=outcome,
            status=failure.status if failure else None,
            started_at=self._clock.now().timestamp() - seconds,
            seconds=seconds,
            cost_est=cost,
            message=failure.message if failure else "",
        )
        call.attempts.append(attempt)
        self._metrics.attempt_finished(attempt)

    async def close(self) -> None:
        for provider in [*self._former, *(each for _, each in self._made.values())]:
            await provider.close()
        self._made.clear()

    async def _provider(self, call: CallRecord, request: ModelRequest) -> ModelProvider:
        """Kept for the life of the client, as its connections are; a changed address makes a new one."""
        name = request.provider_name
        kept = self._made.get(name)
        if kept is not None and kept[0] == request.provider:
            return kept[1]
        try:
            async with self._making:
                return await self._make(name, request.provider)
        except ProviderError as error:
            self.note(call, request, error.kind, error)
            raise

    async def _make(self, name: str, provider: Provider) -> ModelProvider:
        """In a thread: a provider's library takes seconds to import, and other calls go on meanwhile."""
        kept = self._made.get(name)
        if kept is not None and kept[0] == provider:
            return kept[1]
        made = await asyncio.to_thread(self._providers, name, provider)
        self._made[name] = (provider, made)
        if kept is not None:
            # Calls of the former Snapshot may still use it.
            self._former.append(kept[1])
        return made

    def _breaker(self, name: str) -> Breaker:
        found = self._breakers.get(name)
        if found is None:
            found = self._breakers[name] = Breaker(lambda state: self._metrics.breaker_changed(name, state))
        return found

    async def _settle_part(self, call: CallRecord, one: OpenTry, text: str | None) -> float | None:
        """Settle a try that ended without its end; what it cost by our own estimate.

        A stream cost what it gave until then. A whole answer that never came may have been made: its worst case counts.
        """
        call.guessed = True
        if text is None:
            call.budgets = await self._budget.settle(one.hold, None)
            return one.worst
        cost = self._meter(call, one.request, one.price, ReportedUsage(), text).cost
        call.budgets = await self._budget.settle(one.hold, cost)
        return cost

    def _meter(
        self, call: CallRecord, request: ModelRequest, price: PriceOf | None, usage: ReportedUsage, text: str
    ) -> Metered:
        if usage.input_tokens and (usage.output_tokens or not text):
            return meter(price, usage, (0, 0), "heuristic", bool(text))
        model = call.plan.pinned.config.routing.models[request.model]
        rendered = RenderedPrompt(call.plan.slug, call.plan.sha, request.messages)
        given = self.counter.count(rendered, request.model, model)
        made = self.counter.count_answer(text, request.model, model)
        method = given.method if given.method == made.method else "heuristic"
        return meter(price, usage, (given.tokens, made.tokens), method, bool(text))


def price_of(config: ConfigSet, request: ModelRequest) -> PriceOf | None:
    """The price of the request's model; None when it has none."""
    model = config.routing.models[request.model]
    return find_price(config.prices, request.model, model, request.provider)


def _as_provider_error(request: ModelRequest, error: BaseException) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, TimeoutError):
        message = f"{request.provider_name} did not answer within {request.timeout_s:g} seconds."
        return ProviderError("timeout", message, may_cost=True)
    return ProviderError("server_error", f"{request.provider_name}: {type(error).__name__}.", may_cost=True)


def _readable(answer: ModelAnswer) -> ModelAnswer:
    """An answer that can be written down: JSON can hold half of a surrogate pair, a file and a terminal cannot."""
    text = writable(answer.text)
    return answer if text == answer.text else replace(answer, text=text)
