"""The x below which a share of the gamma and beta distributions lies: Newton's method on the logarithm of the smaller
share, as a function of the logarithm of x, where it is nearly straight. Bounded steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from mergecells.formula.functions.special import beta_share, gamma_shares, log_beta
from mergecells.formula.values import NUM, Fault

_STEPS: Final = 100
_LEAST: Final = -708.0
"""The logarithm of the smallest x that is looked at; below it the answer is 0."""
_LAST: Final = 1e-11
"""Newton's step squares what is missing: after so small a one, nothing is."""


class Shares(NamedTuple):
    """What lies below and above, both to full precision; they add up to 1."""

    below: float
    above: float


_Distribution = Callable[[float], tuple[Shares, float]]
"""x → its shares, and x times the density there."""


def _solve(wanted: Shares, at: _Distribution, low: float, start: float, high: float) -> float:
    """x, the logarithms of its bounds and of a first guess given. Halves where Newton's step would leave the bounds."""
    here = start
    for _ in range(_STEPS):
        x = math.exp(here)
        too_far, step = _step(wanted, at, x)
        if abs(step) < _LAST:
            return x - x * step  # the logarithm has fewer digits than x when x is large
        low, high = (low, here) if too_far else (here, high)
        here = here - step if low < here - step < high else (low + high) / 2.0
    return math.exp(here)


def _step(wanted: Shares, at: _Distribution, x: float) -> tuple[bool, float]:
    """Whether x is too large, and Newton's step for its logarithm, by the smaller of the two shares."""
    shares, slope = at(x)
    above = wanted.above < wanted.below
    share, goal = (shares.above, wanted.above) if above else (shares.below, wanted.below)
    if share == goal:
        return False, 0.0
    if share == 0.0 or slope == 0.0:
        return (share < goal) == above, math.inf
    step = math.log(share / goal) * share / slope
    return (step > 0.0) != above, -step if above else step


def gamma_quantile(wanted: Shares, shape: float) -> float:
    """For the scale 1. Needs shape > 0 and shares between 0 and 1."""

    def at(x: float) -> tuple[Shares, float]:
        return Shares(*gamma_shares(shape, x)), math.exp(shape * math.log(x) - x - math.lgamma(shape))

    high = math.log(shape + 40.0 * math.sqrt(shape) + 800.0)
    small = (math.log(wanted.below) + math.lgamma(shape + 1.0)) / shape
    """Where the first term of the series would have the share."""
    if small < _LEAST:
        return 0.0
    start = small if wanted.below < 0.01 else math.log(shape)
    return _solve(wanted, at, _LEAST, min(max(start, _LEAST), high), high)


def beta_quantile(wanted: Shares, a: float, b: float) -> Shares:
    """x and 1 - x, both to full precision. Needs a > 0, b > 0 and shares between 0 and 1."""
    half = beta_share(0.5, a, b)
    if wanted.below > half:
        return Shares(*beta_quantile_below_half(Shares(wanted.above, wanted.below), b, a)[::-1])
    return beta_quantile_below_half(wanted, a, b)


def beta_quantile_below_half(wanted: Shares, a: float, b: float) -> Shares:
    """`beta_quantile` where x is at most a half."""

    def at(x: float) -> tuple[Shares, float]:
        shares = Shares(beta_share(x, a, b), beta_share(1.0 - x, b, a, x))
        return shares, math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta(a, b)) / (1.0 - x)

    small = (math.log(wanted.below) + math.log(a) + log_beta(a, b)) / a
    if small < _LEAST:
        return Shares(0.0, 1.0)
    high = math.log(0.5)
    start = min(small if wanted.below < 0.01 else math.log(a / (a + b)), high)
    x = _solve(wanted, at, _LEAST, max(start, _LEAST), high)
    return Shares(x, 1.0 - x)


def shares_below(share: float) -> Shares:
    """Raises Fault(#NUM!) for a share that is not between 0 and 1."""
    if not 0.0 < share < 1.0:
        raise Fault(NUM)
    return Shares(share, 1.0 - share)


def shares_above(share: float) -> Shares:
    """The same for what lies above."""
    return Shares(*shares_below(share)[::-1])
