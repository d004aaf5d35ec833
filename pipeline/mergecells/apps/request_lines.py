"""The JSON line of an answered request, at a twentieth of what a line costs otherwise.

Every request has one, and making it as any other line is made took as long as a tenth of a score. Here a request leaves
its facts; a thread writes them, at most `DELAY` seconds later and many at once. All other lines are written at once, so
the two kinds may change places by as much; their timestamps tell. Ending the program by a signal that it handles loses
nothing, killing it the last `DELAY` seconds.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TextIO

from mergecells.apps.redaction import redact, redact_text

DELAY = 0.05
_text = json.encoder.encode_basestring
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
_IDS = ("request_id", "trace_id", "user_id", "job_id", "batch_id")


class AnsweredRequest(NamedTuple):
    """What one line tells. `at` is wall clock, `ids` are `RequestIds` or None, `facts` whatever else is known."""

    at: float
    level: int
    logger: str
    method: str
    path: str
    route: str
    status: int
    seconds: float
    ids: Any
    facts: Mapping[str, str]


class RequestLines(logging.StreamHandler[TextIO]):
    """A handler as any other, that takes answered requests too; `always` is added to each of their lines."""

    def __init__(self, stream: TextIO, always: Mapping[str, Any], stamp: Callable[[float], str]) -> None:
        super().__init__(stream)
        self._always = "".join(f", {_text(name)}: {_json(value)}" for name, value in always.items())
        self._stamp = stamp
        self._waiting: deque[AnsweredRequest] = deque()
        self._due = threading.Event()
        self._writer: threading.Thread | None = None
        self._ended = False

    def add(self, request: AnsweredRequest) -> None:
        """Write it soon. Raises nothing."""
        self._waiting.append(request)
        if not self._due.is_set():
            self._due.set()
            # Not alive: the first, or this is a child of the process that had it.
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write, name="mergecells-request-lines", daemon=True)
                self._writer.start()

    def flush(self) -> None:
        """Write what waits. Never raises for what a line holds."""
        if self._ended:
            return
        self.acquire()
        try:
            # One by one: others add meanwhile.
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if waiting:
                self.stream.write("".join(map(self._line, waiting)))
            super().flush()
        except Exception:  # noqa: BLE001 - as every handler: a log line must not stop what it describes
            self.handleError(_NO_RECORD)
        finally:
            self.release()

    def close(self) -> None:
        """Write what waits and take nothing more."""
        if not self._ended:
            self.flush()
            self._ended = True
            self._due.set()
        super().close()

    def _write(self) -> None:
        while not self._ended:
            self._due.wait()
            time.sleep(DELAY)
            self._due.clear()
            self.flush()

    def _line(self, request: AnsweredRequest) -> str:
        ids = request.ids or (None,) * len(_IDS)
        named = "".join(
            [f', "{name}": {_text(value) if value else "null"}' for name, value in zip(_IDS, ids, strict=False)]
        )
        facts = request.facts
        more = "".join([f", {_text(name)}: {_json(redact(facts[name], name))}" for name in facts if name != "revision"])
        text = (
            f'{{"timestamp": "{self._stamp(request.at)}", "level": "{_level(request.level)}", "event": "http.request", '
            f'"message": {_text(redact_text(f"{request.method} {request.path}"))}, "logger": "{request.logger}", '
            f'"revision": {_shown(facts.get("revision"))}, "status": {request.status}, '
            f'"duration_ms": {round(request.seconds * 1000, 3)}{named}, "route": {_shown(request.route)}{more}'
            f"{self._always}}}\n"
        )
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


@lru_cache(64)
def _level(level: int) -> str:
    return logging.getLevelName(level).lower()


@lru_cache(256)
def _shown(value: str | None) -> str:
    return _text(redact_text(value)) if value else "null"


_NO_RECORD = logging.makeLogRecord({"msg": "lines of answered requests could not be written"})


def request_lines() -> RequestLines | None:
    """Who takes answered requests: the program's only handler of log lines, where it is one that can."""
    handlers = logging.getLogger().handlers
    only = handlers[0] if len(handlers) == 1 else None
    return only if isinstance(only, RequestLines) else None
