"""`POST /webhooks/github`: hints, signed by GitHub."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.requests import check_json_type, one_header
from mergecells.apps.hub.settings import WEBHOOK_SECRET
from mergecells.apps.hub.webhooks import check_names, check_signature, take
from mergecells.apps.service.bodies import parse_json, read_bytes
from mergecells.apps.service.problems import ProblemError


def webhook_routes(hub: Hub) -> APIRouter:
    """Closed without a secret."""
    router = APIRouter(tags=["webhooks"])

    @router.post("/webhooks/github", status_code=202, response_model=None, summary="GitHub's webhooks")
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

    return router


def _deliver(hub: Hub, delivery: str, event: str, body: bytes) -> dict[str, str]:
    result, concerned = take(hub.store, hub.desks, delivery, event, parse_json(body))
    hub.metrics.delivery(event, result)
    for desk in concerned:
        hub.watch.hint(desk)
    return {"status": result}
