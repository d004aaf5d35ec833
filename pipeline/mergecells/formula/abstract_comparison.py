"""Comparison of described values: what may come out, and what is left of a value when the outcome is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from mergecells.formula.abstract import (
    ARRAY,
    BLANK,
    BOOLEAN,
    ERRORS,
    FALSE,
    NOTHING,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    join,
    only,
)
from mergecells.formula.comparison import compare_numbers
from mergecells.formula.thresholds import equality_bounds

LESS: Final = 1
EQUAL: Final = 2
GREATER: Final = 4

ALLOWED: Final[Mapping[str, int]] = {
    "=": EQUAL,
    "<>": LESS | GREATER,
    "<": LESS,
    ">": GREATER,
    "<=": LESS | EQUAL,
    ">=": GREATER | EQUAL,
}
"""By operator: the outcomes for which it is TRUE."""

NEGATED: Final = {"=": "<>", "<>": "=", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
MIRRORED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

_ZERO: Final = Abstract(NUMBER, 0.0, 0.0)
_EMPTY: Final = Abstract(TEXT, texts=frozenset(("",)))
_NO: Final = Abstract(FALSE)
_SCALAR_KINDS: Final = (BLANK, NUMBER, TEXT, TRUE, FALSE)


def outcomes(left: Abstract, right: Abstract) -> int:
    """LESS, EQUAL and GREATER, as far as possible, between the single values of both that are no errors."""
    found = 0
    for one in _SCALAR_KINDS:
        if left.kinds & one:
            for other in _SCALAR_KINDS:
                if right.kinds & other:
                    found |= _between(one, left, other, right)
    return found


def compared(op: str, left: Abstract, right: Abstract) -> Abstract:
    """TRUE, FALSE and the errors that a comparison may give. Not for arrays."""
    possible = outcomes(left, right)
    kinds = (left.kinds | right.kinds) & ERRORS
    if possible & ALLOWED[op]:
        kinds |= TRUE
    if possible & ~ALLOWED[op]:
        kinds |= FALSE
    return Abstract(kinds)


def _between(one: int, left: Abstract, other: int, right: Abstract) -> int:
    """For two kinds. A blank is like 0, "" or FALSE, whatever it meets."""
    if one == BLANK:
        if other == BLANK:
            return EQUAL
        one, left = _like(other)
    elif other == BLANK:
        other, right = _like(one)
    if one == NUMBER and other == NUMBER:
        return _numbers(left, right)
    if one == TEXT and other == TEXT:
        return _texts(left, right)
    if one & BOOLEAN and other & BOOLEAN:
        return EQUAL if one == other else GREATER if one == TRUE else LESS
    return GREATER if _rank(one) > _rank(other) else LESS


def _like(kind: int) -> tuple[int, Abstract]:
    if kind == TEXT:
        return TEXT, _EMPTY
    return (FALSE, _NO) if kind & BOOLEAN else (NUMBER, _ZERO)


def _rank(kind: int) -> int:
    return 2 if kind & BOOLEAN else 1 if kind == TEXT else 0


def _sign(left: float, right: float) -> int:
    """compare_numbers, for bounds, which may be infinite."""
    if math.isinf(left) or math.isinf(right):
        return (left > right) - (left < right)
    return compare_numbers(left, right)


def _numbers(left: Abstract, right: Abstract) -> int:
    widest, narrowest = _sign(left.low, right.high), _sign(left.high, right.low)
    found = (LESS if widest < 0 else 0) | (GREATER if narrowest > 0 else 0)
    if widest <= 0 <= narrowest and not _excludes(left, right) and not _excludes(right, left):
        found |= EQUAL
    return found


def _excludes(value: Abstract, other: Abstract) -> bool:
    return other.low == other.high and other.low in value.excluded


def _texts(left: Abstract, right: Abstract) -> int:
    if left.texts is None or right.texts is None:
        known, open_side = (left.texts, right) if left.texts is not None else (right.texts, left)
        equal = known is None or any(text not in open_side.excluded for text in known)
        found = LESS | GREATER | (EQUAL if equal else 0)
        if left.texts == frozenset(("",)):
            return found & ~GREATER
        return found & ~LESS if right.texts == frozenset(("",)) else found
    found = 0
    for one in left.texts:
        for other in right.texts:
            found |= EQUAL if one == other else LESS if one < other else GREATER
    return found


def limited(value: Abstract, op: str, other: Abstract) -> Abstract:
    """The part of `value` for which `value op other` can be TRUE. With arrays about, nothing is known."""
    if (value.kinds | other.kinds) & ARRAY:
        return value
    if other.kinds == NUMBER and not value.kinds & ~(NUMBER | BLANK) and op != "<>":
        return _limited_number(value, op, other)
    allowed, left = ALLOWED[op], NOTHING
    for kind in _SCALAR_KINDS:
        if value.kinds & kind:
            part = only(value, kind)
            met = [each for each in _SCALAR_KINDS if other.kinds & each and _between(kind, part, each, other) & allowed]
            if met:
                left = join(left, _narrowed(part, op, met, other))
    return left._replace(excluded=value.excluded | _single(other)) if op == "<>" and left.kinds else left


def _limited_number(value: Abstract, op: str, other: Abstract) -> Abstract:
    """The same for what most conditions are about: a number field against a number."""
    kinds, allowed = value.kinds, ALLOWED[op]
    if kinds & BLANK and not _numbers(_ZERO, other) & allowed:
        kinds &= ~BLANK
    if not kinds & NUMBER or not _numbers(value, other) & allowed:
        return Abstract(kinds & ~NUMBER, excluded=value.excluded)
    part = _narrowed_number(value, op, other)
    return part._replace(kinds=kinds) if part.kinds else Abstract(kinds & ~NUMBER, excluded=value.excluded)


def _single(value: Abstract) -> frozenset[float | str]:
    """The number or text that `value` is sure to be; a value that is unequal to it is so whatever its kind."""
    if value.kinds == NUMBER and value.low == value.high:
        return frozenset((value.low,))
    if value.kinds == TEXT and value.texts is not None and len(value.texts) == 1:
        return frozenset(value.texts)
    return frozenset()


def _narrowed(part: Abstract, op: str, met: list[int], other: Abstract) -> Abstract:
    if part.kinds == NUMBER and all(kind in (NUMBER, BLANK) for kind in met):
        bounds = other if met == [NUMBER] else _ZERO if met == [BLANK] else join(only(other, NUMBER), _ZERO)
        return _narrowed_number(part, op, bounds)
    if part.kinds == TEXT and all(kind in (TEXT, BLANK) for kind in met):
        bounds = other if met == [TEXT] else _EMPTY if met == [BLANK] else join(only(other, TEXT), _EMPTY)
        return _narrowed_text(part, op, bounds)
    return part


def _narrowed_number(part: Abstract, op: str, bounds: Abstract) -> Abstract:
    low, high = part.low, part.high
    if op in (">=", "=") and math.isfinite(bounds.low):
        low = max(low, equality_bounds(bounds.low)[0])
    if op in ("<=", "=") and math.isfinite(bounds.high):
        high = min(high, equality_bounds(bounds.high)[1])
    if op == ">" and math.isfinite(bounds.low):
        low = max(low, math.nextafter(equality_bounds(bounds.low)[1], math.inf))
    if op == "<" and math.isfinite(bounds.high):
        high = min(high, math.nextafter(equality_bounds(bounds.high)[0], -math.inf))
    return Abstract(NUMBER, low, high, None, part.excluded) if low <= high else NOTHING


def _narrowed_text(part: Abstract, op: str, bounds: Abstract) -> Abstract:
    texts, only_text = part.texts, bounds.texts
    if op == "=" and only_text is not None:
        texts = only_text if texts is None else texts & only_text
    if op == "<>" and texts is not None and only_text is not None and len(only_text) == 1:
        texts = texts - only_text
    if texts is not None:
        texts = frozenset(text for text in texts if text not in part.excluded)
        if not texts:
            return NOTHING
    return Abstract(TEXT, texts=texts, excluded=part.excluded)
