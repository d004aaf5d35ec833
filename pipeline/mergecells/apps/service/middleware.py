"""Around every request: ids, the pinned snapshot, the headers of every answer, one log line, metrics, no traceback."""

from __future__ import annotations

import logging
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope, Send

from mergecells.apps.logs import RequestIds
from mergecells.apps.service.http_frame import Answer, HttpFrame
from mergecells.apps.service.live import LiveConfig, PinnedSnapshot
from mergecells.apps.service.loop_spans import LoopSpans
from mergecells.apps.service.problems import ProblemError, problem_response
from mergecells.apps.service.request_metrics import RequestMetrics

logger = logging.getLogger("mergecells.service")

_SCORES = "/v1/score"
NO_REVISION = "none"
"""`X-Config-Revision` until the first good load."""


class RequestFrame(HttpFrame):
    """The frame of the lead service.

    A snapshot is read once for each request and kept in its state, so that body and header name the same revision
    however often the config is swapped meanwhile.
    """

    def __init__(self, app: ASGIApp, live: LiveConfig, metrics: RequestMetrics, spans: LoopSpans) -> None:
        super().__init__(app, metrics, logger)
        self._live, self._spans = live, spans

    def begin(self, scope: Scope, ids: RequestIds, send: Send) -> Answer:
        snapshot = self._live.snapshot
        scope.setdefault("state", {})["snapshot"] = snapshot
        revision = snapshot.revision if snapshot else NO_REVISION
        headers = [
            (b"x-config-revision", revision.encode("ascii", "replace")),
            (b"x-request-id", ids.request_id.encode()),
            (b"x-trace-id", ids.trace_id.encode()),
        ]
        return Answer(send, headers, {"revision": revision})

    def record(self, scope: Scope, answer: Answer, seconds: float) -> None:
        super().record(scope, answer, seconds)
        pinned = scope["state"]["snapshot"]
        if answer.status < 400 and pinned is not None and scope["path"].startswith(_SCORES):
            self._spans.scored(pinned.snapshot, seconds)

    def problem(self, problem: ProblemError) -> Response:
        return problem_response(problem)


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
