"""The incomplete gamma and beta functions, by their series and continued fractions (Abramowitz and Stegun 6.5 and
26.5; the fractions are evaluated by Lentz's method). Relative error about 1E-13 in the middle range; bounded steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from typing import Final

from mergecells.formula.values import NUM, Fault

_STEPS: Final = 10_000
_SMALL: Final = 1e-300
_EXACT: Final = 1e-16
_LARGE: Final = 1e4
"""From this shape on the series takes hundreds of steps near its middle, and an expansion takes none."""
_NEAR: Final = 0.2
"""As a part of the shape: how far from the middle the expansion is used. The series is short beyond."""


def gamma_effort(shape: float) -> int:
    """What `gamma_shares` costs, in array cells: near its middle the series has a few times the root of it steps."""
    return 1 + int(math.sqrt(min(max(shape, 0.0), _LARGE)))


def beta_effort(a: float, b: float) -> int:
    """What `beta_share` costs, in array cells: near the middle, steps as the root of the smaller shape."""
    return 1 + 4 * int(min(math.sqrt(max(min(a, b), 0.0)), 2_000.0))


def gamma_shares(shape: float, x: float) -> tuple[float, float]:
    """The regularised incomplete gamma functions P and Q, each exact where it is small. Needs shape > 0 and x >= 0."""
    if x == 0.0:
        return 0.0, 1.0
    if shape >= _LARGE and abs(x - shape) <= _NEAR * shape:
        return _gamma_expansion(shape, x)
    logarithm = shape * math.log(x) - x - math.lgamma(shape)
    if logarithm < -745.0:
        return (0.0, 1.0) if x < shape else (1.0, 0.0)
    if x < shape + 1.0:
        lower = math.exp(logarithm) * _gamma_series(shape, x)
        return lower, 1.0 - lower
    upper = math.exp(logarithm) * _fraction(x + 1.0 - shape, _gamma_terms(shape, x))
    return 1.0 - upper, upper


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, _STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * _EXACT:
            return total
    raise Fault(NUM)


_TEMME: Final = (
    (-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777_600, 1 / 25_515, -571 / 261_273_600),
    (-1 / 540, -1 / 288, 1 / 378, -77 / 77_760, 7 / 34_020),
    (25 / 6_048, -139 / 51_840, 1 / 1_296),
)
"""By powers of 1/shape, and of the distance from the middle."""


def _gamma_expansion(shape: float, x: float) -> tuple[float, float]:
    """Temme's expansion (DLMF 8.12.3 and 8.12.7); to 13 digits for a large shape, near it."""
    off = (x - shape) / shape
    # off - ln(1 + off), term by term: most of its digits would cancel out
    distance = math.copysign(math.sqrt(2.0 * sum((-off) ** place / place for place in range(24, 1, -1))), off)
    power = shape * distance * distance / 2.0
    if power > 745.0:  # beyond the range of numbers
        return (0.0, 1.0) if off < 0.0 else (1.0, 0.0)
    sums = (sum(factor * distance**place for place, factor in enumerate(row)) for row in _TEMME)
    rest = sum(each / shape**place for place, each in enumerate(sums))
    rest *= math.exp(-power) / math.sqrt(2.0 * math.pi * shape)
    root = distance * math.sqrt(shape / 2.0)
    return 0.5 * math.erfc(-root) - rest, 0.5 * math.erfc(root) + rest


def _gamma_terms(shape: float, x: float) -> Iterator[tuple[float, float]]:
    return ((-step * (step - shape), x + 1.0 - shape + 2.0 * step) for step in count(1))


_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def _stirling_rest(x: float) -> float:
    """What Stirling's formula lacks to ln gamma(x), for x >= 10 (Abramowitz and Stegun 6.1.41)."""
    return sum(factor * x ** -(2 * index + 1) for index, factor in enumerate(_STIRLING))


def log_beta(a: float, b: float) -> float:
    """ln of the beta function. For large arguments the large parts of the three ln gamma are left out: they cancel."""
    p, q = min(a, b), max(a, b)
    if q < 10.0:
        return math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q)
    rest, share = _stirling_rest(q) - _stirling_rest(p + q), p / (p + q)
    if p < 10.0:
        return math.lgamma(p) + rest + p - p * math.log(p + q) + (q - 0.5) * math.log1p(-share)
    middle = (p - 0.5) * math.log(share) + q * math.log1p(-share)
    return 0.5 * math.log(2.0 * math.pi / q) + rest + _stirling_rest(p) + middle


def beta_share(x: float, a: float, b: float, rest: float | None = None) -> float:
    """The regularised incomplete beta function. Needs 0 <= x <= 1, a > 0 and b > 0.

    `rest` is 1 - x, for callers that know it to more digits.
    """
    beyond = 1.0 - x if rest is None else rest
    if x == 0.0 or beyond == 0.0:
        return float(beyond == 0.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - beta_share(beyond, b, a, x)
    logarithm = a * math.log(x) + b * (math.log1p(-x) if x < 0.5 else math.log(beyond)) - log_beta(a, b)
    if logarithm < -745.0:
        return 0.0
    return math.exp(logarithm) / (a * _fraction(1.0, _beta_terms(x, a, b), inverse=False))


def _beta_terms(x: float, a: float, b: float) -> Iterator[tuple[float, float]]:
    for step in count():
        yield -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)), 1.0
        m = step + 1
        yield m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0


def _fraction(first: float, terms: Iterator[tuple[float, float]], *, inverse: bool = True) -> float:
    """`first + p1/(q1 + p2/(q2 + …))` for the terms (p, q), or 1 over it. Raises Fault(#NUM!) if it does not settle."""
    result = first or _SMALL
    above, below = result, 0.0
    for _, (part, whole) in zip(range(_STEPS), terms, strict=False):
        below = 1.0 / ((whole + part * below) or _SMALL)
        above = (whole + part / above) or _SMALL
        result *= above * below
        if abs(above * below - 1.0) < 1e-15:
            return 1.0 / result if inverse else result
    raise Fault(NUM)
