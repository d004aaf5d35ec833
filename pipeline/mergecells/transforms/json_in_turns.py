"""Parses a large JSON text piece by piece, in a thread, so that other requests are answered meanwhile.

The C parser holds the interpreter until its call ends: one body of 12 MB kept every other request waiting for 1.2 s.
Here each member of the outermost levels is a call of its own, and between two calls other threads get their turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Sized
from typing import Any, NoReturn

_BLANK = re.compile(r"[ \t\n\r]*")
BODY_LEVELS = 2
"""Of a body of leads: the wrapper and its list, or the list itself and its leads."""

MOST_MEMBERS = 100_000
"""Of one list or object of a stranger's: each costs a microsecond, and no request that is answered has as many."""


class TooManyMembersError(ValueError):
    """A list or an object has more than `MOST_MEMBERS` members."""


def parse_in_turns(
    body: bytes,
    refuse_constant: Callable[[str], NoReturn],
    levels: int = BODY_LEVELS,
    only: Container[str] | None = None,
    most: int | None = MOST_MEMBERS,
) -> Any:
    """What `json.loads` gives, the outermost `levels` taken apart; below the outermost object, `only` those under these
    keys. Raises what it raises (JSONDecodeError, UnicodeDecodeError, RecursionError), and
    TooManyMembersError for more than `most`."""
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    parser = _Parser(text, json.JSONDecoder(parse_constant=refuse_constant), only, most)
    value, end = parser.value(parser.skip(0), levels)
    if parser.skip(end) != len(text):
        raise json.JSONDecodeError("Extra data", text, parser.skip(end))
    return value


class _Parser:
    def __init__(
        self, text: str, decoder: json.JSONDecoder, only: Container[str] | None = None, most: int | None = MOST_MEMBERS
    ) -> None:
        self._text, self._decoder = text, decoder
        self._only, self._most = only, most

    def skip(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at

    def value(self, at: int, turns: int) -> tuple[Any, int]:
        """The value at `at` and where it ends."""
        opening = self._text[at : at + 1]
        if turns and opening == "[":
            return self._list(at, turns - 1)
        if turns and opening == "{":
            return self._object(at, turns - 1)
        return self._decoder.raw_decode(self._text, at)

    def _list(self, at: int, turns: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        at = self.skip(at + 1)
        if self._text[at : at + 1] == "]":
            return values, at + 1
        while True:
            value, at = self.value(at, turns)
            values.append(value)
            self._bound(values)
            at, ended = self._next(at, "]")
            if ended:
                return values, at

    def _object(self, at: int, turns: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        at = self.skip(at + 1)
        if self._text[at : at + 1] == "}":
            return members, at + 1
        while True:
            if self._text[at : at + 1] != '"':
                raise self._error("Expecting property name enclosed in double quotes", at)
            key, at = self._decoder.raw_decode(self._text, at)
            at = self.skip(at)
            if self._text[at : at + 1] != ":":
                raise self._error("Expecting ':' delimiter", at)
            inside = turns if self._only is None or key in self._only else 0
            members[key], at = self.value(self.skip(at + 1), inside)
            self._bound(members)
            at, ended = self._next(at, "}")
            if ended:
                return members, at

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """After a member: past the comma to the next one, or past the end."""
        at = self.skip(at)
        found = self._text[at : at + 1]
        if found == closing:
            return at + 1, True
        if found != ",":
            raise self._error("Expecting ',' delimiter", at)
        return self.skip(at + 1), False

    def _error(self, message: str, at: int) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self._text, at)

    def _bound(self, members: Sized) -> None:
        if self._most is not None and len(members) > self._most:
            raise TooManyMembersError
