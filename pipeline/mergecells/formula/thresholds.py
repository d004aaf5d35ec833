"""Comparison in 15 significant digits against a constant, turned into plain comparisons of floats."""

from __future__ import annotations

import math
from functools import lru_cache

from mergecells.formula.comparison import compare_numbers
from mergecells.formula.number_text import round_to_15


@lru_cache(maxsize=16_384)
def equality_bounds(value: float) -> tuple[float, float]:
    """The smallest and the largest float that count as equal to `value`. All between do too."""
    return _outermost(value, -math.inf), _outermost(value, math.inf)


def _outermost(value: float, towards: float) -> float:
    """From where half a unit of the fifteenth digit ends, a few floats up or down."""
    best = _estimate(value, towards)
    if compare_numbers(best, value) != 0:
        while compare_numbers(best, value) != 0:
            best = math.nextafter(best, value)
        return best
    following = math.nextafter(best, towards)
    while math.isfinite(following) and compare_numbers(following, value) == 0:
        best, following = following, math.nextafter(following, towards)
    return best


def _estimate(value: float, towards: float) -> float:
    if value == 0.0 or abs(value) < 1e-290:
        return value
    half = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 14)
    edge = round_to_15(value) + math.copysign(half, towards)
    # The edge of what rounds to the same digits; a value beyond it by rounding of this sum itself starts from itself.
    return edge if math.isfinite(edge) and (edge - value) * towards >= 0 else value
