"""Statistics of scores against outcomes, in plain Python: AUC, lift by decile, calibration, histogram.

Leads with the same score are one group in every figure, so that no figure depends on the order of the file.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from mergecells.domain.impact import CalibrationBin, DecileLift, OutcomeSide, ScoreBin, TierConversion
from mergecells.transforms.impact_intervals import wilson

BIN_COUNT = 20
CALIBRATION_BINS = 10
DECILES = 10

Scored = tuple[float, bool]
"""A score in points, and whether the lead converted."""


def area_under_curve(scored: Iterable[Scored]) -> float | None:
    """The chance that a converted lead scores above one that did not; a tie counts half (Mann-Whitney U).

    None when there is no such pair.
    """
    won, positives, negatives = 0.0, 0, 0
    for _, tied in groupby(sorted(scored), key=lambda one: one[0]):
        outcomes = [converted for _, converted in tied]
        good = sum(outcomes)
        bad = len(outcomes) - good
        won += good * (negatives + bad / 2)
        positives += good
        negatives += bad
    return won / (positives * negatives) if positives and negatives else None


def lift_by_decile(scored: Sequence[Scored]) -> tuple[DecileLift, ...]:
    """Ten equal parts by score, the best first. Tied leads share their conversion, whichever part they fall in."""
    expected: list[float] = []
    for _, tied in groupby(sorted(scored, reverse=True), key=lambda one: one[0]):
        outcomes = [converted for _, converted in tied]
        expected.extend([sum(outcomes) / len(outcomes)] * len(outcomes))
    overall = sum(expected) / len(expected) if expected else 0.0
    deciles = []
    for number in range(DECILES):
        part = expected[len(expected) * number // DECILES : len(expected) * (number + 1) // DECILES]
        conversion = sum(part) / len(part) if part else 0.0
        lift = conversion / overall if overall else 0.0
        low, high = (edge / overall if overall else 0.0 for edge in wilson(conversion, len(part)))
        deciles.append(
            DecileLift(decile=number + 1, leads=len(part), conversion=conversion, lift=lift, low=low, high=high)
        )
    return tuple(deciles)


def calibration(scored: Iterable[Scored]) -> tuple[CalibrationBin, ...]:
    """Mean score against conversion for each ten points; bins without leads are left out."""
    bins: dict[int, list[Scored]] = {}
    for one in scored:
        bins.setdefault(bin_of(one[0], CALIBRATION_BINS), []).append(one)
    return tuple(_calibration_bin(number, members) for number, members in sorted(bins.items()))


def _calibration_bin(number: int, members: Sequence[Scored]) -> CalibrationBin:
    width, leads = 100 / CALIBRATION_BINS, len(members)
    conversion = sum(converted for _, converted in members) / leads
    low, high = wilson(conversion, leads)
    return CalibrationBin(
        low=number * width,
        high=(number + 1) * width,
        leads=leads,
        mean_score=math.fsum(score for score, _ in members) / leads / 100,
        conversion=conversion,
        conversion_low=low,
        conversion_high=high,
    )


def calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Mean distance between score / 100 and conversion, weighted by leads; 0 without leads."""
    leads = sum(one.leads for one in bins)
    return sum(one.leads * abs(one.mean_score - one.conversion) for one in bins) / leads if leads else 0.0


def outcome_side(
    scores: Sequence[float], tiers: Sequence[str], outcomes: Sequence[bool], order: Sequence[str]
) -> OutcomeSide:
    """All figures of one revision; the sequences have one entry for each lead whose outcome is known."""
    scored = list(zip(scores, outcomes, strict=True))
    bins = calibration(scored)
    leads = Counter(tiers)
    converted = Counter(tier for tier, good in zip(tiers, outcomes, strict=True) if good)
    return OutcomeSide(
        auc=area_under_curve(scored),
        calibration_error=calibration_error(bins),
        tiers=tuple(_tier(tier, leads[tier], converted[tier]) for tier in order),
        deciles=lift_by_decile(scored),
        calibration=bins,
    )


def _tier(name: str, leads: int, converted: int) -> TierConversion:
    low, high = wilson(converted / leads if leads else 0.0, leads)
    return TierConversion(tier=name, leads=leads, converted=converted, low=low, high=high)


def histogram(before: Iterable[float], after: Iterable[float]) -> tuple[ScoreBin, ...]:
    """Leads for each five points, on both sides."""
    counts = [Counter(bin_of(score, BIN_COUNT) for score in side) for side in (before, after)]
    width = 100 / BIN_COUNT
    return tuple(
        ScoreBin(low=number * width, high=(number + 1) * width, before=counts[0][number], after=counts[1][number])
        for number in range(BIN_COUNT)
    )


def bin_of(score: float, bins: int) -> int:
    """The bin of a score in 0..100; a score outside (weights that do not sum to 1) falls in the nearest bin."""
    return min(max(int(score * bins / 100), 0), bins - 1)
