"""The JSON line of an answered request, at a fraction of what a line costs otherwise.

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

DELAY = 0.2
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
        try:
            text = self._told(request)
        except Exception as error:  # noqa: BLE001 - as above: it must not cost the others of its batch either
            text = self.format(_stand_in(request, error)) + "\n"
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()

    def _told(self, request: AnsweredRequest) -> str:
        at, level, logger, method, path, route, status, seconds, ids, facts = request
        start, rest, end = _frame(level, logger, route, status, facts.get("revision"))
        message = _message(method, path) if path == route else _message.__wrapped__(method, path)
        more = "" if len(facts) <= 1 and "revision" in facts else _more(facts)
        return (
            f'{{"timestamp": "{self._stamp(at)}{start}{message}{rest}{round(seconds * 1000, 3)}{_named(ids)}'
            f"{end}{more}{self._always}}}\n"
        )


# The parts of a line. What is the same for many is remembered: bounded, and no path that a caller made up.


@lru_cache(256)
def _frame(level: int, logger: str, route: str, status: int, revision: str | None) -> tuple[str, str, str]:
    """What stands before the message, between it and the duration, and after the ids."""
    return (
        f'", "level": "{logging.getLevelName(level).lower()}", "event": "http.request", "message": ',
        f', "logger": "{logger}", "revision": {_shown(revision)}, "status": {status}, "duration_ms": ',
        f', "route": {_shown(route)}',
    )


@lru_cache(256)
def _message(method: str, path: str) -> str:
    return _text(redact_text(f"{method} {path}"))


def _named(ids: Any) -> str:
    if ids is None:
        return _NO_IDS
    request_id, trace_id, *others = ids[: len(_IDS)]
    if any(others) or not request_id or not trace_id:
        values = zip(_IDS, ids, strict=False)
        return "".join(f', "{name}": {_text(value) if value else "null"}' for name, value in values)
    return f', "request_id": {_text(request_id)}, "trace_id": {_text(trace_id)}{_NO_OTHERS}'


_NO_IDS = "".join(f', "{name}": null' for name in _IDS)
_NO_OTHERS = "".join(f', "{name}": null' for name in _IDS[2:])


def _more(facts: Mapping[str, str]) -> str:
    return "".join(f", {_text(name)}: {_json(redact(facts[name], name))}" for name in facts if name != "revision")


def _shown(value: str | None) -> str:
    return _text(redact_text(value)) if value else "null"


def _stand_in(request: AnsweredRequest, error: Exception) -> logging.LogRecord:
    said = f"log line of {request.logger} could not be written: {type(error).__name__}"
    level = {"levelno": request.level, "levelname": logging.getLevelName(request.level)}
    return logging.makeLogRecord({"name": request.logger, "created": request.at, "msg": said, **level})


_NO_RECORD = logging.makeLogRecord({"msg": "lines of answered requests could not be written"})


def request_lines() -> RequestLines | None:
    """Who takes answered requests: the program's only handler of log lines, where it is one that can."""
    handlers = logging.getLogger().handlers
    only = handlers[0] if len(handlers) == 1 else None
    return only if isinstance(only, RequestLines) else None
