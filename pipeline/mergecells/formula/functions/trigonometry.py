"""Angles are in radians, as in a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault

_WIDEST_ANGLE: Final = 134_217_728.0
"""Excel's SIN, COS and TAN give #NUM! from 2^27 on, where an angle has too few digits left."""


def of_angle(operation: Callable[[float], float], angle: float) -> float:
    """A function of an angle in radians. Raises Fault(#NUM!) from 2^27 on."""
    if abs(angle) >= _WIDEST_ANGLE:
        raise Fault(NUM)
    return operation(angle)


def _within(operation: Callable[[float], float], number: float) -> float:
    if abs(number) > 1.0:
        raise Fault(NUM)
    return operation(number)


@function("SIN(angle)", "n", "n", "math", "The sine of an angle in radians.")
def _sin(angle: float) -> float:
    return of_angle(math.sin, angle)


@function("COS(angle)", "n", "n", "math", "The cosine of an angle in radians.")
def _cos(angle: float) -> float:
    return of_angle(math.cos, angle)


@function("TAN(angle)", "n", "n", "math", "The tangent of an angle in radians.")
def _tan(angle: float) -> float:
    return of_angle(math.tan, angle)


@function("ASIN(number)", "n", "n", "math", "The angle of a sine; #NUM! outside -1 to 1.")
def _asin(number: float) -> float:
    return _within(math.asin, number)


@function("ACOS(number)", "n", "n", "math", "The angle of a cosine; #NUM! outside -1 to 1.")
def _acos(number: float) -> float:
    return _within(math.acos, number)


@function("ATAN(number)", "n", "n", "math", "The angle of a tangent.")
def _atan(number: float) -> float:
    return math.atan(number)


@function("ATAN2(x, y)", "nn", "n", "math", "The angle from the x axis to a point; #DIV/0! for the origin.")
def _atan2(x: float, y: float) -> float:
    if x == 0.0 and y == 0.0:
        raise Fault(DIV0)
    return math.atan2(y, x)


@function("TANH(number)", "n", "n", "math", "The hyperbolic tangent, a curve from -1 to 1.")
def _tanh(number: float) -> float:
    return math.tanh(number)


@function("DEGREES(angle)", "n", "n", "math", "Radians as degrees.")
def _degrees(angle: float) -> float:
    return finite(math.degrees(angle))


@function("RADIANS(angle)", "n", "n", "math", "Degrees as radians.")
def _radians(angle: float) -> float:
    return math.radians(angle)
