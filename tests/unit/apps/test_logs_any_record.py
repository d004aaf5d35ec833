"""Whatever a program logs, a line comes out: strict JSON, alone on its line, with all of the message and no secret."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.apps.logs import BASE_KEYS, JsonFormatter, TextFormatter, set_up_logs
from mergecells.apps.redaction import REDACTED, redact_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4) | st.tuples(inner)
    ),
    max_leaves=12,
)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(
    lambda name: name not in vars(logging.makeLogRecord({})) and name not in {*BASE_KEYS, "asctime", "message"}
)
TELLING = st.sampled_from(["token", "hub_secret", "password", "Authorization", "api_key", "private-key", "set_cookie"])


class Hostile:
    """An object that fails however it is shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def made(message: Any, *args: Any, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, message, args, None, extra=extra)


def read(line: str) -> dict[str, Any]:
    assert len(line.splitlines()) == 1 or "\n" not in line
    document: dict[str, Any] = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return document


@given(st.text(), st.lists(VALUES, max_size=3), st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_record_becomes_one_strict_json_line_with_all_keys(
    message: str, args: list[Any], extra: dict[str, Any]
) -> None:
    """Templates that do not fit their arguments too; the text form is one line as well."""
    record = made(message, *args, **extra)
    line = read(JsonFormatter().format(record))
    assert list(line)[: len(BASE_KEYS)] == list(BASE_KEYS)
    assert extra.keys() <= line.keys()
    assert "could not be written" not in line["message"] or "could not be written" in message
    text = TextFormatter().format(record)
    assert "\n" not in text
    assert text.isprintable()


@given(st.text())
def test_message_without_secrets_is_kept_to_the_last_character(message: str) -> None:
    """What stands in the record stands in the line, whatever characters it has; only lone surrogates are spelt out."""
    told = read(JsonFormatter().format(made(message)))["message"]
    assert told == redact_text(message).encode("utf-8", "backslashreplace").decode()


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=12), TELLING, st.integers(0, 4))
def test_value_under_a_telling_key_is_gone_at_any_depth(secret: str, key: str, depth: int) -> None:
    """Nested in mappings and lists as headers, settings and bodies are."""
    value: Any = {key: secret}
    for _ in range(depth):
        value = [{"inner": value}] if depth % 2 else {"inner": [value]}
    for formatter in (JsonFormatter(), TextFormatter()):
        line = formatter.format(made("told", detail=value))
        assert secret not in line
        assert REDACTED in line or "…" in line


@pytest.mark.parametrize(
    ("message", "args", "kept"),
    [
        ("%d leads of %s", ("many", "ann"), ["leads of", "many", "ann"]),
        ("one %s too many", ("a", "b"), ["one", "too many", "a", "b"]),
        ("%s was refused by %s", (Hostile(), "ann"), ["was refused by", "ann", "Hostile"]),
        ("100 %! sure", (1,), ["100 %! sure", "1"]),
        (ValueError("as an object"), (), ["as an object"]),
    ],
)
def test_arguments_that_do_not_fit_are_kept_beside_the_words(
    message: Any, args: tuple[Any, ...], kept: list[str]
) -> None:
    """A mistake in a log call must not cost what it wanted to tell."""
    line = read(JsonFormatter().format(made(message, *args)))
    assert [part for part in kept if part not in line["message"]] == []


def test_extra_that_cannot_be_shown_costs_itself_and_not_the_line() -> None:
    """The message and the other fields stay."""
    line = read(JsonFormatter().format(made("kept", event="e", good=1, bad=Hostile(), deep={"a": [Hostile()]})))
    assert (line["message"], line["event"], line["good"]) == ("kept", "e", 1)
    assert "Hostile" in line["bad"]


class FullDisk(io.StringIO):
    """Refuses every write, as a disk without room or a closed pipe does."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_stream_that_takes_nothing_stops_no_caller() -> None:
    """Logging to a full disk raises nothing and prints no traceback of its own."""
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    try:
        set_up_logs(FullDisk(), {})
        logging.getLogger("mergecells").error("told to nobody", extra={"bad": Hostile()})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.raiseExceptions = raising
