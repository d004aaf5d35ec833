"""From rung to rung: the cache, then tries with pauses between them, until one answers or an error ends the call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from mergecells.domain.errors import BudgetExceededError, InvalidAnswerError, LlmCallError, ProviderError
from mergecells.domain.llm import Attempt, CachedAnswer, ErrorKind, ModelRequest
from mergecells.domain.routing import Rung
from mergecells.ports import LlmMetrics
from mergecells.prompting.answer_cache import AnswerCache, answer_key
from mergecells.prompting.counting import TokenCounter
from mergecells.prompting.plan import UnfitError, build_request
from mergecells.prompting.record import CallRecord, Served
from mergecells.prompting.retry import pause_before
from mergecells.prompting.tries import Tries
from mergecells.transforms.json_answers import read_json_answer

T = TypeVar("T")


class NoGoodAnswerError(ProviderError):
    """A model answered, and the answer cannot be given back."""

    def __init__(self, kind: ErrorKind, message: str, hint: str, text: str) -> None:
        super().__init__(kind, message, hint)
        self.text = text


Serve = Callable[[CallRecord, ModelRequest, Rung, bool], Awaitable[Served]]
"""Tries one rung; the last argument: whether it is the last one."""


class Ladder:
    """Shared by all calls of a client, on its event loop."""

    def __init__(
        self, tries: Tries, cache: AnswerCache, metrics: LlmMetrics, chance: Callable[[], float] = random.random
    ) -> None:
        self.tries, self.cache, self._metrics, self._chance = tries, cache, metrics, chance

    async def climb(self, call: CallRecord) -> Served:
        """The answer of the first rung that gives a good one. Raises LlmCallError with every attempt."""
        return await self.each_rung(call, self._rung)

    async def each_rung(self, call: CallRecord, serve: Serve) -> Served:
        """Go from rung to rung by `fall_through`. Raises LlmCallError with every attempt."""
        rungs = list(call.plan.ladder.items())
        failure: ProviderError | None = None
        for position, (name, rung) in enumerate(rungs):
            last = position == len(rungs) - 1
            try:
                request, _ = prepare(call, name, rung, self.tries.counter)
                return await serve(call, request, rung, last)
            except BudgetExceededError as error:
                error.attempts = tuple(call.attempts)
                call.budgets = error.budgets
                raise
            except ProviderError as error:
                failure = error
                if isinstance(error, UnfitError):
                    call.attempts.append(skipped_attempt(call, name, error))
                elif not falls_through(error.kind, rung):
                    raise call_error(call, error) from None
        if call.spare is not None:
            return call.spare
        raise call_error(call, failure) from None

    async def _rung(self, call: CallRecord, request: ModelRequest, rung: Rung, last: bool) -> Served:
        async def make() -> tuple[Served, CachedAnswer | None]:
            made = await self.retried(lambda: self.tries.complete(call, request), rung)
            made = checked(call, made, rung, last)
            return made, to_store(call, made)

        if not call.use_cache:
            self._metrics.cache_asked("bypass")
            return (await make())[0]
        _, key = call.prepared[request.model]
        missed = key == call.missed
        made, kept = await self.cache.shared(key, make, wait_s=rung.timeout_s, missed=missed)
        if made is not None:
            return made
        assert kept is not None  # One of both is always there.
        return from_store(call, request, kept)

    async def retried(self, once: Callable[[], Awaitable[T]], rung: Rung) -> T:
        """Try with one model, with pauses, as often as its rung says. Raises the last ProviderError."""
        tried = 0
        while True:
            tried += 1
            try:
                return await once()
            except ProviderError as error:
                pause = pause_before(rung, tried, error, self._chance())
                if pause is None:
                    raise
            await asyncio.sleep(pause)


def prepare(call: CallRecord, name: str, rung: Rung, counter: TokenCounter) -> tuple[ModelRequest, str]:
    """(what a model is asked, the key that its answer is kept under; empty when none is kept). Raises UnfitError,
    ProviderError."""
    known = call.prepared.get(name)
    if known is None:
        request = build_request(call.plan, name, rung, counter, call.context)
        known = request, answer_key(request, call.plan.sha) if call.use_cache else ""
        call.prepared[name] = known
    return known


def falls_through(kind: ErrorKind, rung: Rung) -> bool:
    """Whether the next model is tried. An open breaker stands for the failures that opened it."""
    return bool(rung.falls_through) if kind == "circuit_open" else kind in rung.falls_through


def checked(call: CallRecord, served: Served, rung: Rung, last: bool) -> Served:
    """The answer with its JSON read. Raises NoGoodAnswerError when a later rung may do better, or when it is none."""
    wants_more = not last and served.finish == "length" and "truncated" in rung.falls_through
    if call.plan.schema is None:
        if wants_more:
            call.spare = call.spare or served
            raise NoGoodAnswerError("truncated", f"{served.model} stopped at its limit of tokens.", "", served.text)
        if not served.text.strip() and served.finish != "length":
            raise NoGoodAnswerError("invalid_output", f"{served.model} answered with nothing.", "", served.text)
        return served
    answer = read_json_answer(served.text, call.plan.schema)
    if not answer.problem:
        return replace(served, parsed=answer.value, repaired=answer.repaired)
    if served.finish == "length":
        kind: ErrorKind = "truncated" if wants_more else "invalid_output"
        hint = "Raise maxOutputTokens in the prompt, or let `truncated` fall through."
        raise NoGoodAnswerError(
            kind, f"{served.model} was cut at its limit of tokens: {answer.problem}", hint, served.text
        )
    message = f"{served.model} did not answer with the JSON that the prompt's outputs ask for. {answer.problem}"
    hint = "Let `invalid_output` fall through in prompts/routing.yaml to try the next model."
    raise NoGoodAnswerError("invalid_output", message, hint, served.text)


def to_store(call: CallRecord, served: Served) -> CachedAnswer | None:
    """What a cache may keep of it: only a complete answer."""
    if served.finish != "stop" or not call.use_cache:
        return None
    return CachedAnswer(
        served.text, served.finish, served.provider, served.model, served.input_tokens, served.output_tokens,
        served.cached_input_tokens, served.token_source, served.cost, call.plan.pinned.revision, call.at,
    )  # fmt: skip


def from_store(call: CallRecord, request: ModelRequest, stored: CachedAnswer) -> Served:
    """A kept answer given again: it costs nothing now. The names are those of this call: a config may call the same
    model by another one."""
    answer = read_json_answer(stored.text, call.plan.schema) if call.plan.schema is not None else None
    return Served(
        request.provider_name, request.model, stored.text, stored.finish, stored.input_tokens, stored.output_tokens,
        stored.cached_input_tokens, stored.token_source, 0.0, "precise", True, stored.cost,
        answer.value if answer else None, bool(answer and answer.repaired),
    )  # fmt: skip


def call_error(call: CallRecord, failure: ProviderError | None) -> LlmCallError:
    """The end of a call without an answer, in words for a person, with every attempt."""
    if failure is None:
        where = f"The prompt {call.plan.slug}" if call.plan.slug else f"The intent {call.plan.detected.intent}"
        return LlmCallError("not_found", f"{where} names no model.", "Give it a ladder in prompts/routing.yaml.")
    models = len({attempt.model for attempt in call.attempts})
    message = failure.message + (f" ({models} models were tried.)" if models > 1 else "")
    if isinstance(failure, NoGoodAnswerError) and failure.kind == "invalid_output":
        return InvalidAnswerError(message, failure.hint, call.attempts, failure.text)
    return LlmCallError(failure.kind, message, failure.hint or _next_step(call, failure.kind), call.attempts)


_STEPS: Mapping[ErrorKind, str] = {
    "timeout": "Ask again, or raise `timeout_s` of its rung in prompts/routing.yaml.",
    "connection": "Ask again.",
    "server_error": "Ask again.",
    "overloaded": "Ask again later.",
    "rate_limit": "Ask again later, and less often.",
    "circuit_open": "Ask again after that.",
    "content_filter": "Change what is sent, or let `content_filter` fall through in prompts/routing.yaml.",
}
"""What to do where the failure itself does not say."""


def _next_step(call: CallRecord, kind: ErrorKind) -> str:
    step = _STEPS.get(kind, "")
    if not step or len(call.plan.ladder) > 1:
        return step
    return f"{step} It is the only model of its ladder in prompts/routing.yaml: with another, that would be asked too."


def skipped_attempt(call: CallRecord, name: str, error: UnfitError) -> Attempt:
    """A rung that was skipped; nothing was sent."""
    model = call.plan.pinned.config.routing.models[name]
    return Attempt(model.provider, name, error.kind, message=error.message)
