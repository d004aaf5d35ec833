"""Arithmetic on single values. Each brings the left operand to a number before it looks at the right one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mergecells.formula.comparison import COMPARISONS, compare_numbers
from mergecells.formula.functions.math import finite, power
from mergecells.formula.functions.text import join
from mergecells.formula.values import DIV0, Fault, Value, to_number, to_text


def _add(left: Value, right: Value) -> float:
    return to_number(left) + to_number(right)


def _subtract(left: Value, right: Value) -> float:
    return to_number(left) - to_number(right)


def _multiply(left: Value, right: Value) -> float:
    return to_number(left) * to_number(right)


def _divide(left: Value, right: Value) -> float:
    dividend, divisor = to_number(left), to_number(right)
    if divisor == 0.0:
        raise Fault(DIV0)
    return dividend / divisor


def _power(left: Value, right: Value) -> float:
    return power(to_number(left), to_number(right))


def _join(left: Value, right: Value) -> str:
    return join(to_text(left), to_text(right))


_ARITHMETIC: Final[Mapping[str, Callable[[Value, Value], float]]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "^": _power,
}


def apply_operator(op: str, left: Value, right: Value) -> float | bool | str:
    """One operator on two single values. Raises Fault for an error value, the left one first."""
    arithmetic = _ARITHMETIC.get(op)
    if arithmetic is not None:
        return finite(arithmetic(left, right))
    return _join(left, right) if op == "&" else COMPARISONS[op](left, right)


def snapped(op: str, left: float, right: float, result: float) -> float:
    """0 where the last addition or subtraction cancels all 15 digits, as in `=0.1+0.2-0.3` (Excel since 97)."""
    return 0.0 if compare_numbers(left, right if op == "-" else -right) == 0 else result
