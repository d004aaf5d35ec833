"""Did a measure move when a revision came? A rank test, so that a few odd calls do not decide.

For each subject (a prompt, or an intent) the revisions are put in the order in which they were first seen. Revisions
with fewer than the least number of values are joined with the next. Each part is compared with the one before by the
Mann-Whitney test (normal approximation with the correction for ties; H. B. Mann and D. R. Whitney, Ann. Math. Statist.
18, 1947), on at most `MOST` values nearest to the change. A shift is told when it would happen by chance in less than
`CHANCE` of all reports (Bonferroni over the comparisons of the report) and the medians differ by enough to matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist, median
from typing import Final, NamedTuple

from mergecells.domain.reports import Measure, Shift
from mergecells.domain.revision import Revision

LEAST: Final[Mapping[Measure, int]] = {"cost per call": 20, "quality": 10}
MOST: Final = 500
CHANCE: Final = 0.001
RATIO: Final = 1.2
"""A median cost that is 20 % more, or as much less, matters."""

POINTS: Final = 0.05
"""A median quality that is 0.05 more or less matters."""


class Sample(NamedTuple):
    at: float
    revision: Revision
    value: float


@dataclass
class _Part:
    """Revisions that are judged together, with their values in the order of time."""

    revisions: list[Revision] = field(default_factory=list)
    at: float = 0.0
    values: list[float] = field(default_factory=list)


def find_shifts(measure: Measure, subjects: Mapping[str, Sequence[Sample]]) -> tuple[tuple[Shift, ...], int]:
    """The shifts, the latest first, and the number of comparisons that were made."""
    pairs = [
        (subject, before, after)
        for subject, samples in subjects.items()
        for before, after in pairwise(_parts(samples, LEAST[measure]))
    ]
    found = []
    for subject, before, after in pairs:
        old, new = before.values[-MOST:], after.values[:MOST]
        chance = rank_sum_chance(old, new)
        medians = median(old), median(new)
        if chance * len(pairs) < CHANCE and _MATTERS[measure](*medians):
            names, previous = tuple(after.revisions), before.revisions[-1]
            counts = len(old), len(new)
            found.append(Shift(measure, subject, names, after.at, *medians, *counts, chance, previous))
    return tuple(sorted(found, key=lambda shift: (-shift.at, shift.subject))), len(pairs)


def _parts(samples: Sequence[Sample], least: int) -> list[_Part]:
    by_revision: dict[Revision, list[Sample]] = {}
    for sample in sorted(samples, key=lambda each: each.at):
        by_revision.setdefault(sample.revision, []).append(sample)
    parts: list[_Part] = []
    for revision, members in by_revision.items():
        if not parts or len(parts[-1].values) >= least:
            parts.append(_Part(at=members[0].at))
        parts[-1].revisions.append(revision)
        parts[-1].values += [member.value for member in members]
    return [part for part in parts if len(part.values) >= least]


def _cost_matters(before: float, after: float) -> bool:
    low, high = sorted((before, after))
    return high > 0 and (low <= 0 or high / low >= RATIO - 1e-9)


def _quality_matters(before: float, after: float) -> bool:
    return abs(after - before) >= POINTS - 1e-9


_MATTERS: Mapping[Measure, Callable[[float, float], bool]] = {
    "cost per call": _cost_matters,
    "quality": _quality_matters,
}


def rank_sum_chance(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of the Mann-Whitney test by the normal approximation; 1 when all values are the same."""
    count, other = len(first), len(second)
    total = count + other
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks, ties, place = 0.0, 0, 0
    while place < total:
        end = place
        while end < total and ranked[end][0] == ranked[place][0]:
            end += 1
        width = end - place
        ranks += (place + end + 1) / 2 * sum(side == 0 for _, side in ranked[place:end])
        ties += width**3 - width
        place = end
    mean = count * other / 2
    spread = count * other / 12 * (total + 1 - ties / (total * (total - 1))) if total > 1 else 0.0
    if spread <= 0:
        return 1.0
    distance = max(0.0, abs(ranks - count * (count + 1) / 2 - mean) - 0.5)
    return 2 * NormalDist().cdf(-distance / math.sqrt(spread))
