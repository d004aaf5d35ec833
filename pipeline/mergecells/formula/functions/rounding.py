"""Rounding on the decimal digits that a sheet shows (15), so that ROUND(1.005,2) is 1.01 as in Excel."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from typing import Final

from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault

_WIDE: Final = Context(prec=700)  # 309 digits before the point and up to 320 after it
_POWERS: Final = tuple(10.0**digits for digits in range(10))


def round_decimal(number: float, digits: float, mode: str) -> float:
    """Round the 15-digit decimal form of `number` to `digits` places (negative: tens, hundreds …)."""
    places = math.trunc(max(-400.0, min(400.0, digits)))
    if number == 0.0 or places > 320:
        return number
    if places < -309:
        return 0.0 if mode in (ROUND_HALF_UP, ROUND_DOWN) else finite(math.copysign(math.inf, number))
    shown = Decimal(f"{number:.14e}")
    return finite(float(shown.quantize(Decimal(1).scaleb(-places), rounding=mode, context=_WIDE)))


@function("ROUND(number, digits)", "nn", "n", "math", "Rounded half away from zero.")
def round_half_away(number: float, digits: float) -> float:
    """ROUND. The fast path covers what is clearly not a tie; the rest goes by decimal digits."""
    if 0.0 <= digits < 10.0 and -1e9 < number < 1e9:
        scale = _POWERS[int(digits)]
        scaled = abs(number) * scale
        whole = math.floor(scaled)
        rest = scaled - whole
        if scaled < 1e9 and not 0.49999 < rest < 0.50001:
            rounded = (whole + 1 if rest > 0.5 else whole) / scale
            return rounded if number >= 0.0 else -rounded
    return round_decimal(number, digits, ROUND_HALF_UP)


@function("ROUNDUP(number, digits)", "nn", "n", "math", "Rounded away from zero.")
def _round_up(number: float, digits: float) -> float:
    return round_decimal(number, digits, ROUND_UP)


@function("ROUNDDOWN(number, digits)", "nn", "n", "math", "Rounded towards zero.")
def _round_down(number: float, digits: float) -> float:
    return round_decimal(number, digits, ROUND_DOWN)


@function("TRUNC(number, [digits])", "nn", "n", "math", "Cut towards zero.", optional=1)
def _trunc(number: float, digits: float = 0.0) -> float:
    return round_decimal(number, digits, ROUND_DOWN)


@function("INT(number)", "n", "n", "math", "Rounded down to a whole number: INT(-2.5) is -3.")
def _int(number: float) -> float:
    return float(math.floor(number))


@function("CEILING(number, significance)", "nn", "n", "math", "Up to a multiple of the significance.")
def ceiling(number: float, significance: float) -> float:
    """CEILING."""
    if number > 0 > significance:
        raise Fault(NUM)
    # A negative number with a negative significance goes away from zero, as Excel's page shows: CEILING(-2.5,-2) is -4.
    return multiple(number, significance, ROUND_CEILING)


@function("FLOOR(number, significance)", "nn", "n", "math", "Down to a multiple of the significance.")
def floor(number: float, significance: float) -> float:
    """FLOOR."""
    if number > 0 > significance:
        raise Fault(NUM)
    if significance == 0.0 and number != 0.0:
        raise Fault(DIV0)
    return multiple(number, significance, ROUND_FLOOR)


def multiple(number: float, significance: float, mode: str) -> float:
    """The multiple of a significance to which a number goes; 0 when either is 0."""
    if number == 0.0 or significance == 0.0:
        return 0.0
    return finite(round_decimal(finite(number / significance), 0.0, mode) * significance)


@function("MROUND(number, multiple)", "nn", "n", "math", "To the nearest multiple, half away from zero.")
def _mround(number: float, step: float) -> float:
    """On the binary quotient: Excel's page has MROUND(6.05,0.1) as 6 and MROUND(7.05,0.1) as 7.1."""
    if number * step < 0:
        raise Fault(NUM)
    if step == 0.0:
        return 0.0
    return finite(math.floor(finite(number / step) + 0.5) * step)


__all__ = [
    "ROUND_CEILING",
    "ROUND_DOWN",
    "ROUND_FLOOR",
    "ROUND_UP",
    "ceiling",
    "floor",
    "round_decimal",
    "round_half_away",
]
