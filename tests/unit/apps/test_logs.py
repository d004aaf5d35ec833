"""Log lines: one JSON object each, with the promised keys, without secrets, and never an exception."""

from __future__ import annotations

import io
import json
import logging
import math
from typing import Any

import pytest

from mergecells.apps.logs import BASE_KEYS, JsonFormatter, RequestIds, TextFormatter, current_request, set_up_logs
from mergecells.domain.errors import UsageError

SHA = "0123456789abcdef0123456789abcdef01234567"


def record(message: str = "config loaded", *args: Any, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    made = logging.getLogger("mergecells").makeRecord(
        "mergecells", level, "file.py", 1, message, args, None, extra=extra
    )
    made.created = 1_767_225_600.1234
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line = JsonFormatter().format(made)
    assert "\n" not in line
    document: dict[str, Any] = json.loads(line)
    return document


def test_json_line_of_a_reload_has_every_promised_key() -> None:
    """Timestamp in UTC to the millisecond, level, event, revision, status, duration and the ids, null where unknown."""
    line = as_json(record(event="config.reload", revision=SHA, status="success", duration_ms=12.5, notes=["a"]))
    assert list(line)[: len(BASE_KEYS)] == list(BASE_KEYS)
    assert line["timestamp"] == "2026-01-01T00:00:00.123Z"
    assert (line["level"], line["event"], line["message"]) == ("info", "config.reload", "config loaded")
    assert (line["revision"], line["status"], line["duration_ms"], line["notes"]) == (SHA, "success", 12.5, ["a"])
    assert line["request_id"] is None
    assert line["trace_id"] is None


def test_json_line_within_a_request_carries_its_ids() -> None:
    """The request that the code works for is named without the caller passing it along."""
    token = current_request.set(RequestIds("r-1", "t-1", user_id="ann", job_id="j-1", parent_span_id="s-1"))
    try:
        line = as_json(record())
    finally:
        current_request.reset(token)
    assert (line["request_id"], line["trace_id"]) == ("r-1", "t-1")
    assert (line["user_id"], line["job_id"], line["batch_id"]) == ("ann", "j-1", None)
    assert "parent_span_id" not in line


@pytest.mark.parametrize(
    "text",
    [
        "POST /reload?token=S3cr3tValue",
        "Authorization: Bearer S3cr3tValue",
        '{"authorization": "Basic S3cr3tValue"}',
        "MERGECELLS_RELOAD_TOKEN=S3cr3tValue",
        "password: 'S3cr3tValue'",
        "cannot fetch https://ada:S3cr3tValue@git.example/x.git",
        "-----BEGIN RSA PRIVATE KEY-----\nS3cr3tValue\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secret_in_a_message_or_extra_is_taken_out(text: str) -> None:
    """Neither the message, nor an extra, nor an exception's text shows it."""
    try:
        raise ValueError(text)
    except ValueError as error:
        made = record("failed: %s", text, detail=text, nested={"deep": [text]})
        made.exc_info = (type(error), error, error.__traceback__)
    for line in (JsonFormatter().format(made), TextFormatter().format(made)):
        assert "S3cr3tValue" not in line
        assert "[redacted]" in line


def test_secret_under_a_telling_key_is_taken_out_whatever_it_is() -> None:
    """`token`, `Authorization`, `api_key` and their like: the whole value goes."""
    line = as_json(record(token="abc", headers={"Authorization": "x", "accept": "y"}, api_key=12, token_count=5))
    assert line["token"] == line["headers"]["Authorization"] == line["api_key"] == "[redacted]"
    assert line["headers"]["accept"] == "y"
    assert line["token_count"] == 5


class Hostile:
    """An object that fails when it is shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
@pytest.mark.parametrize(
    "made",
    [
        record("%d leads", "many"),
        record("%s", Hostile()),
        record(detail=Hostile()),
        record(detail=math.nan, more=math.inf, deep=[math.nan]),
        record("lone surrogate \udc80 and \x1b[2J and \u2028"),
        record(loop=LOOP),
        record(raw=b"\xff", when=object()),
    ],
)
def test_line_that_is_hard_to_write_never_raises(formatter: logging.Formatter, made: logging.LogRecord) -> None:
    """Formatting always gives text that can be encoded, on one line, and JSON stays strict JSON."""
    line = formatter.format(made)
    line.encode("utf-8", "strict" if isinstance(formatter, JsonFormatter) else "backslashreplace")
    assert "\x1b[2J" not in line
    if isinstance(formatter, JsonFormatter):
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_text_line_is_short_and_shows_what_matters() -> None:
    """A person gets the time, the message and the extras, with a short revision and no ids."""
    line = TextFormatter().format(record(level=logging.WARNING, event="e", revision=SHA, status="failure"))
    assert "warning: config loaded" in line
    assert "revision=0123456789ab status=failure" in line
    assert SHA not in line


@pytest.mark.parametrize(("wanted", "first"), [({}, "{"), ({"MERGECELLS_LOG_FORMAT": "text"}, None)])
def test_set_up_writes_json_unless_told_otherwise(wanted: dict[str, str], first: str | None) -> None:
    """What is no terminal gets JSON; the level and the name of the service apply."""
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    try:
        set_up_logs(stream, {**wanted, "MERGECELLS_LOG_LEVEL": "warning"}, service="leads-1")
        logging.getLogger("mergecells").info("not shown")
        logging.getLogger("mergecells").warning("shown")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.raiseExceptions = raising
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    if first:
        assert json.loads(lines[0])["service"] == "leads-1"
    else:
        assert not lines[0].startswith("{")


@pytest.mark.parametrize("environ", [{"MERGECELLS_LOG_FORMAT": "xml"}, {"MERGECELLS_LOG_LEVEL": "loud"}])
def test_set_up_with_an_unknown_choice_is_a_usage_error(environ: dict[str, str]) -> None:
    """The message names the variable and what it may be."""
    with pytest.raises(UsageError, match="MERGECELLS_LOG_"):
        set_up_logs(io.StringIO(), environ)
