"""What the LLM routes work with, and what both of them do: one call as an answer, or as a stream of events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from mergecells.apps.logs import RequestIds, current_request
from mergecells.apps.service.llm_answers import call_problem, result_document
from mergecells.apps.service.llm_gate import LlmGate
from mergecells.apps.service.problems import internal_error, problem_document
from mergecells.apps.service.quality_desk import QualityDesk
from mergecells.apps.service.routes_internal import check_bearer
from mergecells.apps.service.settings import LLM_TOKEN_VARIABLE, ServiceSettings
from mergecells.apps.service.sse import HEADERS, MEDIA_TYPE, event, kept_open
from mergecells.domain.errors import MergecellsError
from mergecells.domain.llm import LlmResult
from mergecells.ports import ThreadStore
from mergecells.prompting.client import Llm
from mergecells.prompting.pieces import AsyncLlmStream

logger = logging.getLogger("mergecells.llm")

Finish = Callable[[LlmResult], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LlmDesk:
    """The client, who may use it now, and where conversations are kept. `busy` are threads with a call under way."""

    llm: Llm
    gate: LlmGate
    threads: ThreadStore
    settings: ServiceSettings
    scores: QualityDesk
    busy: set[str] = field(default_factory=set)
    closing: set[asyncio.Task[None]] = field(default_factory=set)

    def admit(self, request: Request) -> RequestIds:
        """The ids of a request that may call a model. Raises ProblemError: 401, 403 without the token."""
        if self.settings.llm_token is not None:
            given = request.headers.getlist("authorization")
            check_bearer(given, self.settings.llm_token, "A call of a model", LLM_TOKEN_VARIABLE)
        ids = current_request.get()
        return ids or RequestIds("", "")

    async def answer(self, request: Request, make: Callable[[], Awaitable[LlmResult]], finish: Finish) -> Response:
        """The whole answer at once. Raises ProblemError."""
        with self.gate.call(caller_of(request)):
            try:
                result = await make()
                await finish(result)
            except MergecellsError as error:
                raise call_problem(error) from error
        return JSONResponse(result_document(result))

    async def stream(
        self, request: Request, stream: AsyncLlmStream, finish: Finish, facts: dict[str, Any], done: Callable[[], None]
    ) -> Response:
        """The answer as events: `start`, `token` …, then `result`, or `error`. `done` is called once, however it ends.

        What fails before the first text is a problem with its status, as without a stream: raises ProblemError.
        """
        try:
            self.gate.admit(caller_of(request))
        except BaseException:
            done()
            raise

        def end() -> None:
            self.gate.done()
            done()
            self._close(stream)

        try:
            first = await anext(stream, None)
        except MergecellsError as error:
            end()
            raise call_problem(error) from error
        except BaseException:
            end()
            raise
        events = self._events(stream, first, finish, facts, end)
        return StreamingResponse(kept_open(events), media_type=MEDIA_TYPE, headers=HEADERS)

    async def _events(
        self, stream: AsyncLlmStream, first: str | None, finish: Finish, facts: dict[str, Any], end: Callable[[], None]
    ) -> AsyncGenerator[bytes, None]:
        try:
            route = stream.route
            told = (
                {"intent": route.intent, "confidence": route.confidence, "intent_reason": route.reason} if route else {}
            )
            yield event("start", {**facts, **told})
            if first is not None:
                yield event("token", {"text": first})
                async for piece in stream:
                    yield event("token", {"text": piece})
            await finish(stream.result)
            yield event("result", result_document(stream.result))
        except MergecellsError as error:
            yield event("error", problem_document(call_problem(error)))
        except Exception:  # the answer has begun: a failure can only be its last event
            logger.exception("a streamed answer failed", extra={"event": "llm.failure"})
            yield event("error", problem_document(internal_error()))
        finally:
            end()

    def close(self) -> None:
        """Cancel what is under way, settle it, and write what is left. The event loop need not run any more."""
        self.llm.close()
        self.threads.close()

    def _close(self, stream: AsyncLlmStream) -> None:
        """The reader may be gone and this task cancelled, in which nothing can be awaited: another one closes."""
        task = asyncio.ensure_future(stream.aclose())
        self.closing.add(task)
        task.add_done_callback(self.closing.discard)


def _route(stream: AsyncLlmStream) -> dict[str, Any]:
    route = stream.route
    return {"intent": route.intent, "confidence": route.confidence, "intent_reason": route.reason} if route else {}


def wants_stream(request: Request, stated: bool | None, *, default: bool) -> bool:
    """What the body states, else what the Accept header asks for, else `default`."""
    if stated is not None:
        return stated
    accepted = request.headers.get("accept", "")
    if MEDIA_TYPE in accepted:
        return True
    return default and "application/json" not in accepted


def caller_of(request: Request) -> str:
    """Whom a limit is for: the address of the connection."""
    return request.client.host if request.client else ""


async def nothing_more(_: LlmResult) -> None:
    """What a call does after its answer where nothing is kept."""
