"""Calls → what they cost: by group, by day, against the period before, with shifts after revisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mergecells.domain.history import TurnFacts
from mergecells.domain.reports import CallFigures, CostReport, CostRow, DayRevisionCost, Grouping, Period
from mergecells.transforms.call_tally import GROUPS, Tally, day_index, day_names
from mergecells.transforms.revision_shifts import Sample, find_shifts

NOTHING: Final = CallFigures()


class CostBook:
    """Takes calls one by one, those of the period before too, and gives rows by any of the groupings."""

    def __init__(self, period: Period, groupings: Iterable[Grouping]) -> None:
        self.period, self._before = period, period.before
        self.groups: dict[Grouping, dict[str, Tally]] = {each: {} for each in groupings}
        self.old_groups: dict[Grouping, dict[str, Tally]] = {each: {} for each in groupings}
        self.total, self.old_total = Tally(period.days), Tally()
        self.samples: dict[str, list[Sample]] = {}
        self.by_revision: dict[tuple[int, str], int] = {}

    def add(self, turn: TurnFacts) -> None:
        if self.period.since <= turn.at < self.period.until:
            self._add_now(turn, day_index(self.period, turn.at))
        elif self._before.since <= turn.at < self._before.until:
            self.old_total.add(turn)
            for by, tallies in self.old_groups.items():
                tallies.setdefault(GROUPS[by](turn), Tally()).add(turn)
        if turn.cost and not turn.cached and turn.outcome == "ok":
            sample = Sample(turn.at, turn.revision, float(turn.cost))
            self.samples.setdefault(subject_of(turn), []).append(sample)

    def _add_now(self, turn: TurnFacts, day: int) -> None:
        self.total.add(turn, day)
        self.by_revision[day, turn.revision] = self.by_revision.get((day, turn.revision), 0) + (turn.cost or 0)
        for by, tallies in self.groups.items():
            key = GROUPS[by](turn)
            tally = tallies.get(key)
            if tally is None:
                tally = tallies[key] = Tally(self.period.days)
            tally.add(turn, day)

    def rows(self, by: Grouping) -> tuple[CostRow, ...]:
        """The dearest first; groups of the period before that have no call now are there too."""
        now, before = self.groups[by], self.old_groups[by]
        rows = [
            CostRow(
                key,
                now[key].figures() if key in now else NOTHING,
                before[key].figures() if key in before else NOTHING,
                tuple(now[key].daily) if key in now else (0,) * self.period.days,
            )
            for key in {**now, **before}
        ]
        return tuple(sorted(rows, key=lambda row: (-row.figures.cost, -row.figures.calls, -row.before.cost, row.key)))


def subject_of(turn: TurnFacts) -> str:
    """What a call is compared with: calls of the same prompt, or of the same intent."""
    return turn.prompt_slug or f"intent {turn.intent}"


def report_costs(turns: Iterable[TurnFacts], period: Period, by: Grouping) -> CostReport:
    """`turns` from the start of the period before on. Budgets, pull requests and notes are added by others."""
    book = CostBook(period, [by])
    for turn in turns:
        book.add(turn)
    shifts, compared = find_shifts("cost per call", book.samples)
    days = day_names(period)
    return CostReport(
        period=period,
        by=by,
        total=book.total.figures(),
        before=book.old_total.figures(),
        rows=book.rows(by),
        days=days,
        daily=tuple(book.total.daily),
        by_revision=tuple(
            DayRevisionCost(days[day], revision, cost) for (day, revision), cost in sorted(book.by_revision.items())
        ),
        shifts=tuple(shift for shift in shifts if shift.at >= period.since),
        compared=compared,
    )
