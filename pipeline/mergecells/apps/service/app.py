"""The reference lead service as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from mergecells._version import __version__
from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.loop_spans import LoopSpans
from mergecells.apps.service.middleware import RequestFrame
from mergecells.apps.service.problems import ProblemError, answer_defect, answer_http_error, answer_problem
from mergecells.apps.service.request_metrics import RequestMetrics
from mergecells.apps.service.routes_health import health_routes
from mergecells.apps.service.routes_internal import internal_routes
from mergecells.apps.service.routes_scoring import scoring_routes
from mergecells.apps.service.settings import ServiceSettings
from mergecells.serving.silence import NoLoopTracer

if TYPE_CHECKING:
    from mergecells.apps.service.llm_desk import LlmDesk

_ABOUT = """Scores leads with rules that people edit in a spreadsheet and review as pull requests.

Every answer names the revision that made it in `X-Config-Revision`; `X-Request-ID`, `X-Trace-ID` and an inbound W3C
`traceparent` are honoured. Errors are problem details (RFC 9457)."""


def build_app(
    live: LiveConfig,
    settings: ServiceSettings,
    registry: CollectorRegistry,
    namespace: str = "mergecells",
    desk: LlmDesk | None = None,
    spans: LoopSpans | None = None,
) -> ASGIApp:
    """The application over a running config; metrics go to `registry`. Without a desk, models are not called."""
    metrics = RequestMetrics(registry, namespace)
    metrics.watch(live)
    # No docs_url: those pages load scripts from elsewhere. /openapi.json is what tools read.
    app = FastAPI(
        title="mergecells lead service", version=__version__, description=_ABOUT, docs_url=None, redoc_url=None
    )
    app.include_router(scoring_routes(settings, metrics))
    app.include_router(internal_routes(live, settings))
    app.include_router(health_routes(registry))
    if desk is not None:
        # Imported with the extra `llm` only.
        from mergecells.apps.service.routes_prompts import prompt_routes
        from mergecells.apps.service.routes_quality import quality_routes
        from mergecells.apps.service.routes_threads import thread_routes

        app.include_router(prompt_routes(desk))
        app.include_router(thread_routes(desk))
        app.include_router(quality_routes(desk))
    app.add_exception_handler(ProblemError, answer_problem)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(Exception, answer_defect)
    # The frame is outside of all: the framework answers some failures beyond the reach of its own middleware.
    return RequestFrame(app, live, metrics, spans or LoopSpans(NoLoopTracer()))
