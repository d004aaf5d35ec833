"""The parser for large bodies means what `json.loads` means, for good texts and for bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.transforms.json_in_turns import MOST_MEMBERS, TooManyMembersError, parse_in_turns

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def refuse(name: str) -> NoReturn:
    raise ValueError(name)


def loads(text: bytes) -> object:
    return json.loads(text, parse_constant=refuse)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_parse_in_turns_gives_what_json_gives(value: object, indent: int | None, ascii_only: bool) -> None:
    """Any value, however it is laid out."""
    text = f" \n{json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\t".encode("utf-8", "surrogatepass")
    assert parse_in_turns(text, refuse) == loads(text)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.data())
def test_parse_in_turns_refuses_what_json_refuses_at_the_same_place(value: object, data: st.DataObject) -> None:
    """One character taken away or put in: both accept it with the same value, or both refuse it with the same words."""
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    broken = text[:at] + data.draw(st.sampled_from(["", ",", "]", "}", ":", '"', "1", " NaN"])) + text[at + 1 :]
    assert outcome(parse_in_turns, broken) == outcome(json.loads, broken)


def outcome(parse: Callable[..., object], text: str) -> object:
    """The value, or why there is none."""
    try:
        return parse(text.encode(), refuse) if parse is parse_in_turns else loads(text.encode())
    except json.JSONDecodeError as error:
        return ("refused", error.pos)
    except ValueError as error:
        return ("refused", str(error))


@pytest.mark.parametrize("text", [b"", b"[1] x", b"[1,]", b'{"a":1,}', b"[" * 100_000, b"\xff["])
def test_parse_in_turns_of_no_json_raises_as_json_does(text: bytes) -> None:
    """Empty, trailing, cut, too deep, not UTF-8."""
    with pytest.raises((ValueError, RecursionError)):
        parse_in_turns(text, refuse)


@pytest.mark.parametrize("text", [b"[" + b"1," * MOST_MEMBERS + b"1]", b'{"a":[' + b"{}," * MOST_MEMBERS + b"{}]}"])
def test_parse_in_turns_of_very_many_members_stops_at_the_limit(text: bytes) -> None:
    """A few megabytes of nearly nothing must not cost seconds."""
    with pytest.raises(TooManyMembersError):
        parse_in_turns(text, refuse)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.integers(0, 8), st.sampled_from([None, frozenset(), frozenset({"", "a"})]))
def test_parse_in_turns_gives_the_same_however_deep_it_goes(
    value: object, levels: int, only: frozenset[str] | None
) -> None:
    """How much is taken apart is a matter of other threads, not of the value."""
    text = json.dumps({"a": value, "b": [value]}).encode()
    assert parse_in_turns(text, refuse, levels, only, None) == loads(text)
