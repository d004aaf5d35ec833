"""Functions that build and cut texts. Characters count as Unicode code points."""

from __future__ import annotations

import re
from typing import Final

from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import MAX_TEXT, VALUE, Fault, Scalar, to_number

_SPACES: Final = re.compile(r" {2,}")
_UNASSIGNED: Final = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Codes without a character in Windows-1252; Windows maps them to the control characters of the same number."""


def bounded(text: str) -> str:
    """The text, or Fault(#VALUE!) beyond 32,767 characters."""
    if len(text) > MAX_TEXT:
        raise Fault(VALUE)
    return text


def join(*texts: str) -> str:
    """The `&` operator. Checks the length before it builds anything."""
    if sum(map(len, texts)) > MAX_TEXT:
        raise Fault(VALUE)
    return "".join(texts)


def whole(number: float, least: int = 0) -> int:
    """A position or count: cut to a whole number, #VALUE! below `least`."""
    count = int(min(number, 1e9)) if number > -1e9 else -1
    if count < least:
        raise Fault(VALUE)
    return count


@function("LEN(text)", "t", "n", "text", "How many characters.")
def _len(text: str) -> float:
    return float(len(text))


@function("LEFT(text, [count])", "tn", "t", "text", "The first characters; one if left out.", optional=1)
def _left(text: str, count: float = 1.0) -> str:
    return text[: whole(count)]


@function("RIGHT(text, [count])", "tn", "t", "text", "The last characters; one if left out.", optional=1)
def _right(text: str, count: float = 1.0) -> str:
    length = whole(count)
    return text[-length:] if length else ""


@function("MID(text, start, count)", "tnn", "t", "text", "Characters from the middle; the first is 1.")
def _mid(text: str, start: float, count: float) -> str:
    first = whole(start, 1) - 1
    return text[first : first + whole(count)]


@function("LOWER(text)", "t", "t", "text", "In small letters.")
def _lower(text: str) -> str:
    text = text.lower()
    return text if len(text) <= MAX_TEXT else bounded(text)


@function("UPPER(text)", "t", "t", "text", "In capitals.")
def _upper(text: str) -> str:
    return bounded(
        "".join(c.upper() if len(c.upper()) == 1 else c for c in text) if not text.isascii() else text.upper()
    )


@function("PROPER(text)", "t", "t", "text", "Each word with a capital.")
def _proper(text: str) -> str:
    result, inside = [], False
    for character in text:
        result.append(character.lower() if inside else character.upper())
        inside = character.isalpha()
    return bounded("".join(result))


@function("TRIM(text)", "t", "t", "text", "Without spaces around, one between words. No-break spaces stay.")
def _trim(text: str) -> str:
    text = text.strip(" ")
    return _SPACES.sub(" ", text) if "  " in text else text


@function("CLEAN(text)", "t", "t", "text", "Without control characters (codes 0 to 31).")
def _clean(text: str) -> str:
    return "".join(character for character in text if character >= " ")


@function("REPT(text, times)", "tn", "t", "text", "The text repeated.")
def _rept(text: str, times: float) -> str:
    count = whole(times)
    if len(text) * count > MAX_TEXT:
        raise Fault(VALUE)
    return text * count


@function("REPLACE(text, start, count, new)", "tnnt", "t", "text", "With characters replaced by position.")
def _replace(text: str, start: float, count: float, new: str) -> str:
    first = whole(start, 1) - 1
    return join(text[:first], new, text[first + whole(count) :])


@function("CONCAT(text, …)", "T", "t", "text", "All texts one after another.", repeats=1)
def _concat(*parts: tuple[str, ...]) -> str:
    return join(*(text for part in parts for text in part))


@function("CONCATENATE(text, …)", "t", "t", "text", "All texts one after another.", repeats=1)
def _concatenate(*texts: str) -> str:
    return join(*texts)


@function("TEXTJOIN(delimiter, ignore_empty, text, …)", "TbT", "t", "text", "Texts with a delimiter.", repeats=1)
def _textjoin(delimiters: tuple[str, ...], ignore_empty: bool, *parts: tuple[str, ...]) -> str:
    """A list of delimiters is gone through in turn, as Excel does."""
    texts = [text for part in parts for text in part if text or not ignore_empty]
    if sum(map(len, texts)) + min(map(len, delimiters)) * max(0, len(texts) - 1) > MAX_TEXT:
        raise Fault(VALUE)
    if len(delimiters) == 1:
        return delimiters[0].join(texts)
    between = (delimiters[index % len(delimiters)] for index in range(max(0, len(texts) - 1)))
    return join(*texts[:1], *(part for pair in zip(between, texts[1:], strict=True) for part in pair))


@function("EXACT(text, text)", "tt", "b", "text", "Whether both are the same, case included.")
def _exact(one: str, other: str) -> bool:
    return one == other


@function("VALUE(text)", "v", "n", "text", "The number that a text shows; #VALUE! for anything else.")
def _value(value: Scalar) -> float:
    if type(value) is bool or (type(value) is str and parse_number(value) is None):
        raise Fault(VALUE)
    return to_number(value)


@function("CHAR(number)", "n", "t", "text", "The character of a code from 1 to 255 in Windows' character set.")
def _char(number: float) -> str:
    code = int(number) if 1 <= number < 256 else 0
    if not code:
        raise Fault(VALUE)
    return bytes((code,)).decode("cp1252") if code not in _UNASSIGNED else chr(code)


@function("UNICHAR(number)", "n", "t", "text", "The character of a Unicode code point.")
def _unichar(number: float) -> str:
    code = int(number) if 1 <= number < 0x110000 else 0
    if not code or 0xD800 <= code < 0xE000:
        raise Fault(VALUE)
    return chr(code)


@function("CODE(text)", "t", "n", "text", "The code of the first character in Windows' character set; else 63, a `?`.")
def _code(text: str) -> float:
    if not text:
        raise Fault(VALUE)
    code = ord(text[0])
    return float(code if code in _UNASSIGNED else text[0].encode("cp1252", errors="replace")[0])


@function("UNICODE(text)", "t", "n", "text", "The Unicode code point of the first character.")
def _unicode(text: str) -> float:
    if not text:
        raise Fault(VALUE)
    return float(ord(text[0]))


@function("T(value)", "v", "t", "text", 'The value if it is a text, else "".')
def _t(value: Scalar) -> str:
    return value if type(value) is str else ""
