"""What a change of rules does to real leads: two scorers, the same leads, one Impact."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from mergecells.domain.impact import Drive, Impact, Mover, TierMove
from mergecells.transforms.impact_factors import EvaluatedSide, factor_shifts
from mergecells.transforms.impact_outcome import outcome_impact, parse_outcome
from mergecells.transforms.impact_sides import RevisionRules, check_vertical, merged_fields, prepare_side
from mergecells.transforms.impact_stats import histogram
from mergecells.transforms.impact_tally import ImpactLead, Pair, Tally, drives
from mergecells.transforms.score_result import ScoreColumns

__all__ = ["ImpactLead", "RevisionRules", "measure_impact", "merged_fields", "parse_outcome", "prepare_side"]

MOVERS = 10
BY_VERTICAL = "vertical"
CHUNK = 4_096
"""Leads at a time: what is held on the way does not grow with their number."""
_FACTORS_PER_MOVER = 4
_FACTORS_OF_DRIVE = 15


def measure_impact(
    base: RevisionRules,
    head: RevisionRules,
    leads: Iterable[ImpactLead],
    date: datetime.date,
    vertical: str | None = None,
    outcome: str = "",
    by: Sequence[str] = (),
) -> Impact:
    """Score `leads` with both sides on the same date; they are read once, and not kept.

    `vertical` holds for every lead that names none itself. `outcome` is the name of the column, for the report; `by`
    are those of the leads' `values`. Raises UsageError when neither side knows `vertical`.
    """
    check_vertical(base, head, vertical)
    return _Measuring(base, head, date, vertical, outcome, tuple(by)).measure(leads)


@dataclass(slots=True)
class _Measuring:
    """One run over the leads."""

    base: RevisionRules
    head: RevisionRules
    date: datetime.date
    vertical: str | None
    outcome: str
    by: tuple[str, ...]
    tally: Tally = field(init=False)
    unknown: Counter[str] = field(default_factory=Counter)
    one_sided: dict[str, str] = field(default_factory=dict)
    by_vertical: bool = False

    def measure(self, leads: Iterable[ImpactLead]) -> Impact:
        waiting = iter(leads)
        first = list(islice(waiting, CHUNK))
        # Each lead names a vertical or none does: it is one column of the file.
        self.by_vertical = any(one.vertical is not None for one in first)
        fields = (*((BY_VERTICAL,) if self.by_vertical else ()), *self.by)
        self.tally = Tally(self._tier_order(), fields, MOVERS)
        while first:
            self._take(first)
            first = list(islice(waiting, CHUNK))
        return self._impact()

    def _take(self, leads: Sequence[ImpactLead]) -> None:
        for name, members in self._by_vertical(leads).items():
            if name and not self.base.own_name(name) and not self.head.own_name(name):
                self.unknown[name] += len(members)
                continue
            self._note_one_sided(name)
            self._score(name, members)

    def _by_vertical(self, leads: Sequence[ImpactLead]) -> dict[str | None, list[ImpactLead]]:
        """The leads of each vertical, by its name as the files have it: `SaaS` and `saas` are one."""
        if not self.by_vertical and not self.vertical:
            return {None: list(leads)}
        groups: dict[str | None, list[ImpactLead]] = {}
        for one in leads:
            given = one.vertical or self.vertical or None
            groups.setdefault(self.head.own_name(given) or self.base.own_name(given) or given, []).append(one)
        return groups

    def _score(self, vertical: str | None, leads: Sequence[ImpactLead]) -> None:
        columns = _columns(leads)
        before, after = (
            side.scorer.score_many(columns, self.date, side.own_name(vertical)) for side in (self.base, self.head)
        )
        rows = zip(leads, _listed(before.value), _listed(after.value), list(before.tier), list(after.tier), strict=True)
        for lead, old, new, tier_before, tier_after in rows:
            values = (vertical or "", *lead.values) if self.by_vertical else lead.values
            told = ImpactLead(lead.line, lead.lead, lead.converted, vertical, values)
            self.tally.add(Pair(told, old, new, tier_before, tier_after))
        for name in {**after.components, **before.components}:
            self.tally.add_points(name, *(_points(side, name, len(leads)) for side in (before, after)))

    def _note_one_sided(self, vertical: str | None) -> None:
        for side, other, word in ((self.base, self.head, "before"), (self.head, self.base, "after")):
            if vertical and not side.own_name(vertical) and other.own_name(vertical):
                self.one_sided[vertical] = f"There is no vertical {vertical} {word}: base rules are taken there."

    def _impact(self) -> Impact:
        tally = self.tally
        seen = {tier for move in tally.moves for tier in move}
        tiers = [tier for tier in tally.tiers if tier in seen or self._is_stated(tier)]
        leads = len(tally.before)
        return Impact(
            base=self.base.scorer.revision,
            head=self.head.scorer.revision,
            date=self.date.isoformat(),
            vertical=self.vertical,
            leads=leads,
            unreadable=self.unknown.total(),
            changed_scores=tally.changed,
            changed_tiers=sum(leads for (old, new), leads in tally.moves.items() if old != new),
            mean_before=math.fsum(tally.before) / leads if leads else 0.0,
            mean_after=math.fsum(tally.after) / leads if leads else 0.0,
            tiers=tuple(tiers),
            matrix=tuple(
                TierMove(before=old, after=new, leads=tally.moves[old, new]) for old in tiers for new in tiers
            ),
            histogram=histogram(tally.before, tally.after),
            movers=tuple(
                self._mover(pair) for *_, pair in sorted(tally.furthest, key=lambda entry: entry[:2], reverse=True)
            ),
            drive=self._drive() if leads else None,
            segments=tally.segments(),
            notes=(*self.one_sided.values(), *self._unknown_notes()),
            outcome=outcome_impact(tally.known(), tiers, self.outcome) if self.outcome else None,
        )

    def _tier_order(self) -> list[str]:
        """All tiers of both sides and of every vertical, from the best down; the head's minimum holds."""
        names = (None, *dict.fromkeys((*self.head.scorer.verticals, *self.base.scorer.verticals)))
        lowest: dict[str, float] = {}
        for side in (self.head, self.base):
            for name in names:
                for tier, body in side.rules_for(name).tiers.items():
                    lowest.setdefault(tier, body.min)
        return sorted(lowest, key=lambda tier: -lowest[tier])

    def _is_stated(self, tier: str) -> bool:
        """A tier of the rules shows without leads too; one of some vertical only where it has any."""
        return any(tier in side.rules_for(self.vertical).tiers for side in (self.base, self.head))

    def _unknown_notes(self) -> Iterator[str]:
        for name, leads in self.unknown.most_common(5):
            yield f"There is no vertical {name[:40]!r} on either side: {leads:,} leads are left out."

    def _evaluated(self, pair: Pair) -> tuple[EvaluatedSide, EvaluatedSide]:
        before, after = (
            EvaluatedSide(
                side.rules_for(pair.lead.vertical),
                side.scorer.evaluate(pair.lead.lead, self.date, side.own_name(pair.lead.vertical)),
            )
            for side in (self.base, self.head)
        )
        return before, after

    def _mover(self, pair: Pair) -> Mover:
        return Mover(
            line=pair.lead.line,
            score_before=pair.before,
            score_after=pair.after,
            tier_before=pair.tier_before,
            tier_after=pair.tier_after,
            vertical=pair.lead.vertical,
            factors=factor_shifts(*self._evaluated(pair))[:_FACTORS_PER_MOVER],
        )

    def _drive(self) -> Drive:
        """Factors are looked at for a sample of the moved leads; its sums stand for all of them."""
        sums: dict[str, list[float]] = {}
        for pair in self.tally.sample:
            for shift in factor_shifts(*self._evaluated(pair)):
                row = sums.setdefault(shift.factor, [0.0, 0.0, 0.0])
                for index, amount in enumerate((abs(shift.change), shift.change, 1)):
                    row[index] += amount
        sampled = len(self.tally.sample)
        scale = self.tally.changed / sampled if sampled else 0.0
        scaled = {name: [amount * scale for amount in row] for name, row in sums.items()}
        factors = drives(scaled, len(self.tally.before))[:_FACTORS_OF_DRIVE]
        return Drive(components=self.tally.drive(), factors=factors, sampled=sampled)


def _columns(leads: Sequence[ImpactLead]) -> dict[str, list[Any]]:
    """The leads as columns by lower-case name; what a lead does not have is blank."""
    rows: list[Mapping[str, Any]] = [{name.lower(): value for name, value in one.lead.items()} for one in leads]
    # A column that is no field says how many leads there are, also when none has a value.
    names = dict.fromkeys(("", *(name for row in rows for name in row)))
    return {name: [row.get(name) for row in rows] for name in names}


def _points(side: ScoreColumns, component: str, leads: int) -> Sequence[float]:
    column = side.components.get(component)
    return _listed(column) if column is not None else [0.0] * leads


def _listed(column: Any) -> list[float]:
    listed: list[float] = column.tolist() if hasattr(column, "tolist") else list(column)
    return listed
