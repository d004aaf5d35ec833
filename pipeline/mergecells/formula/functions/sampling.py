"""The distributions that tests use: t, chi-squared, F, gamma and beta."""

from __future__ import annotations

import math

from mergecells.formula.functions.math import bounded, finite, require
from mergecells.formula.functions.special import beta_effort, beta_share, gamma_effort, gamma_shares, log_beta
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, Fault

_MOST_FREEDOM = 1e10


def _gamma_cost(_x: float, shape: float, *_rest: float) -> int:
    return gamma_effort(shape)


def _beta_cost(_x: float, alpha: float, beta: float, *_rest: float) -> int:
    return beta_effort(alpha, beta)


def freedom_of(number: float) -> float:
    """Degrees of freedom, cut to a whole number. Raises Fault(#NUM!) below 1 and beyond 1E+10."""
    if not 1 <= number <= _MOST_FREEDOM:
        raise Fault(NUM)
    return float(int(number))


def t_beyond(x: float, freedom: float) -> float:
    """What lies above x, for x >= 0."""
    return 0.5 * beta_share(freedom / (freedom + x * x), freedom / 2.0, 0.5, x * x / (freedom + x * x))


@function("T.DIST(x, freedom, cumulative)", "nnb", "n", "statistics", "Student's t distribution or its density.")
def _t_dist(x: float, freedom: float, cumulative: bool) -> float:
    df = freedom_of(freedom)
    if cumulative:
        beyond = t_beyond(abs(x), df)
        return 1.0 - beyond if x > 0 else beyond
    return math.exp(-(df + 1.0) / 2.0 * math.log1p(x * x / df) - log_beta(df / 2.0, 0.5)) / math.sqrt(df)


@function("T.DIST.RT(x, freedom)", "nn", "n", "statistics", "What lies above x in Student's t distribution.")
def _t_dist_above(x: float, freedom: float) -> float:
    beyond = t_beyond(abs(x), freedom_of(freedom))
    return beyond if x >= 0 else 1.0 - beyond


@function("T.DIST.2T(x, freedom)", "nn", "n", "statistics", "What lies beyond x on both sides; #NUM! below 0.")
def _t_dist_both(x: float, freedom: float) -> float:
    require(x >= 0)
    return 2.0 * t_beyond(x, freedom_of(freedom))


@function("TDIST(x, freedom, tails)", "nnn", "n", "statistics", "What lies beyond x, on 1 or 2 sides; #NUM! below 0.")
def _tdist(x: float, freedom: float, tails: float) -> float:
    require(x >= 0, int(tails) in (1, 2) if abs(tails) < 9 else False)
    return int(tails) * t_beyond(x, freedom_of(freedom))


@function(
    "CHISQ.DIST(x, freedom, cumulative)",
    "nnb",
    "n",
    "statistics",
    "The chi-squared distribution or its density.",
    cost=_gamma_cost,
)
def _chisq_dist(x: float, freedom: float, cumulative: bool) -> float:
    return gamma_dist(x, freedom_of(freedom) / 2.0, 2.0, cumulative)


_ABOVE_CHI = "What lies above x in the chi-squared distribution."
_ABOVE_F = "What lies above x in the F distribution."


@function("CHISQ.DIST.RT(x, freedom)", "nn", "n", "statistics", _ABOVE_CHI, cost=_gamma_cost)
@function("CHIDIST(x, freedom)", "nn", "n", "statistics", _ABOVE_CHI, cost=_gamma_cost)
def chi_above(x: float, freedom: float) -> float:
    require(x >= 0)
    return gamma_shares(freedom_of(freedom) / 2.0, x / 2.0)[1]


@function(
    "F.DIST(x, freedom, freedom, cumulative)",
    "nnnb",
    "n",
    "statistics",
    "The F distribution or its density.",
    cost=_beta_cost,
)
def _f_dist(x: float, freedom: float, other: float, cumulative: bool) -> float:
    require(x >= 0)
    one, two = freedom_of(freedom), freedom_of(other)
    if cumulative:
        return beta_share(one * x / (one * x + two), one / 2.0, two / 2.0, two / (one * x + two))
    if x == 0.0:
        require(one >= 2)
        return 1.0 if one == 2 else 0.0
    share = one * x / (one * x + two)
    return finite(_beta_density(share, one / 2.0, two / 2.0) * share * (1.0 - share) / x)


@function("F.DIST.RT(x, freedom, freedom)", "nnn", "n", "statistics", _ABOVE_F, cost=_beta_cost)
@function("FDIST(x, freedom, freedom)", "nnn", "n", "statistics", _ABOVE_F, cost=_beta_cost)
def f_above(x: float, freedom: float, other: float) -> float:
    require(x >= 0)
    one, two = freedom_of(freedom), freedom_of(other)
    return beta_share(two / (one * x + two), two / 2.0, one / 2.0, one * x / (one * x + two))


_GAMMA = "The gamma distribution or its density."


@function("GAMMA.DIST(x, shape, scale, cumulative)", "nnnb", "n", "statistics", _GAMMA, cost=_gamma_cost)
@function("GAMMADIST(x, shape, scale, cumulative)", "nnnb", "n", "statistics", _GAMMA, cost=_gamma_cost)
@bounded
def gamma_dist(x: float, shape: float, scale: float, cumulative: bool) -> float:
    require(x >= 0, 0 < shape <= _MOST_FREEDOM, scale > 0)
    if cumulative:
        return gamma_shares(shape, finite(x / scale))[0]
    if x == 0.0:
        require(shape >= 1.0)
        return 1.0 / scale if shape == 1.0 else 0.0
    return finite(math.exp((shape - 1.0) * math.log(x / scale) - x / scale - math.lgamma(shape)) / scale)


@function(
    "BETA.DIST(x, alpha, beta, cumulative, [from], [to])",
    "nnnbnn",
    "n",
    "statistics",
    "The beta distribution or its density, from 0 to 1 or between two numbers.",
    optional=2,
    cost=_beta_cost,
)
def _beta_dist(x: float, alpha: float, beta: float, cumulative: bool, first: float = 0.0, last: float = 1.0) -> float:
    require(0 < alpha <= _MOST_FREEDOM, 0 < beta <= _MOST_FREEDOM, first <= x <= last, first != last)
    share = (x - first) / (last - first)
    if cumulative:
        return beta_share(share, alpha, beta)
    return finite(_beta_density(share, alpha, beta) / (last - first))


@function(
    "BETADIST(x, alpha, beta, [from], [to])",
    "nnnnn",
    "n",
    "statistics",
    "The beta distribution, from 0 to 1 or between two numbers.",
    optional=2,
    cost=_beta_cost,
)
def _betadist(x: float, alpha: float, beta: float, first: float = 0.0, last: float = 1.0) -> float:
    return _beta_dist(x, alpha, beta, True, first, last)


def _beta_density(share: float, alpha: float, beta: float) -> float:
    if not 0.0 < share < 1.0:
        require(alpha >= 1.0 if share == 0.0 else beta >= 1.0)
        edge, power = (beta, alpha) if share == 0.0 else (alpha, beta)
        return edge if power == 1.0 else 0.0
    logarithm = (alpha - 1.0) * math.log(share) + (beta - 1.0) * math.log1p(-share)
    return math.exp(logarithm - log_beta(alpha, beta))
