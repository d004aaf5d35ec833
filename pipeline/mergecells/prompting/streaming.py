"""A streamed call: as any other until its first piece, which ends the choice of a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from mergecells.domain.errors import LlmCallError, ProviderError
from mergecells.domain.llm import CachedAnswer, ModelAnswer, ModelRequest
from mergecells.domain.routing import Rung
from mergecells.ports import LlmMetrics
from mergecells.prompting.answer_cache import AnswerCache
from mergecells.prompting.ladder import Ladder, call_error, checked, from_store, to_store
from mergecells.prompting.pieces import Emit
from mergecells.prompting.record import CallRecord, Served
from mergecells.prompting.tries import STREAM_TIMEOUTS, OpenTry, Tries
from mergecells.transforms.plain_text import writable

REPLAYED_CHARACTERS = 2_000
"""Of a piece of a kept answer that is streamed again."""


class Streams:
    def __init__(self, ladder: Ladder, tries: Tries, cache: AnswerCache, metrics: LlmMetrics) -> None:
        self._ladder, self._tries, self._cache, self._metrics = ladder, tries, cache, metrics

    async def run(self, call: CallRecord, emit: Emit) -> Served:
        """Give each piece to `emit`, which may make it wait. Raises LlmCallError; after the first piece there is no
        other model."""
        return await self._ladder.each_rung(call, partial(self._rung, emit))

    async def _rung(self, emit: Emit, call: CallRecord, request: ModelRequest, rung: Rung, last: bool) -> Served:
        if not call.use_cache:
            self._metrics.cache_asked("bypass")
            return await self._retried(emit, call, request, rung, last)
        _, key = call.prepared[request.model]
        found = await self._cache.enter(key, wait_s=rung.timeout_s, missed=key == call.missed)
        if isinstance(found, CachedAnswer):
            await self._replay(emit, call, found.text)
            return from_store(call, request, found)
        stored: CachedAnswer | None = None
        try:
            served = await self._retried(emit, call, request, rung, last)
            stored = to_store(call, served)
        finally:
            self._cache.finish(found, stored)
        return served

    async def _retried(self, emit: Emit, call: CallRecord, request: ModelRequest, rung: Rung, last: bool) -> Served:
        model = call.plan.pinned.config.routing.models[request.model]
        if not model.streaming:
            served = await self._ladder.retried(lambda: self._tries.complete(call, request), rung)
            served = checked(call, served, rung, last)
            await self._replay(emit, call, served.text)
            return served
        return await self._ladder.retried(lambda: self._once(emit, call, request, rung, last), rung)

    async def _once(self, emit: Emit, call: CallRecord, request: ModelRequest, rung: Rung, last: bool) -> Served:
        one = await self._tries.open(call, request)
        pieces: list[str] = []
        try:
            answer = await self._read(emit, call, one, pieces)
        except BaseException as error:  # noqa: BLE001 - settled, then raised again
            failure = await self._tries.failed(call, one, error, "".join(pieces) if pieces else None)
            if pieces and isinstance(failure, ProviderError):
                raise _broken(call, failure, pieces) from None
            raise failure from None
        try:
            served = await self._tries.answered(call, one, answer)
            return checked(call, served, rung, last or bool(pieces))
        except ProviderError as error:
            if pieces:  # What was given cannot be taken back, so no other model may answer.
                raise call_error(call, error) from None
            raise

    async def _read(self, emit: Emit, call: CallRecord, one: OpenTry, pieces: list[str]) -> ModelAnswer:
        """The whole answer at the stream's own end. A piece must come within `timeout_s`, all within ten times that;
        the time that the reader takes does not count."""
        source = one.provider.stream(one.request)
        left = one.request.timeout_s * STREAM_TIMEOUTS
        try:
            while True:
                item, took = await _next(source, min(one.request.timeout_s, left))
                left -= took
                if isinstance(item, ModelAnswer):
                    return item
                if item is None:
                    raise ProviderError(
                        "connection", f"{one.request.provider_name}'s stream ended without its end.", may_cost=True
                    )
                item = writable(item)
                pieces.append(item)
                call.saw_token()
                await emit(item)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()

    async def _replay(self, emit: Emit, call: CallRecord, text: str) -> None:
        for start in range(0, len(text), REPLAYED_CHARACTERS):
            call.saw_token()
            await emit(text[start : start + REPLAYED_CHARACTERS])


async def _next(source: AsyncIterator[str | ModelAnswer], seconds: float) -> tuple[str | ModelAnswer | None, float]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.timeout(seconds):
        item = await anext(source, None)
    return item, loop.time() - started


def _broken(call: CallRecord, failure: ProviderError, pieces: list[str]) -> LlmCallError:
    given = sum(map(len, pieces))
    hint = "What was given stands; no other model goes on where one stopped. Ask again."
    return LlmCallError(failure.kind, f"{failure.message} {given:,} characters were given before.", hint, call.attempts)
