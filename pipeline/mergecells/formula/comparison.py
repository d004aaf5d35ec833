"""Comparison as a sheet does it: numbers by 15 significant digits, texts without case, number < text < boolean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mergecells.formula.number_text import round_to_15
from mergecells.formula.values import Scalar, Value, fold, to_scalar


def compare_numbers(left: float, right: float) -> int:
    """-1, 0 or 1. `0.1+0.2` equals `0.3`: what agrees in 15 digits is equal."""
    if left == right:
        return 0
    if abs(left - right) <= 1e-14 * abs(left) and round_to_15(left) == round_to_15(right):
        return 0
    return -1 if left < right else 1


def compare(left: Scalar, right: Scalar) -> int:
    """-1, 0 or 1 for two values that are no errors. A blank is like 0, "" or FALSE, whatever it meets."""
    if left is None:
        left = _blank_like(right)
    if right is None:
        right = _blank_like(left)
    if type(left) is float and type(right) is float:
        return compare_numbers(left, right)
    if type(left) is str and type(right) is str:
        one, other = fold(left), fold(right)
        return (one > other) - (one < other)
    if type(left) is bool and type(right) is bool:
        return left - right
    return (_rank(left) > _rank(right)) * 2 - 1


def _blank_like(other: Scalar) -> Scalar:
    if type(other) is str:
        return ""
    return False if type(other) is bool else 0.0


def _rank(value: Scalar) -> int:
    return 2 if type(value) is bool else 1 if type(value) is str else 0


def _both(left: Value, right: Value) -> int:
    one = to_scalar(left)
    return compare(one, to_scalar(right))


def equal(left: Value, right: Value) -> bool:
    return _both(left, right) == 0


def unequal(left: Value, right: Value) -> bool:
    return _both(left, right) != 0


def less(left: Value, right: Value) -> bool:
    return _both(left, right) < 0


def greater(left: Value, right: Value) -> bool:
    return _both(left, right) > 0


def at_most(left: Value, right: Value) -> bool:
    return _both(left, right) <= 0


def at_least(left: Value, right: Value) -> bool:
    return _both(left, right) >= 0


COMPARISONS: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "=": equal,
    "<>": unequal,
    "<": less,
    ">": greater,
    "<=": at_most,
    ">=": at_least,
}
"""Each raises Fault for an error value, the left one first."""
