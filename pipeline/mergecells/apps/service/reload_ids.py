"""Request and trace ids for the log lines of a reload, which runs in a thread of its own.

A reload that somebody asked for carries the ids of that request; any other gets ids of its own, so that its lines can
be found together.
"""

from __future__ import annotations

import logging
import secrets
import time

from mergecells.apps.logs import RequestIds, current_request

LOGGERS = ("mergecells", "mergecells.service")
_ASK_SECONDS = 5.0
"""A reload later than this after the ask has another cause."""


class ReloadIds(logging.Filter):
    """Lets every record pass; completes those whose event is about the config."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: tuple[float, RequestIds] | None = None

    def install(self) -> None:
        """Complete what the serving code and the service log."""
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self)

    def asked(self) -> None:
        """The running request asks for a reload."""
        ids = current_request.get()
        self._asked = (time.monotonic(), ids) if ids else None

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true."""
        if str(getattr(record, "event", "")).startswith("config.") and current_request.get() is None:
            ids = self._take() or RequestIds(f"reload-{secrets.token_hex(8)}", secrets.token_hex(16))
            record.request_id, record.trace_id = ids.request_id, ids.trace_id
        return True

    def _take(self) -> RequestIds | None:
        asked, self._asked = self._asked, None
        return asked[1] if asked and time.monotonic() - asked[0] <= _ASK_SECONDS else None
