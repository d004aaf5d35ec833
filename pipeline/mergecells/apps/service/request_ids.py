"""Which request is this? Ids that a caller sent are honoured when they are harmless, and made up otherwise."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from mergecells.apps.logs import RequestIds

Headers = Sequence[tuple[bytes, bytes]]

# Nothing that could end a header, a log line or a shell word.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}\Z")
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}\Z")
_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(?P<rest>-.*)?\Z"
)


def read_ids(headers: Headers) -> RequestIds:
    """From `X-Request-ID`, `X-User-ID`, `X-Job-ID`, `X-Batch-ID`, and W3C `traceparent` or `X-Trace-ID`.

    A header that occurs twice or does not fit its form is as good as none.
    """
    trace_id, span_id = _trace(headers)
    user, job, batch = (_harmless(headers, name) for name in (b"x-user-id", b"x-job-id", b"x-batch-id"))
    request_id = _harmless(headers, b"x-request-id") or secrets.token_hex(16)
    return RequestIds(request_id, trace_id, user, job, batch, span_id)


def _harmless(headers: Headers, name: bytes) -> str:
    value = _only(headers, name)
    return value if _REQUEST_ID.match(value) else ""


def _trace(headers: Headers) -> tuple[str, str]:
    """(trace id, the caller's span id or empty)."""
    parent = _TRACEPARENT.match(_only(headers, b"traceparent"))
    # Version 00 ends after the flags; later versions may add fields (Trace Context, section 3.2.3).
    if parent and not (parent["version"] == "00" and parent["rest"]):
        return parent["trace"], parent["span"]
    given = _only(headers, b"x-trace-id")
    return (given if _TRACE_ID.match(given) else secrets.token_hex(16)), ""


def _only(headers: Headers, name: bytes) -> str:
    values = [value for key, value in headers if key == name]
    return values[0].decode("latin-1").strip(" \t") if len(values) == 1 else ""
