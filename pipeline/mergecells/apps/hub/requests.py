"""What comes in, made safe: headers once and of their form, bodies within limits, the signature, the shape."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from mergecells.apps.hub.sessions import Session, Sessions, Signed
from mergecells.apps.service.bodies import parse_json, read_bytes
from mergecells.apps.service.problems import FieldError, ProblemError, pointer

SESSION, TIMESTAMP = "X-Mergecells-Session", "X-Mergecells-Timestamp"
NONCE, SIGNATURE = "X-Mergecells-Nonce", "X-Mergecells-Signature"
_FORMS: Final = {
    SESSION: (re.compile(r"s_[0-9a-f]{32}"), "as POST /v1/sessions gave it"),
    TIMESTAMP: (re.compile(r"[0-9]{1,12}"), "whole seconds since 1970"),
    NONCE: (re.compile(r"[A-Za-z0-9_-]{16,64}"), "16 to 64 letters, digits, _ and -"),
    SIGNATURE: (re.compile(r"sha256=[0-9a-f]{64}"), "sha256= and 64 hexadecimal digits in lower case"),
}
_JSON_TYPE: Final = re.compile(r'application/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*', re.IGNORECASE)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


def one_header(request: Request, name: str) -> str:
    """The header's value, empty when it is not there. Raises ProblemError (400) for two: which one counts is a matter
    on which a proxy and we may differ."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise ProblemError(
            400, "header-twice", f"The header {name} is there {len(values)} times.", hint="Send it once."
        )
    return values[0].strip() if values else ""


def bearer(request: Request) -> str:
    """The token of `Authorization: Bearer …`; empty without one."""
    scheme, _, token = one_header(request, "Authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def check_bearer(request: Request, token: str | None, variable: str) -> None:
    """Raises ProblemError unless the request carries this token; compared in constant time."""
    if token is None:
        raise ProblemError(
            403, "token-disabled", f"This is closed: the hub was started without {variable}.", hint=f"Set {variable}."
        )
    given = bearer(request)
    if not given:
        raise ProblemError(
            401, "token-missing", "This needs the header `Authorization: Bearer <token>`.",
            headers={"WWW-Authenticate": 'Bearer realm="mergecells hub"'}, hint=f"The token is that of {variable}.",
        )  # fmt: skip
    if not hmac.compare_digest(given.encode("latin-1", "replace"), token.encode()):
        raise ProblemError(403, "token-wrong", "The token is not the right one.", hint=f"It is that of {variable}.")


def check_json_type(request: Request) -> None:
    """Raises ProblemError (415) for a body that does not say that it is JSON in UTF-8."""
    given = one_header(request, "Content-Type")
    if not _JSON_TYPE.fullmatch(given):
        said = ascii(given)[1:-1][:80] or "nothing"
        raise ProblemError(
            415, "wrong-content-type", f"The body's type is {said}.", hint="Send Content-Type: application/json."
        )


async def read_signed(request: Request, sessions: Sessions, seconds: float, most: int) -> tuple[Session, bytes]:
    """The session that signed this request, and its body. Raises ProblemError (400, 401, 408, 413, 415)."""
    given = {name: one_header(request, name) for name in _FORMS}
    if not given[SESSION]:
        raise ProblemError(
            401, "session-missing", f"The header {SESSION} is missing.", hint="Sign in first: POST /v1/sessions."
        )
    for name, (form, words) in _FORMS.items():
        if not form.fullmatch(given[name]):
            missing = "is missing" if not given[name] else "is not of its form"
            raise ProblemError(400, "header-malformed", f"The header {name} {missing}.", hint=f"It is {words}.")
    if request.method != "GET":
        check_json_type(request)
    body = await read_bytes(request, seconds, most)
    query = request.scope.get("query_string", b"")
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode())
    target = raw + (b"?" + query if query else b"")
    signed = Signed(
        given[SESSION],
        int(given[TIMESTAMP]),
        given[NONCE],
        given[SIGNATURE],
        request.method,
        target.decode("latin-1"),
        body,
    )
    return sessions.check(signed), body


def read_object(
    body: bytes, required: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> dict[str, Any]:
    """A JSON object with these keys and no others. Raises ProblemError (400, 422)."""
    document = parse_json(body)
    known = {**required, **(optional or {})}
    errors: list[FieldError] = []
    if not isinstance(document, dict):
        errors.append(FieldError("", "An object is expected."))
        document = {}
    else:
        errors += [FieldError("", f"The key {key} is missing.") for key in required if key not in document]
        listed = ", ".join(known)
        errors += [
            FieldError(pointer(key), f"Not a key here; there are {listed}.") for key in document if key not in known
        ]
    for key, kind in known.items():
        value = document.get(key)
        if key in document and (not isinstance(value, kind) or not _is_text(value)):
            errors.append(FieldError(pointer(key), f"A {_KINDS[kind]} is expected."))
    if errors:
        raise ProblemError(
            422, "wrong-shape", "The body is JSON, but not of the shape that this path takes.", errors[:20],
            hint="errors says where.",
        )  # fmt: skip
    return document


def wrong(key: str, detail: str) -> ProblemError:
    """A value that is of the right type and cannot be used all the same (422)."""
    said = "The body is JSON, but not of the shape that this path takes."
    return ProblemError(422, "wrong-shape", said, [FieldError(pointer(key), detail)], hint="errors says where.")


_KINDS: Final = {str: "text", bool: "true or false"}


def _is_text(value: object) -> bool:
    """Lone surrogates are JSON, but no text that git or a file could hold."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True
