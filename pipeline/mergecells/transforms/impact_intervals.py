"""How sure a share and an AUC are: Wilson's interval, and DeLong's for two AUCs of the same leads. All at 95 %.

Plain Python, in the order of n log n. Sources: E. B. Wilson, "Probable Inference" (1927); E. R. DeLong and others,
"Comparing the Areas under Two or More Correlated ROC Curves" (1988), computed by mid-ranks as X. Sun and W. Xu, "Fast
Implementation of DeLong's Algorithm" (2014).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from mergecells.domain.impact import Estimate

Z = 1.959963984540054
"""The two-sided 95 % point of the normal distribution."""


def wilson(share: float, leads: int) -> tuple[float, float]:
    """The interval of a share of `leads`; 0..1 without leads."""
    if not leads:
        return 0.0, 1.0
    square = Z * Z
    middle = (share + square / (2 * leads)) / (1 + square / leads)
    half = Z / (1 + square / leads) * math.sqrt(max(share * (1 - share), 0.0) / leads + square / (4 * leads**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def compare_aucs(
    before: Sequence[float], after: Sequence[float], outcomes: Sequence[bool]
) -> tuple[Estimate, Estimate, Estimate] | None:
    """The AUC of both scores and of their difference, each with its interval; None without both outcomes."""
    sides = [_Placements(side, outcomes) for side in (before, after)]
    if not sides[0].good or not sides[0].bad:
        return None
    old, new = sides
    variances = _covariance(old, old), _covariance(new, new), _covariance(old, new)
    spread = variances[0] + variances[1] - 2 * variances[2]
    return (
        _estimate(old.auc, variances[0], 0.0, 1.0),
        _estimate(new.auc, variances[1], 0.0, 1.0),
        _estimate(new.auc - old.auc, spread, -1.0, 1.0),
    )


def midranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    ranks = [0.0] * len(values)
    order = sorted(range(len(values)), key=values.__getitem__)
    below = 0
    for _, tied in groupby(order, key=values.__getitem__):
        members = list(tied)
        for index in members:
            ranks[index] = below + (len(members) + 1) / 2
        below += len(members)
    return ranks


class _Placements:
    """For each lead the share of leads of the other outcome that it is on the right side of; ties count half."""

    def __init__(self, scores: Sequence[float], outcomes: Sequence[bool]) -> None:
        good = [score for score, converted in zip(scores, outcomes, strict=True) if converted]
        bad = [score for score, converted in zip(scores, outcomes, strict=True) if not converted]
        ranks = midranks([*good, *bad])
        self.good, self.bad = len(good), len(bad)
        of_good = zip(ranks, midranks(good), strict=False)
        of_bad = zip(ranks[self.good :], midranks(bad), strict=True)
        self.wins = [(all_ - own) / self.bad for all_, own in of_good] if self.bad else []
        self.losses = [1 - (all_ - own) / self.good for all_, own in of_bad] if self.good else []
        self.auc = math.fsum(self.wins) / self.good if self.good and self.bad else 0.0


def _covariance(one: _Placements, other: _Placements) -> float:
    """Of the two AUCs; 0 with a single lead of an outcome, where nothing can be told."""
    total = 0.0
    for first, second in ((one.wins, other.wins), (one.losses, other.losses)):
        count = len(first)
        if count > 1:
            means = math.fsum(first) / count, math.fsum(second) / count
            products = ((a - means[0]) * (b - means[1]) for a, b in zip(first, second, strict=True))
            total += math.fsum(products) / (count - 1) / count
    return total


def _estimate(value: float, variance: float, least: float, most: float) -> Estimate:
    half = Z * math.sqrt(max(variance, 0.0))
    return Estimate(value=value, low=max(value - half, least), high=min(value + half, most))
