"""`POST /v1/prompts/{slug}/complete`: one call of a prompt of the config that serves."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from mergecells.apps.service.bodies import read_json
from mergecells.apps.service.documents import body_of, problems
from mergecells.apps.service.llm_answers import CompletionAnswer
from mergecells.apps.service.llm_desk import LlmDesk, nothing_more, wants_stream
from mergecells.apps.service.llm_requests import complete_request
from mergecells.apps.service.middleware import pinned_snapshot

_EXAMPLE = {"inputs": {"company": "Acme"}, "persona": "sales", "run_id": "run-7", "node": "draft"}


def prompt_routes(desk: LlmDesk) -> APIRouter:
    """The route that answers with a prompt."""
    router = APIRouter(prefix="/v1/prompts", tags=["prompts"])

    @router.post(
        "/{slug}/complete",
        summary="Answer with a prompt",
        response_model=None,
        responses={
            200: {"model": CompletionAnswer},
            **problems(400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504),
        },
        openapi_extra=body_of(
            "Inputs by name. With `stream: true`, or when text/event-stream is accepted, the answer comes as events.",
            _EXAMPLE,
            {**_EXAMPLE, "stream": True},
        ),
    )
    async def complete(slug: str, request: Request) -> Response:
        ids = desk.admit(request)
        snapshot = pinned_snapshot(request).snapshot
        asked = complete_request(await read_json(request, desk.settings, desk.settings.max_body), ids)
        if wants_stream(request, asked.stream, default=False):
            stream = desk.llm.astream(slug, asked.inputs, context=asked.context, snapshot=snapshot, cache=asked.cache)
            facts = {"prompt": slug, "revision": snapshot.revision, "trace_id": ids.trace_id}
            return await desk.stream(request, stream, nothing_more, facts, lambda: None)
        return await desk.answer(
            request,
            lambda: desk.llm.acall(slug, asked.inputs, context=asked.context, snapshot=snapshot, cache=asked.cache),
            nothing_more,
        )

    return router
