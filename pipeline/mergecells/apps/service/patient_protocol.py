"""HTTP/1.1 as uvicorn speaks it, with an end to a caller's slowness: a request's head must come in time.

uvicorn waits for ever for the first byte of a connection, and every byte of a head that drips in starts its patience
anew: a few hundred such connections use up the service's.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mergecells.apps.service.problems import MEDIA_TYPE, ProblemError, problem_document

_NO_REQUEST = "Invalid HTTP request received."


class PatientProtocol(H11Protocol):
    """Closes a connection on which no request is under way `head_seconds` after it opened, or after the last answer."""

    def __init__(self, head_seconds: float, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_seconds = head_seconds
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._expect_head()

    def on_response_complete(self) -> None:
        """The next head is due; one that is there already has begun its request."""
        super().on_response_complete()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """A request that is none, or whose head is too large: a problem like every other, and no more requests."""
        detail = "This is no HTTP request, or its head is too large." if msg == _NO_REQUEST else msg
        hint = "A header is one line of ASCII; all of them together have at most 64 KiB."
        body = json.dumps(problem_document(ProblemError(400, "bad-request", detail, hint=hint))).encode()
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _expect_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_timer = self.loop.call_later(self._head_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing():
            self.transport.close()
