"""What is not the add-on: GitHub's webhooks, services that tell what they run, operators, orchestrators."""

from __future__ import annotations

import datetime
import re
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.adapters.metric_instruments import exposition
from mergecells.adapters.sqlite_hub import Acknowledgement
from mergecells.apps.hub.desks import Desk
from mergecells.apps.hub.documents import now_text
from mergecells.apps.hub.fleet import forget_silent, look, report_json
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.release import live_json
from mergecells.apps.hub.requests import check_bearer, check_json_type, one_header, read_object, wrong
from mergecells.apps.hub.settings import ACK_TOKEN, FLEET_TOKEN, WEBHOOK_SECRET
from mergecells.apps.hub.webhooks import check_names, check_signature, take
from mergecells.apps.service.bodies import parse_json, read_bytes
from mergecells.apps.service.problems import ProblemError

_SERVICE = re.compile(r"[!-~]{1,200}")
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def outside_routes(hub: Hub, registry: CollectorRegistry) -> APIRouter:
    """Each with a secret of its own, or with nothing to tell."""
    router = APIRouter()

    @router.post(
        "/webhooks/github", status_code=202, response_model=None, tags=["webhooks"], summary="GitHub's webhooks"
    )
    async def github(request: Request) -> Response:
        secret = hub.settings.webhook_secret
        if secret is None:
            raise ProblemError(
                403, "webhooks-disabled", f"Webhooks are off: the hub was started without {WEBHOOK_SECRET}.",
                hint="The hub asks GitHub by itself all the same, every now and then.",
            )  # fmt: skip
        names = [one_header(request, name) for name in ("X-Hub-Signature-256", "X-GitHub-Delivery", "X-GitHub-Event")]
        body = await read_bytes(request, hub.settings.body_seconds, hub.settings.max_delivery)
        check_signature(secret, names[0], body)
        check_names(names[1], names[2])
        check_json_type(request)
        return JSONResponse(await run_in_threadpool(_deliver, hub, names[1], names[2], body), status_code=202)

    @router.post("/v1/acknowledgements", status_code=202, response_model=None, tags=["fleet"], summary="I run this")
    async def acknowledgements(request: Request) -> Response:
        check_bearer(request, hub.settings.ack_token, ACK_TOKEN)
        check_json_type(request)
        body = await read_bytes(request, hub.settings.body_seconds, hub.settings.max_body)
        await run_in_threadpool(_acknowledge, hub, body)
        return JSONResponse({"status": "taken"}, status_code=202)

    @router.get("/v1/fleet", response_model=None, tags=["fleet"], summary="What every service runs")
    async def fleet(request: Request) -> Response:
        check_bearer(request, hub.settings.fleet_token, FLEET_TOKEN)
        return JSONResponse(await run_in_threadpool(_fleet, hub))

    @router.get("/metrics", response_model=None, tags=["health"], summary="For Prometheus, as text or OpenMetrics")
    async def metrics(request: Request) -> Response:
        check_bearer(request, hub.settings.fleet_token, FLEET_TOKEN)
        content, content_type = await run_in_threadpool(exposition, registry, request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": content_type})

    @router.get("/healthz", response_model=None, tags=["health"], summary="Is the process alive?")
    async def healthz() -> Response:
        return JSONResponse({"status": "alive"})

    @router.get("/readyz", response_model=None, tags=["health"], summary="Can it take submissions?")
    async def readyz() -> Response:
        if not hub.ready():
            raise ProblemError(
                503, "not-ready", "The hub is starting or stopping.", headers={"Retry-After": "5"}, hint="Ask again."
            )
        return JSONResponse({"status": "ready", "sheets": len(list(hub.desks))})

    return router


def _deliver(hub: Hub, delivery: str, event: str, body: bytes) -> dict[str, str]:
    result, concerned = take(hub.store, hub.desks, delivery, event, parse_json(body))
    hub.metrics.delivery(event, result)
    for desk in concerned:
        hub.watch.hint(desk)
    return {"status": result}


def _acknowledge(hub: Hub, body: bytes) -> None:
    optional: dict[str, type] = {"status": str, "reason": str, "spreadsheet": str}
    given = read_object(body, {"service": str, "revision": str}, optional)
    if not _SERVICE.fullmatch(given["service"]):
        raise wrong("service", "A name or an address: 1 to 200 printable characters without a blank.")
    if not _REVISION.fullmatch(given["revision"]):
        raise wrong("revision", "A full SHA, in lower case.")
    status = given.get("status", "ok")
    if status not in {"ok", "rejected"}:
        raise wrong("status", "ok or rejected.")
    desk = _desk_of(hub, given.get("spreadsheet"))
    reason = given.get("reason", "")[:500]
    told = Acknowledgement(desk.spreadsheet, given["service"], given["revision"], status, reason, now_text())
    forget_silent(hub.store, datetime.datetime.now(datetime.UTC))
    if not hub.store.acknowledge(told):
        raise ProblemError(
            503, "busy", "Too many services are known.", hint="Names must be those of services, not of runs."
        )
    hub.watch.hint(desk)


def _desk_of(hub: Hub, spreadsheet: str | None) -> Desk:
    if spreadsheet is not None:
        return hub.desk(spreadsheet)
    desks = list(hub.desks)
    if len(desks) != 1:
        raise wrong("spreadsheet", "This hub serves several sheets: say which config the service runs.")
    return desks[0]


def _fleet(hub: Hub) -> dict[str, Any]:
    return {"sheets": [_sheet_fleet(hub, desk) for desk in hub.desks]}


def _sheet_fleet(hub: Hub, desk: Desk) -> dict[str, Any]:
    release = hub.releases.current(desk)
    urls = release["urls"] if release else desk.manifest.services
    return {
        "spreadsheet": desk.spreadsheet,
        "repository": desk.repository,
        "branch": desk.branch,
        "head": release["revision"] if release else None,
        "release": release["state"] if release else None,
        "live": live_json(release),
        "services": [report_json(report) for report in look(hub.store, desk, urls)],
    }
