"""`GET /healthz` (the process answers), `GET /readyz` (it can score), `GET /metrics` (Prometheus)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from starlette.responses import JSONResponse, Response

from mergecells.adapters.metric_instruments import exposition
from mergecells.apps.service.documents import problems
from mergecells.apps.service.middleware import pinned_snapshot


def health_routes(registry: CollectorRegistry) -> APIRouter:
    """What orchestrators and Prometheus ask."""
    router = APIRouter(tags=["health"])

    @router.head("/healthz", include_in_schema=False, response_model=None)
    @router.get("/healthz", summary="Is the process alive?", response_model=None)
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @router.head("/readyz", include_in_schema=False, response_model=None)
    @router.get(
        "/readyz",
        summary="Can it score? Yes from the first good load on, whatever comes after",
        response_model=None,
        responses=problems(503),
    )
    async def readyz(request: Request) -> Response:
        return JSONResponse({"status": "ready", "revision": pinned_snapshot(request).revision})

    @router.head("/metrics", include_in_schema=False, response_model=None)
    @router.get("/metrics", summary="For Prometheus, as text or OpenMetrics", response_model=None)
    async def metrics(request: Request) -> Response:
        content, content_type = exposition(registry, request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": content_type})

    return router
