"""The distributions of tests and counts turned around: the x below or above which a share lies. Source: Microsoft
support, the page of each function.
"""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.functions.math import bounded, finite, require
from mergecells.formula.functions.quantiles import (
    Shares,
    beta_quantile,
    gamma_quantile,
    shares_above,
    shares_below,
)
from mergecells.formula.functions.sampling import freedom_of
from mergecells.formula.functions.special import beta_effort, gamma_effort
from mergecells.formula.registry import function

_SEARCH: Final = 20
"""How many times as much as the share itself: some 10 to 20 steps, and at worst 100."""
_MOST: Final = 1e10
_BELOW: Final = "The x below which a share lies in "
_ABOVE: Final = "The x above which a share lies in "


def _gamma_cost(_share: float, shape: float, *_rest: float) -> int:
    return _SEARCH * gamma_effort(shape)


def _beta_cost(_share: float, one: float, other: float, *_rest: float) -> int:
    return _SEARCH * beta_effort(one, other)


def _t_cost(_share: float, _freedom: float) -> int:
    return _SEARCH


@function(
    "GAMMA.INV(share, shape, scale)", "nnn", "n", "statistics", _BELOW + "the gamma distribution.", cost=_gamma_cost
)
@function(
    "GAMMAINV(share, shape, scale)", "nnn", "n", "statistics", _BELOW + "the gamma distribution.", cost=_gamma_cost
)
def _gamma_inv(share: float, shape: float, scale: float) -> float:
    require(0.0 <= share < 1.0, 0.0 < shape <= _MOST, scale > 0.0)
    return 0.0 if share == 0.0 else finite(gamma_quantile(shares_below(share), shape) * scale)


@function(
    "CHISQ.INV(share, freedom)", "nn", "n", "statistics", _BELOW + "the chi-squared distribution.", cost=_gamma_cost
)
def _chisq_inv(share: float, freedom: float) -> float:
    require(0.0 <= share < 1.0)
    shape = freedom_of(freedom) / 2.0
    return 0.0 if share == 0.0 else 2.0 * gamma_quantile(shares_below(share), shape)


@function(
    "CHISQ.INV.RT(share, freedom)", "nn", "n", "statistics", _ABOVE + "the chi-squared distribution.", cost=_gamma_cost
)
@function("CHIINV(share, freedom)", "nn", "n", "statistics", _ABOVE + "the chi-squared distribution.", cost=_gamma_cost)
def _chisq_inv_above(share: float, freedom: float) -> float:
    require(0.0 < share <= 1.0)
    shape = freedom_of(freedom) / 2.0
    return 0.0 if share == 1.0 else 2.0 * gamma_quantile(shares_above(share), shape)


@function(
    "BETA.INV(share, alpha, beta, [from], [to])",
    "nnnnn",
    "n",
    "statistics",
    _BELOW + "the beta distribution, from 0 to 1 or between two numbers.",
    optional=2,
    cost=_beta_cost,
)
@function(
    "BETAINV(share, alpha, beta, [from], [to])",
    "nnnnn",
    "n",
    "statistics",
    _BELOW + "the beta distribution, from 0 to 1 or between two numbers.",
    optional=2,
    cost=_beta_cost,
)
def _beta_inv(share: float, alpha: float, beta: float, first: float = 0.0, last: float = 1.0) -> float:
    require(0.0 < alpha <= _MOST, 0.0 < beta <= _MOST, 0.0 < share <= 1.0, first < last)
    x = 1.0 if share == 1.0 else beta_quantile(shares_below(share), alpha, beta).below
    return finite(first + x * (last - first))


def _t_beyond(both: float, freedom: float) -> float:
    """The t beyond which a share lies on both sides together."""
    if both == 1.0:
        return 0.0
    shares = beta_quantile(shares_below(both), freedom / 2.0, 0.5)
    require(shares.below > 0.0)
    return math.sqrt(freedom * shares.above / shares.below)


@function("T.INV(share, freedom)", "nn", "n", "statistics", _BELOW + "Student's t distribution.", cost=_t_cost)
@bounded
def _t_inv(share: float, freedom: float) -> float:
    require(0.0 < share < 1.0)
    beyond = _t_beyond(2.0 * min(share, 1.0 - share), freedom_of(freedom))
    return beyond if share > 0.5 else -beyond


@function(
    "T.INV.2T(share, freedom)", "nn", "n", "statistics", "The t beyond which a share lies on both sides.", cost=_t_cost
)
@function(
    "TINV(share, freedom)", "nn", "n", "statistics", "The t beyond which a share lies on both sides.", cost=_t_cost
)
@bounded
def t_inv_both(share: float, freedom: float) -> float:
    """Raises Fault(#NUM!) for a share that is not above 0 and up to 1, and for a freedom below 1."""
    require(0.0 < share <= 1.0)
    return _t_beyond(share, freedom_of(freedom))


def _f_quantile(shares: Shares, one: float, two: float) -> float:
    found = beta_quantile(shares, one / 2.0, two / 2.0)
    require(found.above > 0.0)
    return finite(two * found.below / (one * found.above))


@function("F.INV(share, freedom, freedom)", "nnn", "n", "statistics", _BELOW + "the F distribution.", cost=_beta_cost)
@bounded
def _f_inv(share: float, freedom: float, other: float) -> float:
    require(0.0 <= share < 1.0)
    one, two = freedom_of(freedom), freedom_of(other)
    return 0.0 if share == 0.0 else _f_quantile(shares_below(share), one, two)


@function(
    "F.INV.RT(share, freedom, freedom)", "nnn", "n", "statistics", _ABOVE + "the F distribution.", cost=_beta_cost
)
@function("FINV(share, freedom, freedom)", "nnn", "n", "statistics", _ABOVE + "the F distribution.", cost=_beta_cost)
@bounded
def _f_inv_above(share: float, freedom: float, other: float) -> float:
    require(0.0 < share <= 1.0)
    one, two = freedom_of(freedom), freedom_of(other)
    return 0.0 if share == 1.0 else _f_quantile(shares_above(share), one, two)
