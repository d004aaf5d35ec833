"""What a plain YAML scalar means, and which texts may be written without quotes.

A plain scalar has its YAML 1.2 core meaning, but only where YAML 1.1 readers agree (https://yaml.org/type/ against
https://yaml.org/spec/1.2.2/#103-core-schema, and PyYAML's own patterns). What readers see differently is refused when
read and quoted when written. A plain date such as 2024-02-29 reads as text.
"""

from __future__ import annotations

import re
from math import isinf
from typing import TypeAlias

PlainValue: TypeAlias = float | bool | str | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_CONSTANTS: dict[str, bool | None] = {**dict.fromkeys(_NULLS), **_BOOLEANS}
_OLD_BOOLEANS = frozenset({"yes", "no", "on", "off"})
# YAML 1.1 lists y and n, too, but no reader in use takes them for booleans: fine to read, safer to quote.
_NEVER_PLAIN = _OLD_BOOLEANS | {"y", "n", "true", "false", "null", "nan", "inf"}

# A scalar that starts with none of these characters is a text, unless it is one of the words above.
_NUMBER_START = frozenset("+-.0123456789=<")
_WORD_START = frozenset("yYnNoOtTfF~")

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?\Z")
_OTHER_NUMBER = re.compile(
    r"[-+]?(?:"
    r"0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|\.(?:inf|Inf|INF)"
    r")\Z|\.(?:nan|NaN|NAN)\Z"
)
_MOST_DIGITS = 15
"""A spreadsheet and a float both hold 15 digits of a number exactly; an id with more is a text."""

_PLAIN_SAFE = re.compile(r"[^\W\d](?:[\w ./()%+;@$€£<>=!?*&^~|'\"-]|:(?=[^\s]))*\Z")
_LOOKS_SPECIAL = re.compile(r"\s#|:\s|:\Z| \Z", re.ASCII)


class AmbiguousScalarError(ValueError):
    """YAML readers differ on this plain scalar; the message says how, in a person's words."""


def read_plain(text: str) -> PlainValue:
    """The value of a plain scalar. Raises AmbiguousScalarError where readers of YAML differ.

    No number is computed before its length is known: `int()` of 400 KB of digits takes seconds.
    """
    first = text[:1]
    if first in _NUMBER_START:
        return _read_numeric(text)
    if first in _WORD_START or not first:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text.lower() in _OLD_BOOLEANS:
            raise AmbiguousScalarError(f"{text!r} is a text to some YAML readers and true or false to others")
    return text


def _read_numeric(text: str) -> PlainValue:
    if text in ("=", "<<"):
        raise AmbiguousScalarError(f"{text!r} has a special meaning to some YAML readers")
    if _INTEGER.match(text):
        if len(text.lstrip("+-")) > _MOST_DIGITS:
            raise AmbiguousScalarError(f"a number of more than {_MOST_DIGITS} digits loses digits in most readers")
        return int(text)
    if _FLOAT.match(text):
        number = float(text)
        if isinf(number):
            raise AmbiguousScalarError("the number is too large for most readers")
        return number
    if _OTHER_NUMBER.match(text):
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise AmbiguousScalarError(f"{shown!r} is read as a number or as a text, depending on the YAML reader")
    return text


def may_stay_plain(text: str, in_flow: bool = False) -> bool:
    """True when every YAML reader takes `text`, written without quotes, for exactly this text.

    Stricter than the grammar on purpose: what starts with a digit (a date, `1,234`) is quoted. `in_flow`: inside
    `{}` or `[]`, where a comma would end the scalar.
    """
    body = text if in_flow else text.replace(",", "")
    if not _PLAIN_SAFE.match(body) or _LOOKS_SPECIAL.search(text) or not text.isprintable():
        return False
    return text.lower() not in _NEVER_PLAIN
