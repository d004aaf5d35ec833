"""Two lists of numbers side by side: sums of products, correlation, the straight line through them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from mergecells.formula.arguments import items_of
from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, ErrorValue, Fault


def number_pairs(one: Pair, other: Pair) -> list[tuple[float, float]]:
    """Places where both hold numbers. Raises Fault: an error in a list, #N/A for lists of different lengths."""
    left, right = items_of(one)[0], items_of(other)[0]
    for cell in (*left, *right):
        if type(cell) is ErrorValue:
            raise Fault(cell)
    if len(left) != len(right):
        raise Fault(NA)
    return [(a, b) for a, b in zip(left, right, strict=True) if type(a) is float and type(b) is float]


def _summed(one: Pair, other: Pair, term: Callable[[float, float], float]) -> float:
    return total([term(a, b) for a, b in number_pairs(one, other)])


@function("SUMX2MY2(list, list)", "rr", "n", "math", "The sum of differences of squares.")
def _sumx2my2(one: Pair, other: Pair) -> float:
    return _summed(one, other, lambda a, b: a * a - b * b)


@function("SUMX2PY2(list, list)", "rr", "n", "math", "The sum of sums of squares.")
def _sumx2py2(one: Pair, other: Pair) -> float:
    return _summed(one, other, lambda a, b: a * a + b * b)


@function("SUMXMY2(list, list)", "rr", "n", "math", "The sum of squares of differences.")
def _sumxmy2(one: Pair, other: Pair) -> float:
    return _summed(one, other, lambda a, b: (a - b) * (a - b))


class _Moments(NamedTuple):
    """Count, means, and sums of squared and multiplied distances from them."""

    size: int
    mean_x: float
    mean_y: float
    xx: float
    yy: float
    xy: float


def _moments(xs: Pair, ys: Pair, least: int = 1) -> _Moments:
    """Raises Fault(#DIV/0!) for fewer than `least` pairs."""
    pairs = number_pairs(xs, ys)
    if len(pairs) < least:
        raise Fault(DIV0)
    mean_x, mean_y = total([x for x, _ in pairs]) / len(pairs), total([y for _, y in pairs]) / len(pairs)
    return _Moments(
        len(pairs),
        mean_x,
        mean_y,
        total([(x - mean_x) * (x - mean_x) for x, _ in pairs]),
        total([(y - mean_y) * (y - mean_y) for _, y in pairs]),
        total([(x - mean_x) * (y - mean_y) for x, y in pairs]),
    )


def _over(number: float, divisor: float) -> float:
    if divisor == 0.0:
        raise Fault(DIV0)
    return finite(number / divisor)


@function("CORREL(list, list)", "rr", "n", "statistics", "The correlation of two lists, -1 to 1.")
@function("PEARSON(list, list)", "rr", "n", "statistics", "The correlation of two lists, -1 to 1.")
def _correl(one: Pair, other: Pair) -> float:
    moments = _moments(one, other)
    return _over(moments.xy, math.sqrt(moments.xx) * math.sqrt(moments.yy))


@function("RSQ(ys, xs)", "rr", "n", "statistics", "The square of the correlation.")
def _rsq(ys: Pair, xs: Pair) -> float:
    correlation = _correl(ys, xs)
    return correlation * correlation


@function("COVAR(list, list)", "rr", "n", "statistics", "The covariance of all there is.")
@function("COVARIANCE.P(list, list)", "rr", "n", "statistics", "The covariance of all there is.")
def _covariance_all(one: Pair, other: Pair) -> float:
    moments = _moments(one, other)
    return moments.xy / moments.size


@function("COVARIANCE.S(list, list)", "rr", "n", "statistics", "The covariance of a sample.")
def _covariance_sample(one: Pair, other: Pair) -> float:
    moments = _moments(one, other, least=2)
    return moments.xy / (moments.size - 1)


@function("SLOPE(ys, xs)", "rr", "n", "statistics", "How much y grows with x on the straight line through both.")
def _slope(ys: Pair, xs: Pair) -> float:
    moments = _moments(xs, ys)
    return _over(moments.xy, moments.xx)


@function("INTERCEPT(ys, xs)", "rr", "n", "statistics", "Where the straight line through both has x = 0.")
def _intercept(ys: Pair, xs: Pair) -> float:
    moments = _moments(xs, ys)
    return finite(moments.mean_y - _over(moments.xy, moments.xx) * moments.mean_x)


@function("STEYX(ys, xs)", "rr", "n", "statistics", "The standard error of y on the straight line.")
def _steyx(ys: Pair, xs: Pair) -> float:
    moments = _moments(xs, ys, least=3)
    rest = moments.yy - _over(moments.xy * moments.xy, moments.xx)
    return math.sqrt(max(rest, 0.0) / (moments.size - 2))


@function("FORECAST(x, ys, xs)", "nrr", "n", "statistics", "y at an x on the straight line.")
@function("FORECAST.LINEAR(x, ys, xs)", "nrr", "n", "statistics", "y at an x on the straight line.")
def _forecast(x: float, ys: Pair, xs: Pair) -> float:
    moments = _moments(xs, ys)
    return finite(moments.mean_y + _over(moments.xy, moments.xx) * (x - moments.mean_x))


@function("FISHER(number)", "n", "n", "statistics", "The Fisher transformation; #NUM! unless inside -1 to 1.")
def _fisher(number: float) -> float:
    if abs(number) >= 1.0:
        raise Fault(NUM)
    return math.atanh(number)


@function("FISHERINV(number)", "n", "n", "statistics", "The inverse of the Fisher transformation.")
def _fisherinv(number: float) -> float:
    return math.tanh(number)
