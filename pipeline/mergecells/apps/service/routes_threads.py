"""`/v1/threads/{id}/messages`: a conversation, routed by what each message is about, its history kept."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.apps.service.bodies import read_json
from mergecells.apps.service.documents import body_of, problems
from mergecells.apps.service.llm_answers import CompletionAnswer
from mergecells.apps.service.llm_desk import LlmDesk, wants_stream
from mergecells.apps.service.llm_requests import message_request, thread_name
from mergecells.apps.service.middleware import pinned_snapshot
from mergecells.apps.service.problems import ProblemError
from mergecells.domain.llm import LlmResult
from mergecells.domain.messages import Message, TextPart

MOST_REMEMBERED = 40
"""Messages of a thread that a model is shown, the newest."""

_EXAMPLE = {"message": "Shorten this subject line: …", "persona": "sales"}


def thread_routes(desk: LlmDesk) -> APIRouter:
    """The routes of conversations."""
    router = APIRouter(prefix="/v1/threads", tags=["threads"])

    @router.post(
        "/{thread}/messages",
        summary="Answer a message of a conversation",
        response_model=None,
        responses={
            200: {"model": CompletionAnswer, "content": {"text/event-stream": {}}},
            **problems(400, 401, 402, 403, 408, 409, 413, 422, 429, 500, 502, 503, 504),
        },
        openapi_extra=body_of(
            "The message. The answer comes as events, or whole with `stream: false` or when JSON alone is accepted.",
            _EXAMPLE,
        ),
    )
    async def post(thread: str, request: Request) -> Response:
        ids = desk.admit(request)
        name = thread_name(thread)
        snapshot = pinned_snapshot(request).snapshot
        asked = message_request(await read_json(request, desk.settings, desk.settings.max_lead_body), name, ids)
        said = Message("user", (TextPart(asked.message),))
        hold(name)
        try:
            earlier = await run_in_threadpool(desk.threads.messages, name, MOST_REMEMBERED)
        except BaseException:
            desk.busy.discard(name)
            raise
        messages = (*earlier, said)

        async def keep(result: LlmResult) -> None:
            answered = Message("assistant", (TextPart(result.text),))
            await run_in_threadpool(desk.threads.append, name, (said, answered), result.call_id)

        if wants_stream(request, asked.stream, default=True):
            stream = desk.llm.areply_stream(messages, context=asked.context, snapshot=snapshot, cache=asked.cache)
            facts = {"thread": name, "revision": snapshot.revision, "trace_id": ids.trace_id}
            return await desk.stream(request, stream, keep, facts, lambda: desk.busy.discard(name))
        try:
            return await desk.answer(
                request,
                lambda: desk.llm.areply(messages, context=asked.context, snapshot=snapshot, cache=asked.cache),
                keep,
            )
        finally:
            desk.busy.discard(name)

    def hold(name: str) -> None:
        if name in desk.busy:
            raise ProblemError(
                409,
                "thread-busy",
                f"A message of the thread {name} is being answered.",
                headers={"Retry-After": "1"},
                hint="Send the next one after its answer.",
            )
        desk.busy.add(name)

    @router.get(
        "/{thread}/messages",
        summary="What was said in a conversation",
        response_model=None,
        responses=problems(401, 403, 422),
    )
    async def read(thread: str, request: Request) -> Response:
        desk.admit(request)
        name = thread_name(thread)
        messages = await run_in_threadpool(desk.threads.messages, name, MOST_REMEMBERED)
        return JSONResponse({"thread": name, "messages": [{"role": each.role, "text": each.text} for each in messages]})

    return router
