"""Texts cut at delimiters. Source: Microsoft support (TEXTSPLIT, TEXTBEFORE, TEXTAFTER), Google: SPLIT (3094136), JOIN
(3094077).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mergecells.formula.functions.lookup import Pair
from mergecells.formula.functions.lookup_modes import LEFT_OUT, option
from mergecells.formula.functions.shapes import made, padding
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import (
    CALC,
    MAX_CELLS,
    MAX_TEXT,
    NA,
    NUM,
    VALUE,
    Array,
    ErrorValue,
    Fault,
    Scalar,
    Value,
    to_boolean,
    to_text,
)

MAX_DELIMITERS = 64


def _delimiters(pair: Pair) -> list[str]:
    value = pair[0]
    cells: Sequence[Scalar] = value.cells if type(value) is Array else (value,)  # type: ignore[assignment]
    texts = [to_text(cell) for cell in cells]
    if len(texts) > MAX_DELIMITERS:
        raise Fault(NUM)
    return texts


def _cutter(delimiters: Sequence[str], mode: Pair) -> re.Pattern[str]:
    """Finds the delimiters, the longest first; they are texts, so nothing in them backtracks."""
    ignore = option(mode, 0.0)
    if ignore not in (0.0, 1.0):
        raise Fault(VALUE)
    words = sorted(map(re.escape, delimiters), key=len, reverse=True)
    return re.compile("|".join(words), re.IGNORECASE if ignore else 0)


def _yes(pair: Pair, otherwise: bool) -> bool:
    if pair == LEFT_OUT:
        return otherwise
    if type(pair[0]) is Array:
        raise Fault(VALUE)
    return to_boolean(pair[0])


def _pieces(text: str, delimiters: Sequence[str], mode: Pair, ignore_empty: bool) -> list[str]:
    if not all(delimiters):
        raise Fault(VALUE)
    found = _cutter(delimiters, mode).split(text)
    return [piece for piece in found if piece] if ignore_empty else found


@function(
    "TEXTSPLIT(text, columns, [rows], [ignore_empty], [mode], [pad])",
    "trrrrr",
    "v",
    "text",
    "Cut at delimiters into columns and rows; mode 1 ignores case.",
    optional=4,
)
def _textsplit(
    text: str,
    columns: Pair,
    rows: Pair = LEFT_OUT,
    ignore_empty: Pair = LEFT_OUT,
    mode: Pair = LEFT_OUT,
    pad: Pair = LEFT_OUT,
) -> Value:
    ignore, filler = _yes(ignore_empty, False), padding(pad)
    if columns == LEFT_OUT and rows == LEFT_OUT:
        raise Fault(VALUE)
    parts = [text] if rows == LEFT_OUT else _pieces(text, _delimiters(rows), mode, ignore)
    cut = [[part] if columns == LEFT_OUT else _pieces(part, _delimiters(columns), mode, ignore) for part in parts]
    cut = [row for row in cut if row]
    if not cut:
        raise Fault(CALC)
    width = max(map(len, cut))
    if width * len(cut) > MAX_CELLS:
        raise Fault(NUM)
    return made([[*row, *[filler] * (width - len(row))] for row in cut])


def _cut(text: str, delimiter: Pair, instance: Pair, mode: Pair, at_end: Pair) -> tuple[int, int] | None:
    """Where the delimiter asked for starts and ends; None when there is none."""
    which = option(instance, 1.0)
    if not abs(which) >= 1 or (text and abs(which) > len(text) + 1):
        raise Fault(VALUE)
    number, words = int(which), _delimiters(delimiter)
    length = len(text)
    if not all(words):
        return (0, 0) if number > 0 else (length, length)
    spans = [match.span() for match in _cutter(words, mode).finditer(text)]
    if option(at_end, 0.0):
        spans = [*spans, (length, length)] if number > 0 else [(0, 0), *spans]
    if abs(number) > len(spans):
        return None
    return spans[number - 1 if number > 0 else number]


def _missing(otherwise: Pair) -> Value:
    if otherwise == LEFT_OUT:
        raise Fault(NA)
    if type(otherwise[0]) is ErrorValue:
        raise Fault(otherwise[0])
    return otherwise[0]


@function(
    "TEXTBEFORE(text, delimiter, [which], [mode], [at_end], [otherwise])",
    "trrrrr",
    "v",
    "text",
    "What stands before a delimiter, below 0 counted from the end; #N/A without one.",
    optional=4,
)
def _textbefore(
    text: str,
    delimiter: Pair,
    which: Pair = LEFT_OUT,
    mode: Pair = LEFT_OUT,
    at_end: Pair = LEFT_OUT,
    otherwise: Pair = LEFT_OUT,
) -> Value:
    span = _cut(text, delimiter, which, mode, at_end)
    return _missing(otherwise) if span is None else text[: span[0]]


@function(
    "TEXTAFTER(text, delimiter, [which], [mode], [at_end], [otherwise])",
    "trrrrr",
    "v",
    "text",
    "What stands after a delimiter, below 0 counted from the end; #N/A without one.",
    optional=4,
)
def _textafter(
    text: str,
    delimiter: Pair,
    which: Pair = LEFT_OUT,
    mode: Pair = LEFT_OUT,
    at_end: Pair = LEFT_OUT,
    otherwise: Pair = LEFT_OUT,
) -> Value:
    span = _cut(text, delimiter, which, mode, at_end)
    return _missing(otherwise) if span is None else text[span[1] :]


@function(
    "SPLIT(text, delimiter, [each_character], [remove_empty])",
    "ttbb",
    "v",
    "text",
    "Cut at each character of the delimiter, or at all of it; what reads as a number is one.",
    optional=2,
)
def _split(text: str, delimiter: str, each: bool = True, remove_empty: bool = True) -> Value:
    if not delimiter or not text:
        raise Fault(VALUE)
    pieces = _pieces(text, sorted(set(delimiter)) if each else [delimiter], LEFT_OUT, remove_empty)
    return made([[_read(piece) for piece in pieces or [""]]])


def _read(piece: str) -> Scalar:
    number = parse_number(piece)
    return piece if number is None else number


@function("JOIN(delimiter, text, …)", "tT", "t", "text", "Texts with a delimiter, empty ones too.", repeats=1)
def _join(delimiter: str, *parts: tuple[str, ...]) -> str:
    texts = [text for part in parts for text in part]
    if sum(map(len, texts)) + len(delimiter) * max(0, len(texts) - 1) > MAX_TEXT:
        raise Fault(VALUE)
    return delimiter.join(texts)


@function(
    "ARRAYTOTEXT(list, [mode])",
    "rr",
    "t",
    "text",
    "All cells as one text; mode 1 as a formula would write it.",
    optional=1,
)
def _arraytotext(pair: Pair, mode: Pair = LEFT_OUT) -> str:
    strict = option(mode, 0.0)
    if strict not in (0.0, 1.0):
        raise Fault(VALUE)
    table = pair[0] if type(pair[0]) is Array else Array([[pair[0]]])  # type: ignore[list-item]
    if strict:
        text = "{" + ";".join(",".join(map(_quoted, row)) for row in table.rows) + "}"
    else:
        text = ", ".join(_plain(cell) for cell in table)
    if len(text) > MAX_TEXT:
        raise Fault(VALUE)
    return text


@function("VALUETOTEXT(value, [mode])", "en", "t", "text", "The value as a text; mode 1 with quotes.", optional=1)
def _valuetotext(value: Scalar, mode: float = 0.0) -> str:
    if mode not in (0.0, 1.0):
        raise Fault(VALUE)
    return _quoted(value) if mode else _plain(value)


def _plain(cell: Scalar) -> str:
    return cell.code if type(cell) is ErrorValue else to_text(cell)


def _quoted(cell: Scalar) -> str:
    return '"' + cell.replace('"', '""') + '"' if type(cell) is str else _plain(cell)
