"""Lines of answered requests: the same as any other way of logging them, only later and cheaper."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from typing import Any

import pytest

from mergecells.apps.logs import JsonFormatter, RequestIds, current_request, timestamp
from mergecells.apps.request_lines import AnsweredRequest, RequestLines, request_lines

IDS = RequestIds("r-1", "a" * 32, "ann", "", "b-1", "c" * 16)
ALWAYS = {"service": 'the "leads"'}


def answered(**more: Any) -> AnsweredRequest:
    made: dict[str, Any] = {
        "at": 1_800_000_000.25,
        "level": logging.INFO,
        "logger": "mergecells.service",
        "method": "POST",
        "path": "/v1/score",
        "route": "/v1/score",
        "status": 200,
        "seconds": 0.0012345,
        "ids": IDS,
        "facts": {"revision": "f" * 40},
    }
    return AnsweredRequest(**{**made, **more})


def written(*requests: AnsweredRequest) -> list[str]:
    stream = io.StringIO()
    lines = RequestLines(stream, ALWAYS, timestamp)
    for request in requests:
        lines.add(request)
    lines.close()
    return stream.getvalue().splitlines()


def as_any_other(request: AnsweredRequest) -> str:
    """The same request by a log record."""
    record = logging.makeLogRecord(
        {
            "name": request.logger,
            "levelno": request.level,
            "levelname": logging.getLevelName(request.level),
            "created": request.at,
            "msg": "%s %s",
            "args": (request.method, request.path),
            "event": "http.request",
            "route": request.route,
            "status": request.status,
            "duration_ms": round(request.seconds * 1000, 3),
            **request.facts,
        }
    )
    token = current_request.set(request.ids)
    try:
        return JsonFormatter(ALWAYS).format(record)
    finally:
        current_request.reset(token)


def was_written(lines: RequestLines, patience: float = 30.0) -> None:
    """Wait until the writer has been there."""
    deadline = time.monotonic() + patience
    while lines._due.is_set() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not lines._due.is_set()
    lines.flush()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"ids": None},
        {"ids": RequestIds("r", "t")},
        {"level": logging.DEBUG, "facts": {}},
        {"facts": {"revision": "none", "sheet": 'ö "x"', "token": "abc"}},
        {"path": '/a"b\\\n\x00?token=abcdefgh', "route": "unmatched", "status": 404},
        {"path": "/\ud800ü/https://me:secret@host"},
        {"path": "/sk-0123456789abcdef0123"},
    ],
)
def test_request_line_is_the_line_that_logging_would_write(more: dict[str, Any]) -> None:
    """To the byte, so that whoever reads the log cannot tell; secrets are taken out of both."""
    request = answered(**more)
    assert written(request) == [as_any_other(request)]
    assert "abcdefgh" not in written(request)[0]


def test_request_lines_are_written_soon_and_in_order() -> None:
    """Nobody need ask for it; many come in one piece."""
    stream = io.StringIO()
    lines = RequestLines(stream, {}, timestamp)
    for number in range(50):
        lines.add(answered(status=200 + number))
    deadline = time.monotonic() + 30
    while len(stream.getvalue().splitlines()) < 50 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == list(range(200, 250))


class Unshowable:
    """What somebody put among the facts."""

    def __str__(self) -> str:
        raise ValueError("no")


def test_request_line_that_cannot_be_made_is_replaced_and_the_others_stay() -> None:
    """A line says so in its place: nobody must miss a request, least of all the others of the same batch."""
    stream = io.StringIO()
    lines = RequestLines(stream, {}, timestamp)
    lines.setFormatter(JsonFormatter())
    for more in ({"status": 201}, {"facts": {"sheet": Unshowable()}}, {"status": 202}):
        lines.add(answered(**more))
    lines.close()
    first, middle, last = map(json.loads, stream.getvalue().splitlines())
    assert (first["status"], last["status"]) == (201, 202)
    assert middle["message"] == "log line of mergecells.service could not be written: ValueError"
    assert (middle["level"], middle["timestamp"]) == ("info", first["timestamp"])


def test_request_lines_of_other_kinds_are_not_mixed_up() -> None:
    """Parts of lines are remembered by all that is in them: each of 3 × 2 × 2 × 2 kinds reads as it would alone."""
    kinds = [
        answered(level=level, status=status, facts={"revision": revision}, path=path, route="/v1/score")
        for level in (logging.DEBUG, logging.INFO, logging.WARNING)
        for status in (200, 503)
        for revision in ("a" * 40, "none")
        for path in ("/v1/score", "/v1/score/")
    ]
    assert written(*kinds, *kinds) == [as_any_other(kind) for kind in (*kinds, *kinds)]


def test_request_lines_go_on_in_a_child_of_the_process() -> None:
    """Its writer stayed behind in the parent; the first line of the child starts another."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as sink:
        lines = RequestLines(sink, {}, timestamp)
        lines.add(answered(status=201))
        was_written(lines)
        child = os.fork()
        if child == 0:
            lines.add(answered(status=202))
            was_written(lines)
            os._exit(0)
        os.waitpid(child, 0)
        lines.close()
    with os.fdopen(reading) as source:
        assert [json.loads(line)["status"] for line in source] == [201, 202]


def test_request_lines_survive_a_stream_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can be told; the request is answered all the same."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    stream = io.StringIO()
    lines = RequestLines(stream, {}, timestamp)
    stream.close()
    lines.add(answered())
    lines.flush()
    lines.close()


def test_requests_are_left_to_logging_where_another_handler_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that set up its own logs, and a second handler beside ours, see every request as a record."""
    ours = RequestLines(io.StringIO(), {}, timestamp)
    root = logging.getLogger()
    for handlers, found in (([ours], ours), ([ours, logging.NullHandler()], None), ([], None)):
        monkeypatch.setattr(root, "handlers", handlers)
        assert request_lines() is found
