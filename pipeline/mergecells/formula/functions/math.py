"""Arithmetic functions. Results are finite: an overflow is #NUM!."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault

F = TypeVar("F", bound=Callable[..., Any])

_LARGEST_QUOTIENT: Final = 1_125_900_000_000.0
"""Excel's MOD gives #NUM! when the quotient reaches 2^50 / 1000 or so; published limit: 1,125,900,000,000."""


def finite(number: float) -> float:
    """The number, or Fault(#NUM!) for an infinity and for what is no number."""
    if math.isfinite(number):
        return number
    raise Fault(NUM)


def require(*holds: bool) -> None:
    """Raises Fault(#NUM!) unless all hold: what most functions say of an argument out of range."""
    if not all(holds):
        raise Fault(NUM)


def bounded(function: F) -> F:
    """What Python raises beyond the range of numbers is #NUM!. For functions that are rare enough for one more call."""

    @functools.wraps(function)
    def guarded(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except (OverflowError, ZeroDivisionError, ValueError):
            raise Fault(NUM) from None

    return cast(F, guarded)


def power(base: float, exponent: float) -> float:
    """`base ^ exponent` as Excel has it: 0^0 is #NUM!, 0 to a negative power #DIV/0!, no complex results."""
    if base == 0.0 and exponent <= 0.0:
        raise Fault(NUM if exponent == 0.0 else DIV0)
    try:
        result: float | complex = base**exponent
    except OverflowError:
        raise Fault(NUM) from None
    return _odd_root(base, exponent) if isinstance(result, complex) else result


def _odd_root(base: float, exponent: float) -> float:
    """Of a negative number only an odd root is real: `(-8)^(1/3)` is -2, as in Excel. Else #NUM!."""
    degree = round(1.0 / exponent) if abs(exponent) > 1e-9 else 0
    if degree % 2 == 0 or abs(1.0 / degree - exponent) > 1e-15:
        raise Fault(NUM)
    return finite(-((-base) ** exponent))


@function("POWER(number, power)", "nn", "n", "math", "A number raised to a power.")
def _power(base: float, exponent: float) -> float:
    return power(base, exponent)


@function("ABS(number)", "n", "n", "math", "The number without its sign.")
def _abs(number: float) -> float:
    return abs(number)


@function("SIGN(number)", "n", "n", "math", "1, 0 or -1.")
def _sign(number: float) -> float:
    return float((number > 0) - (number < 0))


@function("SQRT(number)", "n", "n", "math", "The square root; #NUM! below 0.")
def _sqrt(number: float) -> float:
    if number < 0:
        raise Fault(NUM)
    return math.sqrt(number)


@function("EXP(number)", "n", "n", "math", "e raised to a power.")
def _exp(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        raise Fault(NUM) from None


@function("LN(number)", "n", "n", "math", "The natural logarithm; #NUM! for 0 and below.")
def _ln(number: float) -> float:
    if number <= 0:
        raise Fault(NUM)
    return math.log(number)


@function("LOG(number, [base])", "nn", "n", "math", "The logarithm, to base 10 if left out.", optional=1)
def _log(number: float, base: float = 10.0) -> float:
    if number <= 0 or base <= 0:
        raise Fault(NUM)
    if base == 1.0:
        raise Fault(DIV0)
    return math.log10(number) if base == 10.0 else math.log2(number) if base == 2.0 else _quotient(number, base)


def _quotient(number: float, base: float) -> float:
    return math.log(number) / math.log(base)


@function("LOG10(number)", "n", "n", "math", "The logarithm to base 10.")
def _log10(number: float) -> float:
    return _log(number)


@function("PI()", "", "n", "math", "3.14159265358979.")
def _pi() -> float:
    return math.pi


@function("MOD(number, divisor)", "nn", "n", "math", "The remainder, with the sign of the divisor.")
def _mod(number: float, divisor: float) -> float:
    if divisor == 0.0:
        raise Fault(DIV0)
    if abs(number / divisor) >= _LARGEST_QUOTIENT:
        raise Fault(NUM)
    return number % divisor


@function("QUOTIENT(number, divisor)", "nn", "n", "math", "The whole part of a division.")
def _whole_quotient(number: float, divisor: float) -> float:
    if divisor == 0.0:
        raise Fault(DIV0)
    return float(math.trunc(finite(number / divisor)))


@function("SQRTPI(number)", "n", "n", "math", "The square root of a number times pi; #NUM! below 0.")
def _sqrtpi(number: float) -> float:
    return _sqrt(finite(number * math.pi))
