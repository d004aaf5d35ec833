"""Probability distributions: the density, and what lies below."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.functions.combinatorics import combinations, logarithm_of_combinations
from mergecells.formula.functions.math import bounded, finite, require
from mergecells.formula.functions.special import beta_effort, beta_share, gamma_effort, gamma_shares
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, Fault

_ROOT_OF_TWO: Final = math.sqrt(2.0)


def norm_below(z: float) -> float:
    return 0.5 * math.erfc(-z / _ROOT_OF_TWO)


def _density(z: float) -> float:
    return math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)


def _quantile(share: float) -> float:
    """The z below which a share up to a half lies: Abramowitz and Stegun 26.2.23, then Halley's method."""
    if share == 0.5:
        return 0.0
    t = math.sqrt(-2.0 * math.log(share))
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(4):
        step = (norm_below(z) - share) / _density(z)
        z -= step / (1.0 + z * step / 2.0)
    return z


@function("NORM.S.DIST(z, cumulative)", "nb", "n", "statistics", "The standard normal distribution or its density.")
def _norm_s_dist(z: float, cumulative: bool) -> float:
    return norm_below(z) if cumulative else _density(z)


@function("NORMSDIST(z)", "n", "n", "statistics", "The standard normal distribution.")
def _normsdist(z: float) -> float:
    return norm_below(z)


@function("PHI(z)", "n", "n", "statistics", "The density of the standard normal distribution.")
def _phi(z: float) -> float:
    return _density(z)


@function("GAUSS(z)", "n", "n", "statistics", "The standard normal distribution less 0.5.")
def _gauss(z: float) -> float:
    return 0.5 * math.erf(z / _ROOT_OF_TWO)


@function(
    "NORM.DIST(x, mean, deviation, cumulative)", "nnnb", "n", "statistics", "The normal distribution or its density."
)
@function(
    "NORMDIST(x, mean, deviation, cumulative)", "nnnb", "n", "statistics", "The normal distribution or its density."
)
def _norm_dist(x: float, mean: float, deviation: float, cumulative: bool) -> float:
    require(deviation > 0)
    z = (x - mean) / deviation
    return norm_below(z) if cumulative else finite(_density(z) / deviation)


@function("NORM.S.INV(share)", "n", "n", "statistics", "The z below which a share lies.")
@function("NORMSINV(share)", "n", "n", "statistics", "The z below which a share lies.")
def norm_s_inv(share: float) -> float:
    require(0.0 < share < 1.0)
    return _quantile(share) if share <= 0.5 else -_quantile(1.0 - share)


@function("NORM.INV(share, mean, deviation)", "nnn", "n", "statistics", "The x below which a share lies.")
@function("NORMINV(share, mean, deviation)", "nnn", "n", "statistics", "The x below which a share lies.")
def _norm_inv(share: float, mean: float, deviation: float) -> float:
    require(deviation > 0)
    return finite(mean + deviation * norm_s_inv(share))


@function(
    "CONFIDENCE.NORM(alpha, deviation, size)", "nnn", "n", "statistics", "Half the width of a confidence interval."
)
@function("CONFIDENCE(alpha, deviation, size)", "nnn", "n", "statistics", "Half the width of a confidence interval.")
@bounded
def _confidence(alpha: float, deviation: float, size: float) -> float:
    require(0.0 < alpha < 1.0, deviation > 0, size >= 1)
    return finite(-_quantile(alpha / 2.0) * deviation / math.sqrt(int(size)))


@function(
    "LOGNORM.DIST(x, mean, deviation, cumulative)", "nnnb", "n", "statistics", "The lognormal distribution or density."
)
def _lognorm_dist(x: float, mean: float, deviation: float, cumulative: bool) -> float:
    require(x > 0, deviation > 0)
    z = (math.log(x) - mean) / deviation
    return norm_below(z) if cumulative else finite(_density(z) / (x * deviation))


@function("LOGNORMDIST(x, mean, deviation)", "nnn", "n", "statistics", "The lognormal distribution.")
def _lognormdist(x: float, mean: float, deviation: float) -> float:
    return _lognorm_dist(x, mean, deviation, True)


@function("LOGNORM.INV(share, mean, deviation)", "nnn", "n", "statistics", "The x below which a share lies.")
@function("LOGINV(share, mean, deviation)", "nnn", "n", "statistics", "The x below which a share lies.")
@bounded
def _lognorm_inv(share: float, mean: float, deviation: float) -> float:
    return finite(math.exp(_norm_inv(share, mean, deviation)))


@function("EXPON.DIST(x, rate, cumulative)", "nnb", "n", "statistics", "The exponential distribution or its density.")
@function("EXPONDIST(x, rate, cumulative)", "nnb", "n", "statistics", "The exponential distribution or its density.")
def _expon_dist(x: float, rate: float, cumulative: bool) -> float:
    require(x >= 0, rate > 0)
    return -math.expm1(-rate * x) if cumulative else rate * math.exp(-rate * x)


@function(
    "WEIBULL.DIST(x, shape, scale, cumulative)", "nnnb", "n", "statistics", "The Weibull distribution or its density."
)
@function("WEIBULL(x, shape, scale, cumulative)", "nnnb", "n", "statistics", "The Weibull distribution or its density.")
def _weibull_dist(x: float, shape: float, scale: float, cumulative: bool) -> float:
    require(x >= 0, shape > 0, scale > 0)
    if cumulative:
        return _weibull_below(x / scale, shape)
    try:
        power = (x / scale) ** shape
        return finite(shape / scale * (x / scale) ** (shape - 1.0) * math.exp(-power))
    except (OverflowError, ZeroDivisionError):
        raise Fault(NUM) from None


def _weibull_below(x: float, shape: float) -> float:
    try:
        return -math.expm1(-(x**shape))
    except OverflowError:
        return 1.0


def _poisson_cost(count: float, *_rest: float) -> int:
    return gamma_effort(count)


@function(
    "POISSON.DIST(count, mean, cumulative)", "nnb", "n", "statistics", "The Poisson distribution.", cost=_poisson_cost
)
@function("POISSON(count, mean, cumulative)", "nnb", "n", "statistics", "The Poisson distribution.", cost=_poisson_cost)
def _poisson_dist(count: float, mean: float, cumulative: bool) -> float:
    require(0 <= count < 1e15, mean >= 0)
    whole = math.floor(count)
    if mean == 0.0:
        return 1.0 if cumulative or whole == 0 else 0.0
    if cumulative:
        return gamma_shares(whole + 1.0, mean)[1]
    return math.exp(whole * math.log(mean) - mean - math.lgamma(whole + 1.0))


def _binomial_cost(count: float, trials: float, *_rest: float) -> int:
    return beta_effort(count, abs(trials - count))


@function(
    "BINOM.DIST(count, trials, share, cumulative)",
    "nnnb",
    "n",
    "statistics",
    "The binomial distribution.",
    cost=_binomial_cost,
)
@function(
    "BINOMDIST(count, trials, share, cumulative)",
    "nnnb",
    "n",
    "statistics",
    "The binomial distribution.",
    cost=_binomial_cost,
)
def binom_dist(count: float, trials: float, share: float, cumulative: bool) -> float:
    require(count >= 0, trials < 1e15, 0.0 <= share <= 1.0)
    some, all_ = math.floor(count), math.floor(trials)
    require(some <= all_)
    if cumulative:
        return 1.0 if some == all_ else beta_share(1.0 - share, float(all_ - some), some + 1.0)
    return binomial(some, all_, share)


def binomial(some: int, all_: int, share: float) -> float:
    if share in (0.0, 1.0):
        return float(some == share * all_)
    if all_ <= 1_000:
        return combinations(all_, some) * share**some * (1.0 - share) ** (all_ - some)
    logarithm = logarithm_of_combinations(all_, some) + some * math.log(share) + (all_ - some) * math.log1p(-share)
    return math.exp(logarithm)


@function(
    "NEGBINOM.DIST(failures, successes, share, cumulative)",
    "nnnb",
    "n",
    "statistics",
    "Failures before successes.",
    cost=lambda failures, successes, *_rest: beta_effort(failures, successes),
)
def _negbinom_dist(failures: float, successes: float, share: float, cumulative: bool) -> float:
    require(0 <= failures < 1e15, 1 <= successes < 1e15, 0.0 <= share <= 1.0)
    lost, won = math.floor(failures), math.floor(successes)
    if cumulative:
        return beta_share(share, float(won), lost + 1.0)
    return binomial(lost, lost + won - 1, 1.0 - share) * share


@function("NEGBINOMDIST(failures, successes, share)", "nnn", "n", "statistics", "Failures before successes.")
def _negbinomdist(failures: float, successes: float, share: float) -> float:
    return _negbinom_dist(failures, successes, share, False)


@function("GAMMA(number)", "n", "n", "statistics", "The gamma function; #NUM! for 0 and negative whole numbers.")
def _gamma(number: float) -> float:
    try:
        return finite(math.gamma(number))
    except (ValueError, OverflowError):
        raise Fault(NUM) from None


@function("GAMMALN(number)", "n", "n", "statistics", "The logarithm of the gamma function; #NUM! for 0 and below.")
@function(
    "GAMMALN.PRECISE(number)", "n", "n", "statistics", "The logarithm of the gamma function; #NUM! for 0 and below."
)
@bounded
def _gammaln(number: float) -> float:
    require(number > 0)
    return finite(math.lgamma(number))
