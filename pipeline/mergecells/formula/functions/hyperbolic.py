"""Hyperbolic functions, and the cotangent, secant and cosecant."""

from __future__ import annotations

import math
from collections.abc import Callable

from mergecells.formula.functions.math import finite
from mergecells.formula.functions.trigonometry import of_angle
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, Fault


def _checked(operation: Callable[[float], float], number: float) -> float:
    """Outside the domain and beyond the largest number: #NUM!."""
    try:
        return finite(operation(number))
    except (ValueError, OverflowError):
        raise Fault(NUM) from None


def _inverse(operation: Callable[[float], float], number: float) -> float:
    """1 over a function; #DIV/0! where it is 0, and 0 where it is too large to be held."""
    try:
        divisor = operation(number)
    except OverflowError:
        return 0.0
    if divisor == 0.0:
        raise Fault(DIV0)
    return finite(1.0 / divisor)


@function("SINH(number)", "n", "n", "math", "The hyperbolic sine.")
def _sinh(number: float) -> float:
    return _checked(math.sinh, number)


@function("COSH(number)", "n", "n", "math", "The hyperbolic cosine.")
def _cosh(number: float) -> float:
    return _checked(math.cosh, number)


@function("ASINH(number)", "n", "n", "math", "The number whose hyperbolic sine this is.")
def _asinh(number: float) -> float:
    return math.asinh(number)


@function("ACOSH(number)", "n", "n", "math", "The number whose hyperbolic cosine this is; #NUM! below 1.")
def _acosh(number: float) -> float:
    return _checked(math.acosh, number)


@function(
    "ATANH(number)", "n", "n", "math", "The number whose hyperbolic tangent this is; #NUM! unless inside -1 to 1."
)
def _atanh(number: float) -> float:
    return _checked(math.atanh, number)


@function("COT(angle)", "n", "n", "math", "The cotangent of an angle in radians.")
def _cot(angle: float) -> float:
    return of_angle(lambda radians: _inverse(math.tan, radians), angle)


@function("SEC(angle)", "n", "n", "math", "1 over the cosine.")
def _sec(angle: float) -> float:
    return of_angle(lambda radians: _inverse(math.cos, radians), angle)


@function("CSC(angle)", "n", "n", "math", "1 over the sine.")
def _csc(angle: float) -> float:
    return of_angle(lambda radians: _inverse(math.sin, radians), angle)


@function("COTH(number)", "n", "n", "math", "The hyperbolic cotangent.")
def _coth(number: float) -> float:
    return _inverse(math.tanh, number)


@function("SECH(number)", "n", "n", "math", "1 over the hyperbolic cosine.")
def _sech(number: float) -> float:
    return _inverse(math.cosh, number)


@function("CSCH(number)", "n", "n", "math", "1 over the hyperbolic sine.")
def _csch(number: float) -> float:
    return _inverse(math.sinh, number)


@function("ACOT(number)", "n", "n", "math", "The angle of a cotangent, from 0 to pi.")
def _acot(number: float) -> float:
    return math.pi / 2.0 - math.atan(number)


@function("ACOTH(number)", "n", "n", "math", "The number whose hyperbolic cotangent this is; #NUM! from -1 to 1.")
def _acoth(number: float) -> float:
    if abs(number) <= 1.0:
        raise Fault(NUM)
    return math.atanh(1.0 / number)
