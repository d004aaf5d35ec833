"""For orchestrators and operators: is it alive, can it work, its numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.adapters.metric_instruments import exposition
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.requests import check_bearer
from mergecells.apps.hub.settings import FLEET_TOKEN
from mergecells.apps.service.problems import ProblemError


def health_routes(hub: Hub, registry: CollectorRegistry) -> APIRouter:
    """Health is open to all; the numbers want the fleet's token."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", response_model=None, summary="Is the process alive?")
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get("/readyz", response_model=None, summary="Can it take submissions?")
    async def readyz() -> Response:
        if not hub.ready():
            raise ProblemError(
                503, "not-ready", "The hub is starting or stopping.", headers={"Retry-After": "5"}, hint="Ask again."
            )
        return JSONResponse({"status": "ready", "sheets": len(list(hub.desks))})

    @router.get("/metrics", response_model=None, summary="For Prometheus, as text or OpenMetrics")
    async def metrics(request: Request) -> Response:
        check_bearer(request, hub.settings.fleet_token, FLEET_TOKEN)
        content, content_type = await run_in_threadpool(exposition, registry, request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": content_type})

    return router
