"""Distributions of counts: ranges and inverses of the binomial one, and drawing without putting back. Source: Microsoft
support, the page of each function.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from mergecells.formula.functions.combinatorics import logarithm_of_combinations
from mergecells.formula.functions.distributions import binom_dist, binomial, norm_s_inv
from mergecells.formula.functions.math import bounded, require
from mergecells.formula.functions.special import beta_effort
from mergecells.formula.registry import function

_MOST_STEPS: Final = 10_000
_SMALL: Final = 1_000
"""Up to this many the ways are counted, beyond they are computed."""
_TINY: Final = 1e-17
_STEPS_PER_CELL: Final = 2
_MOST_TRIALS: Final = 1e10


@function(
    "BINOM.DIST.RANGE(trials, share, lower, [upper])",
    "nnnn",
    "n",
    "statistics",
    "The chance of a count between two, both included; of one count without the upper.",
    optional=1,
    cost=lambda trials, *_rest: 2 * beta_effort(trials, trials),
)
def _binom_range(trials: float, share: float, lower: float, upper: float | None = None) -> float:
    require(0 <= trials < 1e15, 0.0 <= share <= 1.0, 0 <= lower <= trials)
    all_, low = math.floor(trials), math.floor(lower)
    if upper is None:
        return binomial(low, all_, share)
    require(lower <= upper <= trials)
    below = binom_dist(low - 1.0, all_, share, True) if low else 0.0
    return binom_dist(upper, all_, share, True) - below


@function(
    "BINOM.INV(trials, share, alpha)",
    "nnn",
    "n",
    "statistics",
    "The least count up to which the chance reaches alpha.",
    cost=lambda trials, *_rest: 20 * beta_effort(trials, trials),
)
@function(
    "CRITBINOM(trials, share, alpha)",
    "nnn",
    "n",
    "statistics",
    "The least count up to which the chance reaches alpha.",
    cost=lambda trials, *_rest: 20 * beta_effort(trials, trials),
)
def _binom_inv(trials: float, share: float, alpha: float) -> float:
    require(0 <= trials < _MOST_TRIALS, 0.0 < share < 1.0, 0.0 < alpha < 1.0)
    all_ = float(math.floor(trials))
    low, high = _around(all_, share, alpha)
    while low < high:
        middle = (low + high) // 2
        if binom_dist(float(middle), all_, share, True) >= alpha:
            high = middle
        else:
            low = middle + 1
    return float(low)


def _around(all_: float, share: float, alpha: float) -> tuple[int, int]:
    """Counts between which the answer lies, by the normal distribution where that holds, so that few are tried."""
    width = math.sqrt(all_ * share * (1.0 - share))
    guess, spread = all_ * share + norm_s_inv(alpha) * width, 2.0 + width / 8.0
    low, high = max(0, math.floor(guess - spread)), min(int(all_), math.ceil(guess + spread))
    fits = low <= high and binom_dist(float(high), all_, share, True) >= alpha
    fits = fits and (low == 0 or binom_dist(float(low - 1), all_, share, True) < alpha)
    return (low, high) if fits else (0, int(all_))


class _Urn(NamedTuple):
    """A draw without putting back."""

    drawn: int
    marked: int
    total: int

    def least(self) -> int:
        return max(0, self.drawn - (self.total - self.marked))

    def chance(self, hits: int) -> float:
        """Of exactly so many marked ones among those drawn."""
        drawn, marked, total = self
        if total <= _SMALL:
            return math.comb(marked, hits) * math.comb(total - marked, drawn - hits) / math.comb(total, drawn)
        ways = logarithm_of_combinations(marked, hits) + logarithm_of_combinations(total - marked, drawn - hits)
        return math.exp(ways - logarithm_of_combinations(total, drawn))

    def ratio(self, hits: int) -> float:
        """The chance of one hit more over that of so many."""
        drawn, marked, total = self
        return (marked - hits) * (drawn - hits) / ((hits + 1) * (total - marked - drawn + hits + 1))

    def up_to(self, hits: int) -> float:
        """From the most likely count on in both directions, for as long as it adds something."""
        drawn, marked, total = self
        middle = min(hits, (drawn + 1) * (marked + 1) // (total + 2))
        term = first = self.chance(middle)
        if first == 0.0:
            return 0.0  # far below all that is likely
        shares = [first]
        for count in range(middle, self.least(), -1):
            term /= self.ratio(count - 1)
            shares.append(term)
            if term < first * _TINY or len(shares) > _MOST_STEPS:
                break
        term = first
        for count in range(middle, hits):
            term *= self.ratio(count)
            shares.append(term)
            if term < first * _TINY or len(shares) > _MOST_STEPS:
                break
        require(len(shares) <= _MOST_STEPS)
        return min(1.0, math.fsum(shares))


def _draw_cost(_hits: float, drawn: float, marked: float, total: float, *_rest: float) -> int:
    share = min(max(marked / total, 0.0), 1.0) if total > 0.0 else 0.0
    return 8 + int(min(20.0 * math.sqrt(max(drawn, 0.0) * share * (1.0 - share)), _MOST_STEPS)) // _STEPS_PER_CELL


@function(
    "HYPGEOM.DIST(hits, drawn, marked, total, cumulative)",
    "nnnnb",
    "n",
    "statistics",
    "The chance of so many marked ones in a draw without putting back, or of up to so many.",
    cost=_draw_cost,
)
@bounded
def _hypgeom(hits: float, drawn: float, marked: float, total: float, cumulative: bool) -> float:
    require(max(abs(hits), drawn, marked, total) < 1e15)
    some, draws, marks, all_ = math.floor(hits), math.floor(drawn), math.floor(marked), math.floor(total)
    require(all_ > 0, 0 < draws <= all_, 0 < marks <= all_)
    require(_Urn(draws, marks, all_).least() <= some <= min(draws, marks))
    urn = _Urn(draws, marks, all_)
    return urn.up_to(some) if cumulative else urn.chance(some)


@function(
    "HYPGEOMDIST(hits, drawn, marked, total)",
    "nnnn",
    "n",
    "statistics",
    "The chance of so many marked ones in a draw without putting back.",
    cost=lambda *_rest: 8,
)
def _hypgeomdist(hits: float, drawn: float, marked: float, total: float) -> float:
    return float(_hypgeom(hits, drawn, marked, total, False))
