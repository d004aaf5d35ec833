"""The one client for every call of a language model: `mergecells.open_llm()` makes it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from mergecells.domain.errors import LlmCallError, MergecellsError, UsageError
from mergecells.domain.llm import CallContext, LlmResult, Outcome, Turn
from mergecells.domain.messages import Message
from mergecells.ports import IntentClassifier
from mergecells.prompting.at_hand import AtHand
from mergecells.prompting.classifier import PromptClassifier
from mergecells.prompting.contexts import make_context
from mergecells.prompting.intents import find_intent
from mergecells.prompting.ladder import Ladder
from mergecells.prompting.loop_thread import LoopThread
from mergecells.prompting.parts import LlmParts
from mergecells.prompting.pieces import AsyncLlmStream, Emit, LlmStream, StreamedCall
from mergecells.prompting.plan import CallPlan, ConfigSource, PinnedConfig, find_prompt, pin, plan_prompt, plan_reply
from mergecells.prompting.record import CallRecord, Served
from mergecells.prompting.streaming import Streams
from mergecells.prompting.tries import Tries

_log = logging.getLogger("mergecells")
T = TypeVar("T")
_SNAPSHOT: ContextVar[PinnedConfig | None] = ContextVar("snapshot", default=None)


class Llm:
    """Safe from any thread and from any event loop. Each call takes one Snapshot and keeps it to its end.

    Every method that asks a model raises UsageError for a call that cannot be made (unknown prompt, inputs that do not
    fit), PromptRenderError, and LlmCallError with every attempt, of which BudgetExceededError and InvalidAnswerError
    are kinds. The last arguments of them are the same: `context` says who calls, `who` sets single fields of it
    (persona, run_id, node, workflow, user, session_id …), `cache=False` asks the provider in any case and keeps
    nothing, `snapshot` is used in place of the current one.
    """

    def __init__(self, config: ConfigSource | Callable[[], PinnedConfig], parts: LlmParts) -> None:
        self._pinned, self._parts = pin(config), parts
        self._loop = LoopThread()
        self._tries = Tries(parts.providers, parts.budget, parts.metrics, parts.counter, parts.clock)
        self._ladder = Ladder(self._tries, parts.cache, parts.metrics, parts.chance)
        self._at_hand = AtHand(parts.cache, parts.counter)
        self._streams = Streams(self._ladder, self._tries, parts.cache, parts.metrics)
        classifier = parts.classifier
        self.classifier: IntentClassifier | None = (
            PromptClassifier(self._ask_inside, classifier) if isinstance(classifier, str) else classifier
        )

    @property
    def parts(self) -> LlmParts:
        return self._parts

    @property
    def pinned(self) -> Callable[[], PinnedConfig]:
        """Gives the current Snapshot."""
        return self._pinned

    def call(
        self,
        slug: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmResult:
        """Render the prompt `slug`, ask the models of its ladder, and give back the first good answer."""
        self._loop.check()
        call = self._planned(slug, inputs or {}, make_context(context, who), cache, False, snapshot)
        served = self._at_hand.find(call)
        if served is None:
            return self._loop.run(self._whole(call))
        if not self._saw_budgets(call, wait=True):
            self._loop.run(self._look_at_budgets(call))
        return self._given(call, served)

    async def acall(
        self,
        slug: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmResult:
        """As `call`, from a coroutine; cancelling it cancels the call."""
        self._loop.check()
        call = self._planned(slug, inputs or {}, make_context(context, who), cache, False, snapshot)
        served = await self._at_hand.lookup(call)
        if served is None:
            return await self._loop.wait(self._whole(call))
        if not self._saw_budgets(call, wait=False):
            await self._loop.wait(self._look_at_budgets(call))
        return self._given(call, served)

    def stream(
        self,
        slug: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmStream:
        """As `call`, piece by piece; `.result` at the end."""
        call = self._planned(slug, inputs or {}, make_context(context, who), cache, True, snapshot)
        return LlmStream(self._loop, self._stream_of(call))

    def astream(
        self,
        slug: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> AsyncLlmStream:
        """As `stream`, to be read with `async for`."""
        call = self._planned(slug, inputs or {}, make_context(context, who), cache, True, snapshot)
        return AsyncLlmStream(self._loop, self._stream_of(call))

    def reply(
        self,
        messages: Sequence[Message],
        intent: str | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmResult:
        """Answer a conversation by the ladder of its intent, which is detected from its last message unless stated."""
        pinned = snapshot or self._pinned()
        work = self._reply(messages, intent, make_context(context, who), cache, pinned)
        return self._loop.run(work)

    async def areply(
        self,
        messages: Sequence[Message],
        intent: str | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmResult:
        """As `reply`, from a coroutine."""
        pinned = snapshot or self._pinned()
        work = self._reply(messages, intent, make_context(context, who), cache, pinned)
        return await self._loop.wait(work)

    def reply_stream(
        self,
        messages: Sequence[Message],
        intent: str | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> LlmStream:
        """As `reply`, piece by piece; `.result` at the end, `.route` as soon as it is known."""
        known, pinned = make_context(context, who), snapshot or self._pinned()
        return LlmStream(self._loop, self._reply_of(messages, intent, known, cache, pinned))

    def areply_stream(
        self,
        messages: Sequence[Message],
        intent: str | None = None,
        *,
        context: CallContext | None = None,
        cache: bool = True,
        snapshot: PinnedConfig | None = None,
        **who: str,
    ) -> AsyncLlmStream:
        """As `reply_stream`, to be read with `async for`."""
        known, pinned = make_context(context, who), snapshot or self._pinned()
        return AsyncLlmStream(self._loop, self._reply_of(messages, intent, known, cache, pinned))

    def work(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry out work on the client's loop, where its ledger and its cache are used, and wait for it."""
        return self._loop.run(work)

    async def awork(self, work: Coroutine[Any, Any, T]) -> T:
        """As `work`, from a coroutine."""
        return await self._loop.wait(work)

    def start(self, make: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """As `work`, without waiting; what is under way when the client closes is finished first."""
        self._loop.start_soon(make)

    def close(self) -> None:
        """Cancel calls under way, settle what is known of them, write what is left. A second time does nothing."""
        self._loop.close(self._last())
        for close in (self._parts.turns.close, self._parts.tracer.close, *self._parts.closers):
            try:
                close()
            except Exception:  # noqa: BLE001 - the others must be closed too
                _log.exception("closing a part of the client failed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _planned(
        self,
        slug: str,
        inputs: Mapping[str, Any],
        context: CallContext,
        cache: bool,
        streamed: bool,
        snapshot: PinnedConfig | None,
    ) -> CallRecord:
        """Rendered in the caller's thread: a prompt that takes its time holds up nobody else."""
        pinned = snapshot or self._pinned()
        return self._record(plan_prompt(pinned, find_prompt(pinned, slug), inputs), context, cache, streamed)

    def _record(self, plan: CallPlan, context: CallContext, cache: bool, streamed: bool) -> CallRecord:
        clock = self._parts.clock
        at = clock.now().timestamp()
        return CallRecord(plan, context, streamed=streamed, use_cache=cache, at=at, monotonic=clock.monotonic)

    async def _routed(
        self,
        messages: Sequence[Message],
        intent: str | None,
        context: CallContext,
        cache: bool,
        pinned: PinnedConfig,
        streamed: bool,
    ) -> CallRecord:
        if not messages or messages[-1].role != "user":
            raise UsageError("A conversation that is to be answered ends with a message of the user.")
        _SNAPSHOT.set(pinned)
        slug = pinned.config.routing.classifier
        classifier = self.classifier or (PromptClassifier(self._ask_inside, slug) if slug else None)
        detected = await find_intent(pinned.config.routing, messages, intent, classifier, context)
        return self._record(plan_reply(pinned, messages, detected), context, cache, streamed)

    async def _reply(
        self, messages: Sequence[Message], intent: str | None, context: CallContext, cache: bool, pinned: PinnedConfig
    ) -> LlmResult:
        return await self._whole(await self._routed(messages, intent, context, cache, pinned, False))

    def _reply_of(
        self, messages: Sequence[Message], intent: str | None, context: CallContext, cache: bool, pinned: PinnedConfig
    ) -> StreamedCall:
        async def run(stream: StreamedCall, emit: Emit) -> LlmResult:
            call = await self._routed(messages, intent, context, cache, pinned, True)
            stream.route = call.plan.detected
            return await self._streamed(call, emit)

        return StreamedCall(run)

    def _stream_of(self, call: CallRecord) -> StreamedCall:
        return StreamedCall(lambda _, emit: self._streamed(call, emit), call.plan.detected)

    async def _ask_inside(self, slug: str, inputs: Mapping[str, Any], context: CallContext) -> LlmResult:
        """For a classifier, which is asked on the client's own loop: with the Snapshot of the call that it is for."""
        return await self._whole(self._planned(slug, inputs, context, True, False, _SNAPSHOT.get()))

    async def _whole(self, call: CallRecord) -> LlmResult:
        return await self._ended(call, self._ladder.climb(call))

    async def _streamed(self, call: CallRecord, emit: Emit) -> LlmResult:
        return await self._ended(call, self._streams.run(call, emit))

    async def _ended(self, call: CallRecord, work: Awaitable[Served]) -> LlmResult:
        """The result of the work; whatever becomes of it, a turn."""
        served: Served | None = None
        outcome: Outcome = "cancelled"
        problem = ""
        try:
            served = await work
            if served.cached:
                await self._look_at_budgets(call)
            outcome = "ok"
            return call.result(served)
        except LlmCallError as error:
            outcome, problem = error.kind, error.message
            raise
        except Exception as error:
            outcome, problem = "server_error", f"{type(error).__name__} in the client"
            raise
        finally:
            self._tell(call, served, outcome, problem)

    def _given(self, call: CallRecord, served: Served) -> LlmResult:
        """The result of an answer that was at hand, and its turn."""
        try:
            return call.result(served)
        finally:
            self._tell(call, served, "ok", "")

    def _saw_budgets(self, call: CallRecord, *, wait: bool) -> bool:
        """Whether the budgets of a cached answer could be looked at here, or nowhere. `wait`: as long as it takes."""
        try:
            seen = self._parts.budget.states_at_hand(call.plan.pinned.config.budgets, call.context, wait=wait)
        except MergecellsError as error:
            _log.warning("the budgets of a cached answer are not known: %s", error)
            return True
        if seen is not None:
            call.budgets = seen
        return seen is not None

    async def _look_at_budgets(self, call: CallRecord) -> None:
        """A kept answer costs nothing, so a ledger that fails does not take it away."""
        try:
            call.budgets = await self._parts.budget.states(call.plan.pinned.config.budgets, call.context)
        except MergecellsError as error:
            _log.warning("the budgets of a cached answer are not known: %s", error)

    def _tell(self, call: CallRecord, served: Served | None, outcome: Outcome, problem: str) -> None:
        self.tell(call.turn(served, outcome, problem), call.plan.messages, served.text if served else "")

    def tell(self, turn: Turn, messages: Sequence[Message], text: str) -> None:
        """Give a turn to those who watch calls."""
        parts = self._parts
        for tell in (
            partial(parts.turns.record_turn, turn),
            partial(parts.metrics.turn_finished, turn),
            partial(parts.tracer.turn_finished, turn, messages, text),
        ):
            try:
                tell()
            except Exception:  # noqa: BLE001 - an answer that was paid for is given back whatever its watchers do
                _log.exception("telling of a call failed")

    async def _last(self) -> None:
        await self._tries.close()
        await self._parts.budget.drain()
        await self._parts.cache.close()
