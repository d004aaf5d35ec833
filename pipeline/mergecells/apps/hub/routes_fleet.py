"""Services that tell what they run, and who may read what all of them run."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.adapters.sqlite_hub import Acknowledgement
from mergecells.apps.hub.desks import Desk
from mergecells.apps.hub.fleet import GONE, report_json
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.release import live_json
from mergecells.apps.hub.requests import check_bearer, check_json_type, read_object, wrong
from mergecells.apps.hub.settings import ACK_TOKEN, FLEET_TOKEN
from mergecells.apps.service.bodies import read_bytes
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.submission_documents import now_text

_SERVICE: Final = re.compile(r"[!-~]{1,200}")
_REVISION: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})(?:-dirty-[0-9a-f]{1,64})?|untracked-[0-9a-f]{1,64}")
_TIME: Final = re.compile(r"[0-9TZ:.+-]{10,40}")
_STATUSES: Final = {"ok", "rejected", "not-ready", GONE}
_OPTIONAL: Final[dict[str, type]] = dict.fromkeys(
    ("revision", "status", "reason", "runs", "loaded_at", "spreadsheet"), str
)


def fleet_routes(hub: Hub) -> APIRouter:
    """Each with a token of its own."""
    router = APIRouter(tags=["fleet"])

    @router.post("/v1/acknowledgements", status_code=202, response_model=None, summary="I run this")
    async def acknowledgements(request: Request) -> Response:
        check_bearer(request, hub.settings.ack_token, ACK_TOKEN)
        check_json_type(request)
        body = await read_bytes(request, hub.settings.body_seconds, hub.settings.max_body)
        await run_in_threadpool(_acknowledge, hub, body)
        return JSONResponse({"status": "taken"}, status_code=202)

    @router.get("/v1/fleet", response_model=None, summary="What every service runs")
    async def fleet(request: Request) -> Response:
        check_bearer(request, hub.settings.fleet_token, FLEET_TOKEN)
        sheets = await run_in_threadpool(lambda: [_sheet_fleet(hub, desk) for desk in hub.desks])
        return JSONResponse({"sheets": sheets})

    return router


def _acknowledge(hub: Hub, body: bytes) -> None:
    given = read_object(body, {"service": str}, _OPTIONAL)
    desk = _desk_of(hub, given.get("spreadsheet"))
    told = _acknowledgement(desk, given)
    try:
        news = hub.fleet.tell(told)
    except OverflowError:
        raise ProblemError(
            503, "busy", "Too many services are known.", hint="Names must be those of services, not of runs."
        ) from None
    if news:
        # Who runs what we have not heard of was told by the branch sooner than we were.
        known = (hub.releases.current(desk) or {}).get("revision")
        hub.watch.hint(desk, host=told.revision not in {"", known})


def _acknowledgement(desk: Desk, given: dict[str, str]) -> Acknowledgement:
    """What was told, of its form. Raises ProblemError (422)."""
    if not _SERVICE.fullmatch(given["service"]):
        raise wrong("service", "A name or an address: 1 to 200 printable characters without a blank.")
    status, revision = given.get("status", "ok"), given.get("revision", "")
    if status not in _STATUSES:
        raise wrong("status", f"One of {', '.join(sorted(_STATUSES))}.")
    if status in {"ok", "rejected"} and not revision:
        raise wrong("revision", f"Is needed with the status {status}.")
    for key in ("revision", "runs"):
        if given.get(key) and not _REVISION.fullmatch(given[key]):
            raise wrong(key, "A full SHA in lower case, SHA-dirty-DIGEST or untracked-DIGEST.")
    if given.get("loaded_at") and not _TIME.fullmatch(given["loaded_at"]):
        raise wrong("loaded_at", "A time, RFC 3339.")
    return Acknowledgement(
        sheet=desk.spreadsheet,
        service=given["service"],
        revision=revision,
        status=status,
        reason=given.get("reason", "")[:500],
        runs=given.get("runs", ""),
        loaded_at=given.get("loaded_at", ""),
        at=now_text(),
    )


def _desk_of(hub: Hub, spreadsheet: str | None) -> Desk:
    if spreadsheet is not None:
        return hub.desk(spreadsheet)
    desks = list(hub.desks)
    if len(desks) != 1:
        raise wrong("spreadsheet", "This hub serves several sheets: say which config the service runs.")
    return desks[0]


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
        "services": [report_json(report) for report in hub.fleet.look(desk, urls)],
        "silent": [{"service": each.service, "since": each.at} for each in hub.fleet.silent(desk)],
    }
