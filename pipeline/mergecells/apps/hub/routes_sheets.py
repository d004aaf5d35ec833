"""What the add-on asks: sign in, look, submit, follow. All but the first is signed with the session's key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from mergecells.apps.hub.documents import submission_json
from mergecells.apps.hub.hub import Hub
from mergecells.apps.hub.requests import REQUEST_ID, bearer, check_json_type, read_object, read_signed, wrong
from mergecells.apps.hub.sessions import Session
from mergecells.apps.service.bodies import read_bytes
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.submission_documents import now_text, time_text
from mergecells.domain.pulls import one_line

_LONGEST_TITLE = 200


def sheet_routes(hub: Hub) -> APIRouter:
    """Everything below /v1 that a person's add-on calls."""
    router = APIRouter(prefix="/v1", tags=["add-on"])

    @router.post("/sessions", status_code=201, response_model=None, summary="Sign in with a Google identity token")
    async def sessions(request: Request) -> Response:
        token = bearer(request)
        check_json_type(request)
        body = await read_bytes(request, hub.settings.body_seconds, hub.settings.max_body)
        given = read_object(body, {"spreadsheet": str})
        session = await run_in_threadpool(hub.sign_in, token, given["spreadsheet"])
        return JSONResponse(_session_json(session), status_code=201)

    @router.post("/previews", response_model=None, summary="What would be submitted")
    async def previews(request: Request) -> Response:
        session, body = await _signed(hub, request)
        given = read_object(body, {"spreadsheet": str})
        desk = hub.own_desk(session, given["spreadsheet"])
        return JSONResponse(await run_in_threadpool(hub.preview, desk))

    @router.post("/submissions", status_code=202, response_model=None, summary="Submit the sheet")
    async def submissions(request: Request) -> Response:
        session, body = await _signed(hub, request)
        return JSONResponse(await run_in_threadpool(_enter, hub, session, body), status_code=202)

    @router.get("/submissions/{submission}", response_model=None, summary="How far a submission is")
    async def submission(request: Request, submission: str) -> Response:
        session, _ = await _signed(hub, request)
        return JSONResponse(await run_in_threadpool(_find, hub, session, submission))

    @router.get("/sheets/{spreadsheet}", response_model=None, summary="What the sidebar shows when it opens")
    async def sheets(request: Request, spreadsheet: str) -> Response:
        session, _ = await _signed(hub, request)
        desk = hub.own_desk(session, spreadsheet)
        return JSONResponse(await run_in_threadpool(hub.view, desk, session))

    return router


async def _signed(hub: Hub, request: Request) -> tuple[Session, bytes]:
    session, body = await read_signed(request, hub.sessions, hub.settings.body_seconds, hub.settings.max_body)
    hub.limit.take(session.person.mail)
    return session, body


def _session_json(session: Session) -> dict[str, Any]:
    import datetime

    return {
        "session": session.id,
        "key": session.key_text,
        "expires_at": time_text(datetime.datetime.fromtimestamp(session.expires, datetime.UTC)),
        "email": session.person.mail,
        "name": session.person.name,
        "spreadsheet": session.spreadsheet,
        "server_time": now_text(),
    }


def _enter(hub: Hub, session: Session, body: bytes) -> dict[str, Any]:
    given = read_object(body, {"spreadsheet": str}, {"title": str, "request_id": str, "allow_large": bool})
    desk = hub.own_desk(session, given["spreadsheet"])
    title, request_id = given.get("title", "").strip(), given.get("request_id")
    if len(title) > _LONGEST_TITLE or title != one_line(title):
        raise wrong("title", f"At most {_LONGEST_TITLE} characters in one line.")
    if request_id is not None and not REQUEST_ID.fullmatch(request_id):
        raise wrong("request_id", "16 to 64 letters, digits, _ and -.")
    row, repeated = hub.queue.enter(desk, session.person, title, request_id, given.get("allow_large", False))
    status = f"/v1/submissions/{row.id}"
    return {"id": row.id, "status_url": status, "state": row.state, "repeated": repeated}


def _find(hub: Hub, session: Session, submission: str) -> dict[str, Any]:
    row = hub.store.find(submission) if len(submission) <= 64 else None
    if row is None or row.sheet != session.spreadsheet:
        raise ProblemError(
            404,
            "submission-unknown",
            "This sheet has no such submission.",
            hint="Old ones are forgotten; submit again.",
        )
    return submission_json(row, hub.queue.position(row))
