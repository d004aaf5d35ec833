"""Around every request: ids, the pinned snapshot, the headers of every answer, one log line, metrics, no traceback."""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mergecells.apps.logs import RequestIds, current_request
from mergecells.apps.service.live import LiveConfig, PinnedSnapshot
from mergecells.apps.service.problems import ProblemError, internal_error, problem_response
from mergecells.apps.service.request_ids import read_ids
from mergecells.apps.service.request_metrics import RequestMetrics

logger = logging.getLogger("mergecells.service")

NO_REVISION = "none"
"""`X-Config-Revision` until the first good load."""
_CLIENT_LEFT = 499
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestFrame:
    """Outermost ASGI application: answers also for what the framework's own error handling would let out bare.

    A snapshot is read once for each request and kept in its state, so that body and header name the same revision
    however often the config is swapped meanwhile.
    """

    def __init__(self, app: ASGIApp, live: LiveConfig, metrics: RequestMetrics) -> None:
        self._app = app
        self._live = live
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = read_ids(scope["headers"])
        snapshot = self._live.snapshot
        scope.setdefault("state", {})["snapshot"] = snapshot
        answer = _Answer(send, ids, snapshot.revision if snapshot else NO_REVISION)
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
            logger.exception("request failed", extra={"event": "http.failure", "revision": answer.revision})
            if not answer.started:
                await problem_response(internal_error())(scope, receive, answer.send)
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
                "revision": answer.revision,
            },
        )


class _Answer:
    """Puts the headers of every answer on the first message, and remembers how it went."""

    def __init__(self, send: Send, ids: RequestIds, revision: str) -> None:
        self._send = send
        self.revision = revision
        self.started = False
        self.status = 500
        self._headers = [
            (b"x-config-revision", revision.encode("ascii", "replace")),
            (b"x-request-id", ids.request_id.encode()),
            (b"x-trace-id", ids.trace_id.encode()),
        ]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        await self._send(message)


def pinned_snapshot(request: Request) -> PinnedSnapshot:
    """The snapshot of this request. Raises ProblemError (503) while nothing good has been loaded yet."""
    snapshot: Any = request.scope["state"]["snapshot"]
    if snapshot is None:
        raise ProblemError(
            503,
            "not-ready",
            "No good config has been loaded yet; GET /internal/config says why. The service keeps looking for one.",
            headers={"Retry-After": "1"},
        )
    return snapshot  # type: ignore[no-any-return]
