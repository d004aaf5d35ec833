"""`POST /v1/quality`: how good the answer of a call was, as somebody says or as the judge of the config does."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from mergecells.apps.service.bodies import read_json
from mergecells.apps.service.documents import body_of, problems
from mergecells.apps.service.llm_answers import call_problem
from mergecells.apps.service.llm_desk import LlmDesk, caller_of
from mergecells.apps.service.middleware import pinned_snapshot
from mergecells.apps.service.quality_desk import quality_document
from mergecells.apps.service.quality_requests import quality_request
from mergecells.domain.errors import MergecellsError

_GIVEN = {"call_id": "0198c1f2", "completeness": 0.8, "clarity": 0.9, "validation_passed": True, "judge": "ada"}
_ASKED = {"call_id": "0198c1f2", "answer": "Acme opened its depot in 2024.", "inputs": {"company": "Acme"}}


class QualityAnswer(BaseModel):
    """What was kept."""

    overall: float | None = Field(description="Weighed by quality.yaml; null where nothing was judged, never 1.")
    completeness: float | None
    clarity: float | None
    testability: float | None
    traceability: float | None
    validation_passed: bool | None
    passed: bool | None = Field(description="Whether it passes the gate of the config that serves.")
    judge: str
    iterations: int
    counts: dict[str, Any]
    call_id: str
    prompt_slug: str
    prompt_sha: str
    revision: str = Field(description="That of the call.")
    model: str
    run_id: str
    persona: str
    workflow: str
    at: float


def quality_routes(desk: LlmDesk) -> APIRouter:
    """The route that takes scores."""
    router = APIRouter(prefix="/v1/quality", tags=["quality"])

    @router.post(
        "",
        summary="Score the answer of a call",
        status_code=201,
        response_model=None,
        responses={
            201: {"model": QualityAnswer},
            **problems(400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504),
        },
        openapi_extra=body_of(
            "Scores from 0 to 1, null where nothing was judged; or the answer, which the judge of quality.yaml scores.",
            _GIVEN,
            _ASKED,
        ),
    )
    async def post(request: Request) -> Response:
        ids = desk.admit(request)
        snapshot = pinned_snapshot(request).snapshot
        asked = quality_request(await read_json(request, desk.settings, desk.settings.max_body))
        with desk.gate.call(caller_of(request)):
            try:
                turn = await desk.scores.find(asked.call_id)
                record = await desk.scores.score(asked, turn, snapshot, ids.trace_id)
            except MergecellsError as error:
                raise call_problem(error) from error
        return JSONResponse(quality_document(record, snapshot.config.quality), 201)

    return router
