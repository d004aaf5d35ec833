"""The hub as one ASGI application."""

from __future__ import annotations

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from mergecells._version import __version__
from mergecells.apps.hub.frame import HubFrame, answer_defect, answer_http_error, answer_problem
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.routes_fleet import fleet_routes
from mergecells.apps.hub.routes_health import health_routes
from mergecells.apps.hub.routes_sheets import sheet_routes
from mergecells.apps.hub.routes_webhooks import webhook_routes
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.service.request_metrics import HttpMetrics


def build_app(hub: Hub, registry: CollectorRegistry, namespace: str) -> ASGIApp:
    """The application over the parts of a hub; metrics go to `registry`."""
    app = FastAPI(title="mergecells hub", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    for routes in (sheet_routes(hub), webhook_routes(hub), fleet_routes(hub), health_routes(hub, registry)):
        app.include_router(routes)
    app.add_exception_handler(ProblemError, answer_problem)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(Exception, answer_defect)
    return HubFrame(app, HttpMetrics(registry, namespace))
