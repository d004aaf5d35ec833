"""`without_noise` and the exactly rounded sum on whole columns, bit for bit as Python gives them. Needs NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from mergecells.transforms.column_values import Floats
from mergecells.transforms.score_values import without_noise

_UNIT: Final = 1e9
_LIMIT: Final = 1e4
_MANY: Final = 100


def total(points: Floats, bound: float) -> Floats:
    """The exactly rounded sum of the components' points (first axis), free of noise.

    It is `without_noise(math.fsum(...))` of each lead. `bound`: what the absolute values of its points add up to, at
    most.
    """
    result = points.sum(axis=0)
    # Addition is off by at most count x bound x 2**-53: within a quarter of the ninth place while both are small.
    if len(points) > _MANY or not bound < _LIMIT:
        result = np.full(points.shape[1:], np.nan)
    return rounded(result, lambda row: math.fsum(points[:, row].tolist()), bound, margin=0.25)


def rounded(
    value: Floats,
    exact: Callable[[int], float],
    bound: float = math.inf,
    out: Floats | None = None,
    *,
    margin: float | None = None,
) -> Floats:
    """`without_noise` of an array. `exact` gives the exact value at a flat index where `value` is too near to a tie.

    Scaled by 1e9 a value is off by less than `margin`, so the nearest whole number is the right one unless a half is
    that near; the quotient of two exact numbers is then the float nearest to the decimal. `bound`: a size that no value
    exceeds; larger ones than 1e4 go to `exact`. Without a `margin` the values are exact, and only scaling is off, by
    half a unit in the last place. `out`: where to write the result, of one axis.
    """
    if margin is None:
        margin = 2.0 * min(bound, _LIMIT) * _UNIT * 2.0**-53
    scaled = value * _UNIT
    whole = np.rint(scaled, out=out)
    scaled -= whole
    result: Floats = np.divide(whole, _UNIT, out=whole)
    limit = 0.5 - margin
    # Written so that NaN and infinities are unsure too.
    small = bound < _LIMIT or bool(np.abs(value).max(initial=0.0) < _LIMIT)
    if small and bool(scaled.max(initial=0.0) < limit) and bool(scaled.min(initial=0.0) > -limit):
        return result
    sure = (scaled < limit) & (scaled > -limit) & (np.abs(value) < _LIMIT)
    flat = result.reshape(-1)
    for row in np.flatnonzero(~sure.reshape(-1)).tolist():
        flat[row] = without_noise(exact(row))
    return result
