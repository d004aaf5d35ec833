"""Logs for machines and for people: one JSON object a line, or one short line on a terminal.

Any module logs with the standard library and puts what it knows into `extra`:

    logger.info("running", extra={"event": "config.reload", "revision": sha, "status": "success", "duration_ms": 12.5})

Every JSON line has the keys of `BASE_KEYS` (null where unknown), `exception` after a failure, and whatever else was in
`extra`. Secrets are taken out. Formatting never raises: a log line must not stop what it describes.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple, TextIO

from mergecells.apps.redaction import redact, redact_text
from mergecells.apps.request_lines import RequestLines
from mergecells.domain.errors import UsageError
from mergecells.domain.revision import short

FORMAT_VARIABLE, LEVEL_VARIABLE = "MERGECELLS_LOG_FORMAT", "MERGECELLS_LOG_LEVEL"
FORMATS = ("json", "text")
LEVELS = ("debug", "info", "warning", "error")
BASE_KEYS = (
    "timestamp",
    "level",
    "event",
    "message",
    "logger",
    "revision",
    "status",
    "duration_ms",
    "request_id",
    "trace_id",
    "user_id",
    "job_id",
    "batch_id",
)
_ID_KEYS = ("request_id", "trace_id", "user_id", "job_id", "batch_id")
_BLANK: dict[str, Any] = dict.fromkeys(BASE_KEYS)
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_COLOURS = {"WARNING": "\033[33m", "ERROR": "\033[31m", "CRITICAL": "\033[31m"}
_DIM, _OFF = "\033[2m", "\033[0m"


class RequestIds(NamedTuple):
    """What ties log lines of one request together, here and in other services; what a caller did not send is empty.

    `parent_span_id`: 16 hex digits, the caller's own span.
    """

    request_id: str
    trace_id: str
    user_id: str = ""
    job_id: str = ""
    batch_id: str = ""
    parent_span_id: str = ""


current_request: ContextVar[RequestIds | None] = ContextVar("current_request", default=None)
"""The request that the running code works for; the HTTP layer sets it."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line. `always` is added to every line, such as the name of the service."""

    def __init__(self, always: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._always = dict(always or {})

    def format(self, record: logging.LogRecord) -> str:
        """Never raises: what cannot be written is replaced by a line that says so."""
        try:
            return _to_json({**_entry(record), **self._always})
        except Exception as error:  # noqa: BLE001 - any object may be in `extra`, with any __str__
            text = f"log line of {record.name} could not be written: {type(error).__name__}"
            return _to_json({**_unknown(record), "message": text})


class TextFormatter(logging.Formatter):
    """One line for people: time, level if not info, message, and the extras as `name=value`."""

    def __init__(self, colour: bool = False) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Never raises. Control characters are escaped, so that a logged text cannot move a terminal's cursor."""
        try:
            return self._line(_entry(record), record.levelname)
        except Exception as error:  # noqa: BLE001 - as in JsonFormatter
            return f"{record.levelname} log line of {record.name} could not be written: {type(error).__name__}"

    def _line(self, entry: dict[str, Any], level: str) -> str:
        trace = entry.pop("exception", None)
        when = datetime.datetime.fromisoformat(entry["timestamp"]).astimezone().strftime("%H:%M:%S")
        label = "" if level in {"INFO", "DEBUG"} else f"{level.lower()}: "
        shown = {key: value for key, value in entry.items() if key not in _NOT_FOR_PEOPLE and value is not None}
        if entry["revision"]:
            shown["revision"] = short(str(entry["revision"]))
        extras = " ".join(f"{key}={printable(_plain(value))}" for key, value in shown.items())
        line = f"{self._paint(_DIM, when)} {self._paint(_COLOURS.get(level, ''), label + printable(entry['message']))}"
        line += f" {self._paint(_DIM, extras)}" if extras else ""
        return f"{line}\n{trace}" if trace else line

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_OFF}" if self._colour and code else text


_NOT_FOR_PEOPLE = frozenset({"timestamp", "level", "event", "message", "logger", *_ID_KEYS})


def set_up_logs(
    stream: TextIO | None = None, environ: Mapping[str, str] = os.environ, service: str | None = None
) -> None:
    """Send every log line to `stream` (stderr), as JSON unless it is a terminal.

    `MERGECELLS_LOG_FORMAT` (json, text) and `MERGECELLS_LOG_LEVEL` (debug, info, warning, error) decide otherwise.
    Raises UsageError for any other value of these.
    """
    stream = stream or sys.stderr
    chosen = _choice(environ, FORMAT_VARIABLE, FORMATS) or ("text" if stream.isatty() else "json")
    level = _choice(environ, LEVEL_VARIABLE, LEVELS) or "info"
    if chosen == "json":
        always = {"service": service} if service else {}
        handler: logging.Handler = RequestLines(stream, always, timestamp)
        handler.setFormatter(JsonFormatter(always))
    else:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(TextFormatter(colour=stream.isatty() and not environ.get("NO_COLOR")))
    logging.raiseExceptions = False
    # Nothing shows these, and finding them out for each line is a tenth of what a line costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # The HTTP clients of providers' libraries write a line for each request; our own says more.
    for talkative in ("uvicorn", "asyncio", "httpx", "httpx2"):
        logging.getLogger(talkative).setLevel("WARNING")
    # Its threads log an error when they are taken down in the midst of an event. Whether watching works is found by
    # looking, and told in the status.
    logging.getLogger("watchdog").setLevel("CRITICAL")


def _choice(environ: Mapping[str, str], variable: str, allowed: tuple[str, ...]) -> str | None:
    value = environ.get(variable, "").strip().lower()
    if value and value not in allowed:
        raise UsageError(f"{variable} is {value!r}.", f"Use one of {', '.join(allowed)}.")
    return value or None


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    ids = current_request.get()
    entry = _unknown(record)
    entry["message"] = redact_text(_message(record))
    if ids is not None:
        for name in _ID_KEYS:
            entry[name] = getattr(ids, name) or None
    for key, value in vars(record).items():
        if key not in _STANDARD and (value is not None or key not in entry):
            entry[key] = _kept(value, key)
    if record.exc_info and record.exc_info[0] is not None:
        entry["exception"] = redact_text(logging.Formatter().formatException(record.exc_info))
    return entry


def _unknown(record: logging.LogRecord) -> dict[str, Any]:
    entry = _BLANK.copy()
    entry["timestamp"] = timestamp(record.created)
    entry["level"] = record.levelname.lower()
    entry["event"] = "log"
    entry["logger"] = record.name
    return entry


def timestamp(at: float) -> str:
    """`2026-11-27T17:03:34.123Z`, of seconds since 1970."""
    second, part = divmod(at, 1)
    return f"{_second(int(second))}.{int(part * 1000):03d}Z"


@lru_cache(16)
def _second(seconds: int) -> str:
    """`2026-11-27T17:03:34`: lines come many in one second."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None).isoformat()


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - an argument may be anything, with any __str__
        # Arguments that do not fit the template, or cannot be shown: keep the words rather than the line lost.
        return f"{_shown(record.msg)} {_shown(record.args)}"


def _shown(value: Any) -> str:
    """`value` as text; of what fails to show itself, the type, and each part of a tuple for itself."""
    try:
        return value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 - as above
        parts = ", ".join(map(_shown, value)) if isinstance(value, tuple) else type(value).__name__
        return f"({parts})" if isinstance(value, tuple) else f"<{parts} that cannot be shown>"


def _kept(value: Any, key: str) -> Any:
    """`value` without secrets; one that cannot be shown costs only itself, not the line."""
    try:
        return redact(value, key)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__} that cannot be shown>"


def _to_json(entry: Mapping[str, Any]) -> str:
    text = _ENCODER.encode(entry)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def printable(text: str) -> str:
    """`text` on one line, with what could steer a terminal escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
