"""Every error as RFC 9457 problem details: `application/problem+json` with a stable type, a title and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mergecells.apps.logs import current_request

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:mergecells:problem:"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One place in a request body (a JSON Pointer, RFC 6901) and what is wrong there."""

    pointer: str
    detail: str


@dataclass(eq=False)
class ProblemError(Exception):
    """Ends a request with an answer in problem form. `slug` names the problem's kind and never changes; `hint` says
    what to do next, where the detail does not; `extra` are further members of the document (RFC 9457, section 3.2)."""

    status: int
    slug: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    hint: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class ProblemResponse(Response):
    """The answer to a failed request."""

    media_type = MEDIA_TYPE


def problem_document(problem: ProblemError) -> dict[str, Any]:
    """The problem as JSON values; the request's id is in it, so that a person can report it."""
    ids = current_request.get()
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.slug,
        "title": _title(problem.status),
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.hint is not None:
        body["hint"] = problem.hint
    if problem.errors:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in problem.errors]
    body.update(problem.extra)
    if ids is not None:
        body["request_id"] = ids.request_id
    return body


def problem_response(problem: ProblemError) -> ProblemResponse:
    """The problem as a response."""
    # ASCII only: a lone surrogate in what a client sent would not survive UTF-8.
    content = json.dumps(problem_document(problem))
    return ProblemResponse(content, status_code=problem.status, headers=dict(problem.headers))


async def answer_problem(_: Request, error: Exception) -> Response:
    """Exception handler for ProblemError."""
    assert isinstance(error, ProblemError)
    return problem_response(error)


async def answer_http_error(_: Request, error: Exception) -> Response:
    """Exception handler for what the framework refuses itself: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    slug, detail = _FRAMEWORK.get(error.status_code, ("http-error", str(error.detail)))
    return problem_response(ProblemError(error.status_code, slug, detail, headers=dict(error.headers or {})))


async def answer_defect(_: Request, __: Exception) -> Response:
    """Exception handler for everything else; the exception goes on to the outermost frame, which logs it."""
    return problem_response(internal_error())


def internal_error() -> ProblemError:
    """For a defect of ours. Says nothing about its inside; the log has the traceback under the request's id."""
    return ProblemError(500, "internal", "The service failed on this request. Its log has the cause, by request id.")


def pointer(*parts: str | int) -> str:
    """A JSON Pointer: `/leads/3/years`. A slash or tilde in a key is escaped as RFC 6901 says."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


_FRAMEWORK = {
    404: ("not-found", "There is no such path. GET /openapi.json lists what there is."),
    405: ("method-not-allowed", "This path does not take this method; the Allow header names those that it takes."),
}
