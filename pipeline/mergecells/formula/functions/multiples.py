"""Rounding to multiples without regard to the significance's sign."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_UP

from mergecells.formula.functions.rounding import multiple
from mergecells.formula.registry import function


def _towards(number: float, significance: float, mode: str) -> float:
    return multiple(number, abs(significance), mode)


@function(
    "CEILING.MATH(number, [significance], [mode])",
    "nnn",
    "n",
    "math",
    "Up to a multiple; with a mode, negative numbers go away from zero.",
    optional=2,
)
def _ceiling_math(number: float, significance: float = 1.0, mode: float = 0.0) -> float:
    return _towards(number, significance, ROUND_UP if mode and number < 0 else ROUND_CEILING)


@function(
    "FLOOR.MATH(number, [significance], [mode])",
    "nnn",
    "n",
    "math",
    "Down to a multiple; with a mode, negative numbers go towards zero.",
    optional=2,
)
def _floor_math(number: float, significance: float = 1.0, mode: float = 0.0) -> float:
    return _towards(number, significance, ROUND_DOWN if mode and number < 0 else ROUND_FLOOR)


@function("CEILING.PRECISE(number, [significance])", "nn", "n", "math", "Up to a multiple.", optional=1)
@function("ISO.CEILING(number, [significance])", "nn", "n", "math", "Up to a multiple.", optional=1)
def _ceiling_precise(number: float, significance: float = 1.0) -> float:
    return _towards(number, significance, ROUND_CEILING)


@function("FLOOR.PRECISE(number, [significance])", "nn", "n", "math", "Down to a multiple.", optional=1)
def _floor_precise(number: float, significance: float = 1.0) -> float:
    return _towards(number, significance, ROUND_FLOOR)
