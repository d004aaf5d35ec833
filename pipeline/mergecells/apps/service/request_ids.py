"""Which request is this? Ids that a caller sent are honoured when they are harmless, and made up otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mergecells.apps.logs import RequestIds
from mergecells.prompting.ids import new_id

Headers = Sequence[tuple[bytes, bytes]]

_WANTED = frozenset({b"x-request-id", b"x-user-id", b"x-job-id", b"x-batch-id", b"traceparent", b"x-trace-id"})
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
    found = _wanted(headers)
    if not found:  # as of most callers
        return RequestIds(new_id(), new_id())
    trace_id, span_id = _trace(found)
    user, job, batch = (_harmless(found, name) for name in (b"x-user-id", b"x-job-id", b"x-batch-id"))
    request_id = _harmless(found, b"x-request-id") or new_id()
    return RequestIds(request_id, trace_id, user, job, batch, span_id)


def _wanted(headers: Headers) -> dict[bytes, str]:
    """Of the headers that matter, those that occur once."""
    found: dict[bytes, str] = {}
    for key, value in headers:
        if key in _WANTED:
            found[key] = "" if key in found else value.decode("latin-1").strip(" \t")
    return found


def _harmless(found: Mapping[bytes, str], name: bytes) -> str:
    value = found.get(name, "")
    return value if _REQUEST_ID.match(value) else ""


def _trace(found: Mapping[bytes, str]) -> tuple[str, str]:
    """(trace id, the caller's span id or empty)."""
    parent = _TRACEPARENT.match(found.get(b"traceparent", ""))
    # Version 00 ends after the flags; later versions may add fields (Trace Context, section 3.2.3).
    if parent and not (parent["version"] == "00" and parent["rest"]):
        return parent["trace"], parent["span"]
    given = found.get(b"x-trace-id", "")
    return (given if _TRACE_ID.match(given) else new_id()), ""
