"""Arithmetic on described values. The bounds are computed with the very operations of the engines: rounding to the
nearest float keeps order, so that a bound of the operands gives a bound of the results.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from mergecells.formula.abstract import (
    ANYTHING,
    ARRAY,
    BLANK,
    ERROR,
    ERRORS,
    FALSE,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    number_between,
)
from mergecells.formula.number_text import parse_number
from mergecells.formula.values import LARGEST

WIDENING: Final = 1e-12
"""Relative slack where an operation is not sure to keep order to the last digit (logarithms, powers, sums of many)."""

_TRUTHS: Final = {"true": True, "false": False}


def as_number(value: Abstract) -> Abstract:
    """What a value counts as in arithmetic. Not for arrays."""
    kinds = value.kinds
    if kinds == NUMBER:
        return value
    errors = kinds & ERRORS
    low, high = (value.low, value.high) if kinds & NUMBER else (math.inf, -math.inf)
    if kinds & (BLANK | FALSE):
        low, high = min(low, 0.0), max(high, 0.0)
    if kinds & TRUE:
        low, high = min(low, 1.0), max(high, 1.0)
    if kinds & TEXT:
        if value.texts is None:
            return Abstract(NUMBER | ERROR | errors)
        for text in value.texts:
            number = parse_number(text)
            if number is None:
                errors |= ERROR
            else:
                low, high = min(low, number), max(high, number)
    return number_between(low, high, errors)


def truths(value: Abstract) -> int:
    """TRUE, FALSE and errors, as far as a condition of this value may come out so. Not for arrays."""
    kinds = value.kinds
    found = kinds & (TRUE | FALSE | ERRORS)
    if kinds & BLANK:
        found |= FALSE
    if kinds & NUMBER:
        if value.low <= 0.0 <= value.high and 0.0 not in value.excluded:
            found |= FALSE
        if not value.low == value.high == 0.0:
            found |= TRUE
    if kinds & TEXT:
        if value.texts is None:
            return found | TRUE | FALSE | ERROR
        for text in value.texts:
            truth = _TRUTHS.get(text.strip(" "))
            found |= ERROR if truth is None else TRUE if truth else FALSE
    return found


def bounded(low: float, high: float, errors: int) -> Abstract:
    """A result that the engines check for an overflow: beyond the largest float it is an error, never an infinity."""
    if math.isnan(low) or math.isnan(high):
        return Abstract(NUMBER | ERROR | errors)
    if math.isinf(low) or math.isinf(high):
        errors |= ERROR
    return number_between(low, high, errors) if low <= LARGEST and high >= -LARGEST else Abstract(ERROR | errors)


def widened(low: float, high: float, errors: int, scale: float = 0.0) -> Abstract:
    """The same with slack; `scale`: the size of the largest operand, where results may be much smaller than those."""
    slack = WIDENING * max(abs(low), abs(high), scale)
    return bounded(low - slack, high + slack, errors) if math.isfinite(slack) else bounded(low, high, errors)


def arithmetic(op: str, left: Abstract, right: Abstract) -> Abstract:
    """`+ - * / ^` on two values."""
    if (left.kinds | right.kinds) & ARRAY:
        return ANYTHING
    one, other = as_number(left), as_number(right)
    errors = (one.kinds | other.kinds) & ERRORS
    if not (one.kinds & NUMBER and other.kinds & NUMBER):
        return Abstract(errors)
    return _OPERATIONS[op](one, other, errors)


def negated(value: Abstract) -> Abstract:
    if value.kinds & ARRAY:
        return ANYTHING
    number = as_number(value)
    return number_between(-number.high, -number.low, number.kinds & ERRORS) if number.kinds & NUMBER else number


def percent(value: Abstract) -> Abstract:
    if value.kinds & ARRAY:
        return ANYTHING
    number = as_number(value)
    if not number.kinds & NUMBER:
        return number
    return number_between(number.low / 100.0, number.high / 100.0, number.kinds & ERRORS)


def _add(one: Abstract, other: Abstract, errors: int) -> Abstract:
    return bounded(one.low + other.low, one.high + other.high, errors)


def _subtract(one: Abstract, other: Abstract, errors: int) -> Abstract:
    return bounded(one.low - other.high, one.high - other.low, errors)


def _product(one: float, other: float) -> float:
    return 0.0 if one == 0.0 or other == 0.0 else one * other


def _multiply(one: Abstract, other: Abstract, errors: int) -> Abstract:
    corners = [_product(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    return bounded(min(corners), max(corners), errors)


def _divide(one: Abstract, other: Abstract, errors: int) -> Abstract:
    low, high = other.low, other.high
    if low <= 0.0 <= high and 0.0 not in other.excluded:
        errors |= ERROR
    if low == high == 0.0:
        return Abstract(errors)
    if low < 0.0 < high:
        return Abstract(NUMBER | ERROR | errors)
    # A bound of 0 stands for the smallest numbers beside it: the quotient has no bound on that side.
    edge = 5e-324
    low, high = (edge, high) if low == 0.0 else (low, -edge if high == 0.0 else high)
    corners = [_capped(a) / _capped(b) for a in (one.low, one.high) for b in (low, high)]
    return bounded(min(corners), max(corners), errors)


def _capped(bound: float) -> float:
    """No value lies beyond the largest float, so that an infinite bound stands for it."""
    return max(-LARGEST, min(LARGEST, bound))


def _power(one: Abstract, other: Abstract, errors: int) -> Abstract:
    exponent = other.low
    if exponent != other.high or exponent < 0.0:
        return Abstract(NUMBER | ERROR | errors)
    if exponent == 0.0:
        return number_between(1.0, 1.0, errors | ERROR)
    if one.low >= 0.0:
        return widened(_raised(one.low, exponent), _raised(one.high, exponent), errors | ERROR)
    if exponent % 2.0 == 0.0:
        return widened(0.0, _raised(max(-one.low, abs(one.high)), exponent), errors | ERROR)
    return Abstract(NUMBER | ERROR | errors)


def _raised(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


_OPERATIONS: Final[dict[str, Callable[[Abstract, Abstract, int], Abstract]]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "^": _power,
}
