"""What is counted while leads stream by: a few bytes for each lead, whatever a lead itself takes."""

from __future__ import annotations

import heapq
import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mergecells.domain.impact import PointsDrive, Segment, Segments
from mergecells.transforms.impact_factors import SMALLEST_SHIFT

MOST_VALUES = 1_000
"""Values of a field that are told apart; a file whose every lead has its own must not fill the memory."""
SHOWN_VALUES = 12
SAMPLE = 500
"""At least so many moved leads (or all) are looked at factor by factor."""
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class ImpactLead:
    """One lead by field name, the line it stands on, and whether it converted (None: not known).

    `vertical` is the one that the file names for this lead; `values` are those of the fields to compare by.
    """

    line: int
    lead: Mapping[str, Any]
    converted: bool | None = None
    vertical: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """One lead's scores by both sides."""

    lead: ImpactLead
    before: float
    after: float
    tier_before: str
    tier_after: str

    @property
    def moved(self) -> bool:
        return abs(self.after - self.before) > SMALLEST_SHIFT


@dataclass(slots=True)
class Tally:
    """`tiers` are all that either side knows, from the best down; `by` the fields that leads are compared by."""

    tiers: Sequence[str]
    by: Sequence[str]
    movers: int
    before: array[float] = field(default_factory=lambda: array("d"))
    after: array[float] = field(default_factory=lambda: array("d"))
    outcomes: array[int] = field(default_factory=lambda: array("b"))
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: int = 0
    furthest: list[tuple[float, int, Pair]] = field(default_factory=list)
    sample: list[Pair] = field(default_factory=list)
    _ranks: dict[str, int] = field(default_factory=dict)
    _tiers: tuple[array[int], array[int]] = field(default_factory=lambda: (array("H"), array("H")))
    _drive: dict[str, list[float]] = field(default_factory=dict)
    _segments: list[dict[str | None, list[float]]] = field(default_factory=list)
    _stride: int = 1

    def __post_init__(self) -> None:
        self._ranks = {tier: rank for rank, tier in enumerate(self.tiers)}
        self._segments = [{} for _ in self.by]

    def add(self, pair: Pair) -> None:
        """Count one lead."""
        self.before.append(pair.before)
        self.after.append(pair.after)
        ranks = self._ranks[pair.tier_before], self._ranks[pair.tier_after]
        for column, rank in zip(self._tiers, ranks, strict=True):
            column.append(rank)
        converted = pair.lead.converted
        self.outcomes.append(_UNKNOWN if converted is None else int(converted))
        self.moves[pair.tier_before, pair.tier_after] += 1
        for value, rows in zip(pair.lead.values, self._segments, strict=True):
            _count(rows, value, pair, ranks[0] - ranks[1])
        if pair.moved:
            self._add_moved(pair)

    def add_points(self, name: str, before: Sequence[float], after: Sequence[float]) -> None:
        """Count one component's points of as many leads as the columns are long."""
        drive = self._drive.setdefault(name, [0.0, 0.0, 0.0])
        changes = [new - old for old, new in zip(before, after, strict=True)]
        drive[0] += math.fsum(map(abs, changes))
        drive[1] += math.fsum(changes)
        drive[2] += sum(abs(change) > SMALLEST_SHIFT for change in changes)

    def drive(self) -> tuple[PointsDrive, ...]:
        """The components that moved anything, the strongest first."""
        return drives(self._drive, len(self.before))

    def known(self) -> Iterator[tuple[float, float, str, str, bool]]:
        """Scores and tiers of the leads whose outcome is known, and the outcome."""
        for index, outcome in enumerate(self.outcomes):
            if outcome != _UNKNOWN:
                tiers = (self.tiers[column[index]] for column in self._tiers)
                yield self.before[index], self.after[index], *tiers, bool(outcome)  # type: ignore[misc]

    def segments(self) -> tuple[Segments, ...]:
        """The largest segments of each field."""
        return tuple(_shown(by, rows) for by, rows in zip(self.by, self._segments, strict=True))

    def _add_moved(self, pair: Pair) -> None:
        entry = (abs(pair.after - pair.before), -len(self.before), pair)
        if len(self.furthest) < self.movers:
            heapq.heappush(self.furthest, entry)
        elif entry[:2] > self.furthest[0][:2]:
            heapq.heapreplace(self.furthest, entry)
        if self.changed % self._stride == 0:
            self.sample.append(pair)
            if len(self.sample) == 2 * SAMPLE:
                # Every second one stays: evenly spread over the file, the same in every run.
                self.sample = self.sample[::2]
                self._stride *= 2
        self.changed += 1


def drives(sums: Mapping[str, Sequence[float]], leads: int) -> tuple[PointsDrive, ...]:
    """From sums of absolute change, change and leads, by name."""
    rows = [
        PointsDrive(name=name, mean_absolute=total / leads, mean=change / leads, leads=round(moved))
        for name, (total, change, moved) in sums.items()
        if moved
    ]
    return tuple(sorted(rows, key=lambda row: (-row.mean_absolute, row.name)))


def _count(rows: dict[str | None, list[float]], value: str | None, pair: Pair, up: int) -> None:
    if value not in rows and len(rows) >= MOST_VALUES:
        value = None
    row = rows.setdefault(value, [0, 0, 0, 0.0, 0.0, 0, 0])
    converted = pair.lead.converted
    for index, amount in enumerate(
        (1, up > 0, up < 0, pair.before, pair.after, converted is not None, converted is True)
    ):
        row[index] += amount


def _shown(by: str, rows: Mapping[str | None, Sequence[float]]) -> Segments:
    named = sorted((name for name in rows if name is not None), key=lambda name: (-rows[name][0], name))
    return Segments(
        by=by,
        rows=tuple(_segment(name, rows[name]) for name in named[:SHOWN_VALUES]),
        others=round(sum(row[0] for row in rows.values()) - sum(rows[name][0] for name in named[:SHOWN_VALUES])),
    )


def _segment(value: str, row: Sequence[float]) -> Segment:
    leads, up, down, before, after, known, converted = row
    return Segment(
        value=value,
        leads=round(leads),
        changed_tiers=round(up + down),
        up=round(up),
        down=round(down),
        mean_before=before / leads,
        mean_after=after / leads,
        known=round(known),
        converted=round(converted),
    )
