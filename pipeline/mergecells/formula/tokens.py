"""Formula text → tokens with exact positions, and pointed hints for characters that only look right."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from mergecells.formula.errors import FormulaSyntaxError

MAX_LENGTH: Final = 8_192
"""Characters in a formula; the limit of Excel's cells."""

_CELL = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6}"
_SHEET = r"(?:'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.]*)!"
_TOKEN: Final = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
    |(?P<reference>{_SHEET}(?:\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[0-9]+:\$?[0-9]+|{_CELL}(?::{_CELL})?)
        |(?:{_CELL}(?::{_CELL})?|\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}|\$?[0-9]+:\$?[0-9]+)(?![A-Za-z0-9_.(!]))
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<error>\#(?:N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!|CALC!))
    |(?P<operator><=|>=|<>|[-+*/^&=<>%(){{}},;@])""",
    re.VERBOSE | re.IGNORECASE,
)
_LAST_COLUMN: Final = 16_384
_LAST_ROW: Final = 1_048_576
_SMART_QUOTES: Final = frozenset("“”„‟«»‘’‚‛`´")
_WORDS_ONLY: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


class Token(NamedTuple):
    """`kind` is reference, number, name, text, error, operator or end."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str, start: int = 1) -> list[Token]:
    """The tokens from `start` (after the `=`) on, closed by one of kind `end`. Raises FormulaSyntaxError."""
    tokens: list[Token] = []
    position = start
    # A scanner's match() goes on where the last one ended and never searches ahead, which would be quadratic.
    for match in iter(_TOKEN.scanner(text, start).match, None):  # type: ignore[attr-defined]
        first, position = match.span()
        kind, word = match.lastgroup, match.group()
        if kind == "space":
            continue
        if kind == "reference" and not _is_reference(word):
            kind = "name"
        tokens.append(Token(kind, word, first, position))
    if position != len(text):
        raise _unreadable(text, position)
    tokens.append(Token("end", "", position, position))
    return tokens


def is_cell_address(name: str) -> bool:
    """Whether a spreadsheet reads this word as a cell (`Q1`, `abc12`), so that no defined name can be called so."""
    match = _WORDS_ONLY.fullmatch(name)
    if match is None:
        return False
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return column <= _LAST_COLUMN and int(match[2]) <= _LAST_ROW


def _is_reference(word: str) -> bool:
    return not word.isalnum() or is_cell_address(word)


def _unreadable(text: str, position: int) -> FormulaSyntaxError:
    character = text[position]
    if character == '"':
        return FormulaSyntaxError("The text that starts here is not closed", position, 'End it with a `"`.')
    if character in _SMART_QUOTES:
        return FormulaSyntaxError(f"Typographic quote {character}", position, 'Use straight quotes: "text".')
    if character == "'":
        return FormulaSyntaxError("A single quote", position, 'Texts stand in double quotes: "text".')
    if character in "[]#!:\\|~?$":
        return FormulaSyntaxError(f"`{character}` is not understood here", position, _SYMBOL_HINTS.get(character, ""))
    return _odd_character(character, position)


_SYMBOL_HINTS: Final = {
    "[": "Table references are not supported; use field names.",
    "]": "Table references are not supported; use field names.",
    "#": "Spill ranges are not supported; use a named list.",
    "!": "For unequal write <>. References to other sheets are not supported; use field names.",
    "?": "Write IF(condition,value,other).",
    "|": "Write OR(one,other), and & to join texts.",
    ":": "Ranges are not supported; use a named list.",
    "\\": "Separate the cells of an array with commas: {1,2;3,4}.",
    "$": "Cell addresses are not supported; use field names.",
}


_LIKE_OPERATORS: Final = dict(zip("−–—‐‑×∗⋅·÷∕⁄≠≤≥", (*"-----", *"****", *"///", "<>", "<=", ">="), strict=True))
"""Signs of typography and what they mean in a formula."""


def is_invisible(character: str) -> bool:
    """Blanks of all kinds, marks of direction, the byte order mark."""
    return character.isspace() or unicodedata.category(character) in {"Zs", "Cf"}


def _plain(character: str) -> str:
    """What an editor meant: the sign, letter or digit of ASCII that stands for it; else the character."""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return _LIKE_OPERATORS.get(character) or unicodedata.normalize("NFKC", character)


def _odd_character(character: str, position: int) -> FormulaSyntaxError:
    plain = _plain(character)
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    if is_invisible(character):
        return FormulaSyntaxError(f"An invisible character ({name})", position, "Delete it or use a plain space.")
    if plain != character and plain.isascii():
        typed = "comma" if plain == ";" else f"plain {plain}"  # a semicolon would be the next mistake
        return FormulaSyntaxError(f"{character} ({name})", position, f"Type a {typed}.")
    hint = "Names and functions are written with the letters A to Z, functions in English."
    return FormulaSyntaxError(f"{character} ({name}) cannot stand in a formula", position, hint)
