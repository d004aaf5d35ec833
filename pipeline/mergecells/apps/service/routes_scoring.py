"""`POST /v1/score` and `POST /v1/score/batch`."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mergecells.apps.service.bodies import (
    MOST_EXPLAINED,
    Lead,
    ScoreRequest,
    batch_request,
    lead_request,
    read_json,
    wants_explanation,
)
from mergecells.apps.service.documents import EXPLAIN_PARAMETER, BatchAnswer, ScoreAnswer, body_of, problems
from mergecells.apps.service.live import PinnedSnapshot
from mergecells.apps.service.middleware import pinned_snapshot
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.service.request_metrics import RequestMetrics
from mergecells.apps.service.settings import ServiceSettings
from mergecells.domain.errors import UsageError

_LEAD = {"years": 12, "employees": 240}
_REFUSALS = problems(400, 408, 413, 422, 500, 503)


def scoring_routes(settings: ServiceSettings, metrics: RequestMetrics) -> APIRouter:
    """The routes that score leads with the snapshot pinned to the request."""
    router = APIRouter(prefix="/v1", tags=["scoring"])

    @router.post(
        "/score",
        summary="Score one lead",
        response_model=None,
        responses={200: {"model": ScoreAnswer}, **_REFUSALS},
        openapi_extra={
            "parameters": [EXPLAIN_PARAMETER],
            **body_of(
                "The lead itself, or the lead with a vertical and the evaluation date.",
                _LEAD,
                {"lead": _LEAD, "vertical": "saas", "date": "2026-09-01"},
            ),
        },
    )
    async def score(request: Request) -> Response:
        snapshot = pinned_snapshot(request)
        explain = wants_explanation(request)
        wanted = lead_request(await read_json(request, settings, min(settings.max_body, settings.max_lead_body)))
        # In a thread when the rules' files may have to be read first; a score alone is faster than the way there.
        (answer,) = await run_in_threadpool(_scores, snapshot, wanted, True) if explain else _scores(snapshot, wanted)
        metrics.count_scores([answer])
        return _json(answer)

    @router.post(
        "/score/batch",
        summary="Score many leads by one revision",
        response_model=None,
        responses={200: {"model": BatchAnswer}, **_REFUSALS},
        openapi_extra={
            "parameters": [EXPLAIN_PARAMETER],
            **body_of(
                f"A list of leads, or an object with it, a vertical and a date. At most {settings.max_leads:,} leads, "
                f"{MOST_EXPLAINED} with explain=true.",
                [_LEAD],
                {"leads": [_LEAD], "vertical": "saas", "date": "2026-09-01"},
            ),
        },
    )
    async def score_batch(request: Request) -> Response:
        snapshot = pinned_snapshot(request)
        explain = wants_explanation(request)
        most = min(settings.max_leads, MOST_EXPLAINED) if explain else settings.max_leads
        document = await read_json(request, settings, settings.max_body)
        # In a thread: thousands of leads must not keep other requests waiting.
        answers = await run_in_threadpool(lambda: _scores(snapshot, batch_request(document, most), explain))
        await run_in_threadpool(metrics.count_scores, answers)
        return await run_in_threadpool(_batch_json, snapshot.revision, answers)

    return router


def _scores(snapshot: PinnedSnapshot, wanted: ScoreRequest, explain: bool = False) -> list[dict[str, Any]]:
    try:
        return [_score(snapshot, lead, wanted, explain) for lead in wanted.leads]
    except UsageError as error:
        raise ProblemError(422, "unknown-vertical", str(error)) from None


def _score(snapshot: PinnedSnapshot, lead: Lead, wanted: ScoreRequest, explain: bool) -> dict[str, Any]:
    known = snapshot.field_names
    ignored = [] if known is None else [name for name in lead if name not in known and name.lower() not in known]
    score = snapshot.score(lead, wanted.date, wanted.vertical)
    answer = {**score.to_dict(), "ignored": ignored}
    if explain:
        # With the score's own date: a request that arrives at midnight is of one day.
        answer["explanation"] = snapshot.explain(lead, score.date, wanted.vertical).model_dump()
    return answer


def _batch_json(revision: str, answers: list[dict[str, Any]]) -> Response:
    """Score by score: one call over thousands would hold up every other thread."""
    scores = ", ".join(json.dumps(answer, allow_nan=False) for answer in answers)
    text = f'{{"revision": {json.dumps(revision)}, "scores": [{scores}]}}'
    return Response(text, media_type="application/json")


def _json(value: Any) -> Response:
    """ASCII only: names of fields may hold a lone surrogate, which UTF-8 cannot carry."""
    return Response(json.dumps(value, allow_nan=False), media_type="application/json")
