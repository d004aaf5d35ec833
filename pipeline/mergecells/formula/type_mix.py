"""Types that do not go together: comparisons that the types alone decide, arithmetic on texts, cells that are skipped.

Told only where the types are certain, from the fields' declared types or from the form of an expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mergecells.formula.abstract import ARRAY, BLANK, BOOLEAN, ERRORS, FALSE, NUMBER, TEXT, TRUE, Abstract
from mergecells.formula.abstract_comparison import compared
from mergecells.formula.dates import date_parts, parse_date_text
from mergecells.formula.nodes import Name, Node, Number, Text
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import FunctionSpec
from mergecells.formula.unparse import unparse

Told = tuple[str, str]
"""Message and hint."""

_CLASSES: Final = ((NUMBER, "a number"), (TEXT, "a text"), (BOOLEAN, "TRUE or FALSE"))
_ARTICLES: Final = {"number": "the number", "text": "the text", "boolean": "the truth value", "date": "the date"}
_ORDER: Final = "A sheet puts every number below every text, and texts below FALSE and TRUE."

_AGGREGATES: Final = frozenset("NB")
_TEXT_ON_DATES: Final = frozenset(("LEFT", "RIGHT", "MID", "SEARCH", "FIND", "SUBSTITUTE", "REPLACE"))
_READS_TEXTS: Final = frozenset(("date", "information"))
"""Families whose functions of numbers read a text such as `2024-02-29` on purpose."""


def mixed_comparison(
    op: str, left: Node, value: Abstract, right: Node, other: Abstract, types: Mapping[str, str]
) -> Told | None:
    """A comparison between two types: it looks at the types only, never at the values."""
    one, two = _class(value), _class(other)
    if (
        not one
        or not two
        or one == two
        or _asks_for_blank(op, value, right, two)
        or _asks_for_blank(op, other, left, one)
    ):
        return None
    result = compared(op, value, other).kinds
    verdict = (
        "it is never TRUE"
        if not result & TRUE
        else "it is always TRUE"
        if not result & FALSE
        else "only a blank decides it"
    )
    shown = f"{_short(left)}{op}{_short(right)}"
    message = f"`{shown}` compares {_words(left, one, types)} with {_words(right, two, types)}: {verdict}."
    return message, _comparison_hint(left, one, right, two, types)


def mixed_arithmetic(op: str, operand: Node, value: Abstract, other: Node, types: Mapping[str, str]) -> Told | None:
    """Arithmetic on a text field. `country*1` and `country+0` are the known ways to read a text as a number."""
    if type(operand) is not Name or types.get(operand.key) != "text" or _class(value) != TEXT:
        return None
    if type(other) is Number and other.value == (0.0 if op in "+-" else 1.0):
        return None
    message = f"{operand.text} is a text field, and `{op}` needs a number: a text that is none gives #VALUE!."
    return message, f"Give the field the type number, or say that you mean it with VALUE({operand.text})."


def mixed_argument(
    spec: FunctionSpec, index: int, argument: Name, value: Abstract, types: Mapping[str, str]
) -> Told | None:
    """A field as an argument that the function does not take in the way it looks."""
    field_type, kind = types.get(argument.key), spec.kind_of(index)
    name = argument.text
    if field_type is None or value.kinds & ARRAY:
        return None
    if kind in _AGGREGATES and field_type == "text" and _class(value) == TEXT:
        return f"{spec.name} skips the text field {name}, as a sheet does with texts in cells.", f"Use VALUE({name})."
    if kind == "N" and field_type == "boolean" and _class(value) == BOOLEAN:
        hint = f"Write N({name}), which is 1 or 0."
        return f"{spec.name} skips the field {name}, as a sheet does with TRUE and FALSE in cells.", hint
    if kind == "n" and field_type == "text" and spec.family not in _READS_TEXTS and _class(value) == TEXT:
        message = f"{name} is a text field, and {spec.name} needs a number: a text that is none gives #VALUE!."
        return message, f"Give the field the type number, or say that you mean it with VALUE({name})."
    if kind == "t" and field_type == "date" and spec.name in _TEXT_ON_DATES:
        message = f"{spec.name} sees the date {name} as its serial number, such as 45351."
        return message, f'Use YEAR, MONTH or DAY, or TEXT({name},"yyyy-mm-dd").'
    return None


def _class(value: Abstract) -> int:
    """NUMBER, TEXT or BOOLEAN when the value, if it is neither blank nor an error, is sure to be one; else 0."""
    kinds = value.kinds & ~(BLANK | ERRORS)
    if kinds & BOOLEAN and not kinds & ~BOOLEAN:
        return BOOLEAN
    return kinds if kinds in (NUMBER, TEXT) else 0


def _asks_for_blank(op: str, value: Abstract, constant: Node, kind: int) -> bool:
    """`years=""` and `country=0` are asked of what may be blank, which equals both; a truth value of FALSE is not 0."""
    if not value.kinds & BLANK or op not in ("=", "<>"):
        return False
    if type(constant) is Text:
        return constant.value == ""
    return type(constant) is Number and constant.value == 0.0 and _class(value) != BOOLEAN and kind == NUMBER


def _words(node: Node, kind: int, types: Mapping[str, str]) -> str:
    if type(node) is Name and node.key in types:
        return (
            f"{_ARTICLES[types[node.key]]} field {node.text}" if types[node.key] != "date" else f"the date {node.text}"
        )
    return next(words for each, words in _CLASSES if each == kind)


def _short(node: Node) -> str:
    text = unparse(node)
    return text if len(text) <= 40 else text[:39] + "…"


def _comparison_hint(left: Node, one: int, right: Node, two: int, types: Mapping[str, str]) -> str:
    for node, kind, other, other_kind in ((left, one, right, two), (right, two, left, one)):
        if kind == BOOLEAN and type(node) is Name:
            return f"Ask {node.text} alone, or {node.text}=TRUE. {_ORDER}"
        if kind == NUMBER and type(other) is Text and parse_number(other.value) is not None:
            serial = parse_date_text(other.value)
            if serial is not None and serial >= 1:
                parts = date_parts(serial)
                return f"Write DATE({parts.year},{parts.month},{parts.day}) for the date."
            return f"Write {other.value.strip()} without quotes."
        if kind == TEXT and other_kind == NUMBER and type(node) is Name and node.key in types:
            return f"Give the field the type number, or compare VALUE({node.text}). {_ORDER}"
    return _ORDER
