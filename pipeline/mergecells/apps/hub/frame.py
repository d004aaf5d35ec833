"""Around every request of the hub: ids, headers of every answer, one log line, metrics, no traceback."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mergecells.apps.logs import RequestIds, current_request
from mergecells.apps.service.problems import ProblemError, internal_error, problem_response
from mergecells.apps.service.request_ids import read_ids
from mergecells.apps.service.request_metrics import HttpMetrics

logger = logging.getLogger("mergecells.hub")

_CLIENT_LEFT = 499
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
_FRAMEWORK = {
    404: ("not-found", "There is no such path.", "docs/hub.md lists what there is."),
    405: ("method-not-allowed", "This path does not take this method.", "The Allow header names those that it takes."),
}


class HubFrame:
    """Outermost ASGI application: answers also for what the framework's own error handling would let out bare."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = read_ids(scope["headers"])
        answer = _Answer(send, ids)
        token = current_request.set(ids)
        started = time.perf_counter()
        try:
            await self._run(scope, receive, answer)
        finally:
            self._record(scope, answer, time.perf_counter() - started)
            current_request.reset(token)

    async def _run(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            answer.status = _CLIENT_LEFT
        except Exception:  # the outermost frame of a request: whatever happened ends as a problem
            logger.exception("request failed", extra={"event": "http.failure"})
            if not answer.started:
                await hub_problem(internal_error())(scope, receive, answer.send)
            answer.status = 500

    def _record(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(str(scope["method"]), route, answer.status, seconds)
        logger.log(
            logging.DEBUG if route in _QUIET_ROUTES and answer.status < 400 else logging.INFO,
            "%s %s",
            scope["method"],
            scope["path"][:200],
            extra={
                "event": "http.request",
                "route": route,
                "status": answer.status,
                "duration_ms": round(seconds * 1000, 3),
            },
        )


class _Answer:
    """Puts the headers of every answer on the first message, and remembers how it went."""

    def __init__(self, send: Send, ids: RequestIds) -> None:
        self._send = send
        self.started = False
        self.status = 500
        # Answers speak of one person's work: no cache on the way may keep them.
        self._headers = [(b"x-request-id", ids.request_id.encode()), (b"cache-control", b"no-store")]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        await self._send(message)


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
