"""Around every request of any of our servers: ids, headers of every answer, one log line, metrics, no traceback."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mergecells.apps.logs import RequestIds, current_request
from mergecells.apps.request_lines import AnsweredRequest, request_lines
from mergecells.apps.service.problems import ProblemError, internal_error
from mergecells.apps.service.request_ids import read_ids
from mergecells.apps.service.request_metrics import HttpMetrics

_CLIENT_LEFT = 499
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


@dataclass(slots=True)
class Answer:
    """Puts `headers` on the first message of an answer, and remembers how it went. `facts` go to the log lines."""

    forward: Send
    headers: list[tuple[bytes, bytes]]
    facts: Mapping[str, str] = field(default_factory=dict)
    started: bool = False
    status: int = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self.headers]}
        await self.forward(message)


class HttpFrame:
    """Outermost ASGI application: answers also for what the framework's own error handling would let out bare."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, logger: logging.Logger) -> None:
        self._app, self._metrics, self._logger = app, metrics, logger

    def begin(self, scope: Scope, ids: RequestIds, send: Send) -> Answer:
        """What is done once for each request before anything else: its answer, with the headers of every answer."""
        raise NotImplementedError

    def problem(self, problem: ProblemError) -> Response:
        """A problem as this server answers it."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = read_ids(scope["headers"])
        answer = self.begin(scope, ids, send)
        token = current_request.set(ids)
        started = time.perf_counter()
        try:
            await self._run(scope, receive, answer)
        finally:
            self.record(scope, answer, time.perf_counter() - started)
            current_request.reset(token)

    async def _run(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        try:
            await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            answer.status = _CLIENT_LEFT
        except Exception:  # the outermost frame of a request: whatever happened ends as a problem
            self._logger.exception("request failed", extra={"event": "http.failure", **answer.facts})
            if not answer.started:
                await self.problem(internal_error())(scope, receive, answer.send)
            answer.status = 500

    def record(self, scope: Scope, answer: Answer, seconds: float) -> None:
        """Count and log a request that was answered."""
        route = getattr(scope.get("route"), "path", "unmatched")
        ids = current_request.get()
        self._metrics.observe(str(scope["method"]), route, answer.status, seconds, ids.trace_id if ids else None)
        level = logging.DEBUG if route in _QUIET_ROUTES and answer.status < 400 else logging.INFO
        if not self._logger.isEnabledFor(level):
            return
        method, path = scope["method"], scope["path"][:200]
        if lines := request_lines():
            name = self._logger.name
            told = AnsweredRequest(
                time.time(), level, name, method, path, route, answer.status, seconds, ids, answer.facts
            )
            lines.add(told)
            return
        self._logger.log(
            level,
            "%s %s",
            method,
            path,
            extra={
                "event": "http.request",
                "route": route,
                "status": answer.status,
                "duration_ms": round(seconds * 1000, 3),
                **answer.facts,
            },
        )
