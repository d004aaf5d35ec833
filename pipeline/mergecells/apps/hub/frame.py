"""Around every request of the hub: ids, headers of every answer, one log line, metrics, no traceback."""

from __future__ import annotations

import logging
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope, Send

from mergecells.apps.logs import RequestIds
from mergecells.apps.service.http_frame import Answer, HttpFrame
from mergecells.apps.service.problems import ProblemError, internal_error, problem_response
from mergecells.apps.service.request_metrics import HttpMetrics

logger = logging.getLogger("mergecells.hub")

_FRAMEWORK = {
    404: ("not-found", "There is no such path.", "docs/hub.md lists what there is."),
    405: ("method-not-allowed", "This path does not take this method.", "The Allow header names those that it takes."),
}


class HubFrame(HttpFrame):
    """The frame of the hub."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        super().__init__(app, metrics, logger)

    def begin(self, scope: Scope, ids: RequestIds, send: Send) -> Answer:  # noqa: ARG002
        # Answers speak of one person's work: no cache on the way may keep them.
        return Answer(send, [(b"x-request-id", ids.request_id.encode()), (b"cache-control", b"no-store")])

    def problem(self, problem: ProblemError) -> Response:
        return hub_problem(problem)


def hub_problem(problem: ProblemError) -> Response:
    """The problem as an answer of the hub: a `hint` is always there."""
    return problem_response(replace(problem, hint=problem.hint or ""))


async def answer_problem(_: Request, error: Exception) -> Response:
    """Exception handler for ProblemError."""
    assert isinstance(error, ProblemError)
    return hub_problem(error)


async def answer_http_error(_: Request, error: Exception) -> Response:
    """Exception handler for what the framework refuses itself: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    slug, detail, hint = _FRAMEWORK.get(error.status_code, ("http-error", str(error.detail), ""))
    return hub_problem(ProblemError(error.status_code, slug, detail, headers=dict(error.headers or {}), hint=hint))


async def answer_defect(_: Request, __: Exception) -> Response:
    """Exception handler for everything else; the exception goes on to the frame, which logs it."""
    return hub_problem(internal_error())
