"""Comparison in 15 significant digits against a constant, turned into plain comparisons of floats."""

from __future__ import annotations

import math
from functools import lru_cache

from mergecells.formula.comparison import compare_numbers


@lru_cache(maxsize=16_384)
def equality_bounds(value: float) -> tuple[float, float]:
    """The smallest and the largest float that count as equal to `value`. All between do too."""
    return _outermost(value, -math.inf), _outermost(value, math.inf)


def _outermost(value: float, towards: float) -> float:
    """Found by doubling the distance in units of the last place, then halving it: 15 digits span at most 100 units."""
    unit = abs(math.nextafter(value, towards) - value)
    direction = 1.0 if towards > 0 else -1.0
    best, steps = value, 128
    while steps:
        candidate = best + direction * unit * steps
        if math.isfinite(candidate) and compare_numbers(candidate, value) == 0:
            best = candidate
        else:
            steps //= 2
    return best
