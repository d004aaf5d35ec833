"""`GET /internal/config` tells what runs; `POST /internal/reload` asks for a look at the config now, with a token."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from mergecells.apps.service.documents import ConfigAnswer, problems
from mergecells.apps.service.live import LiveConfig
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.service.settings import TOKEN_VARIABLE, ServiceSettings


def internal_routes(live: LiveConfig, settings: ServiceSettings) -> APIRouter:
    """For operators and for `mergecells status`."""
    router = APIRouter(prefix="/internal", tags=["internal"])

    @router.get(
        "/config",
        summary="What runs, and what was rejected",
        responses={200: {"model": ConfigAnswer}},
        response_model=None,
    )
    async def config() -> Response:
        return JSONResponse(live.report())

    @router.post(
        "/reload",
        summary="Look for a new config now",
        status_code=202,
        response_model=None,
        responses=problems(401, 403),
    )
    async def reload(request: Request) -> Response:
        check_token(request.headers.getlist("authorization"), settings.reload_token)
        live.reload()
        return JSONResponse({"status": "asked", "look_at": "/internal/config"}, status_code=202)

    return router


def check_token(authorization: list[str], token: str | None) -> None:
    """Raises ProblemError unless a reload may be asked for."""
    if token is None:
        raise ProblemError(
            403, "reload-disabled", f"Reloading by request is off: the service was started without {TOKEN_VARIABLE}."
        )
    check_bearer(authorization, token, "A reload", TOKEN_VARIABLE)


def check_bearer(authorization: list[str], token: str, what: str, variable: str) -> None:
    """Raises ProblemError unless the one Authorization header is `Bearer <token>`; compared in constant time.

    `what` needs it, and the service was given it as `variable`.
    """
    scheme, _, given = authorization[0].partition(" ") if len(authorization) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not given.strip():
        raise ProblemError(
            401,
            "token-missing",
            f"{what} needs the header `Authorization: Bearer <token>`.",
            headers={"WWW-Authenticate": 'Bearer realm="mergecells"'},
        )
    # Header values arrive as latin-1; the token's own bytes are what must match.
    if not hmac.compare_digest(given.strip().encode("latin-1", "replace"), token.encode()):
        raise ProblemError(403, "token-wrong", f"The token is not the one of {variable} that this service runs with.")
