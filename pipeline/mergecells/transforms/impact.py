"""What a change of rules does to real leads: two scorers, the same leads, one Impact."""

from __future__ import annotations

import datetime
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.impact import FactorShift, Impact, Mover, OutcomeImpact, TierMove
from mergecells.domain.scoring import Fields, Rules, RuleSet
from mergecells.transforms.contributions import factor_points
from mergecells.transforms.impact_stats import histogram, outcome_side
from mergecells.transforms.score import Evaluation, Score, Scorer, compile_rule_set
from mergecells.transforms.verticals import resolve_vertical

SMALLEST_SHIFT = 1e-6
"""Points; a smaller difference is the noise of another order of additions, not a change."""
MOVERS = 10
_FACTORS_PER_MOVER = 4
_OUTCOMES = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class ImpactLead:
    """One lead by field name, the line it stands on, and whether it converted (None: not known)."""

    line: int
    lead: Mapping[str, Any]
    converted: bool | None = None


@dataclass(frozen=True, slots=True)
class RevisionRules:
    """One side: its rules, compiled."""

    rules: RuleSet
    scorer: Scorer

    def rules_for(self, vertical: str | None) -> Rules:
        """The rules that a lead is scored with. The scorer has refused an unknown vertical by then."""
        for name, override in self.rules.verticals.items():
            if vertical is not None and name.lower() == vertical.lower():
                return resolve_vertical(self.rules.rules, override)
        return self.rules.rules

    def tier_order(self, vertical: str | None) -> list[str]:
        """From the best down."""
        tiers = self.rules_for(vertical).tiers
        return sorted(tiers, key=lambda name: -tiers[name].min)


@dataclass(frozen=True, slots=True)
class _Pair:
    lead: ImpactLead
    before: Score
    after: Score

    @property
    def shift(self) -> float:
        return abs(self.after.value - self.before.value)


def prepare_side(rules: RuleSet, revision: str) -> RevisionRules:
    """Compile one side. Raises ConfigRejectedError when a formula cannot run."""
    return RevisionRules(rules, compile_rule_set(rules, revision))


def merged_fields(base: RevisionRules, head: RevisionRules) -> Fields | None:
    """The fields of both sides, as the head reads them: one file of leads serves both. None where a side has none."""
    if base.rules.fields is None or head.rules.fields is None:
        return None
    return Fields(fields={**base.rules.fields.fields, **head.rules.fields.fields})


def measure_impact(
    base: RevisionRules,
    head: RevisionRules,
    leads: Iterable[ImpactLead],
    date: datetime.date,
    vertical: str | None = None,
    outcome: str = "",
) -> Impact:
    """Score `leads` with both sides on the same date. `outcome` is the name of the column, for the report.

    Raises UsageError when a side does not know `vertical`.
    """
    pairs = [
        _Pair(one, base.scorer.score(one.lead, date, vertical), head.scorer.score(one.lead, date, vertical))
        for one in leads
    ]
    tiers = _merged_order(base.tier_order(vertical), head.tier_order(vertical))
    moves = Counter((pair.before.tier, pair.after.tier) for pair in pairs)
    before, after = [pair.before.value for pair in pairs], [pair.after.value for pair in pairs]
    return Impact(
        base=base.scorer.revision,
        head=head.scorer.revision,
        date=date.isoformat(),
        vertical=vertical,
        leads=len(pairs),
        changed_scores=sum(pair.shift > SMALLEST_SHIFT for pair in pairs),
        changed_tiers=sum(leads for (old, new), leads in moves.items() if old != new),
        mean_before=sum(before) / len(before) if before else 0.0,
        mean_after=sum(after) / len(after) if after else 0.0,
        tiers=tuple(tiers),
        matrix=tuple(TierMove(before=old, after=new, leads=moves[old, new]) for old in tiers for new in tiers),
        histogram=histogram(before, after),
        movers=_top_movers(base, head, pairs, date, vertical),
        outcome=_outcome(pairs, tiers, outcome) if outcome else None,
    )


def parse_outcome(value: object, line: int) -> bool | None:
    """Whether the lead converted: 1/0, yes/no, true/false in any case; blank is not known.

    Raises UsageError, with the line, for anything else: a lead that is counted wrongly would be worse.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, int | float):
        value = f"{value:g}" if not isinstance(value, bool) else str(value)
    known = _OUTCOMES.get(str(value).strip().lower())
    if known is None:
        raise UsageError(
            f"Line {line}: the outcome {str(value)[:40]!r} is neither yes nor no.",
            "Use 1 or 0, yes or no, true or false, or leave it blank where it is not known.",
        )
    return known


def _merged_order(base: Sequence[str], head: Sequence[str]) -> list[str]:
    """The head's tiers, then those that only the base has."""
    return [*head, *(tier for tier in base if tier not in head)]


def _top_movers(
    base: RevisionRules, head: RevisionRules, pairs: Sequence[_Pair], date: datetime.date, vertical: str | None
) -> tuple[Mover, ...]:
    moved = (pair for pair in pairs if pair.shift > SMALLEST_SHIFT)
    furthest = heapq.nsmallest(MOVERS, moved, key=lambda pair: (-pair.shift, pair.lead.line))
    rules = base.rules_for(vertical), head.rules_for(vertical)
    return tuple(
        Mover(
            line=pair.lead.line,
            score_before=pair.before.value,
            score_after=pair.after.value,
            tier_before=pair.before.tier,
            tier_after=pair.after.tier,
            factors=_factor_shifts(
                rules,
                base.scorer.evaluate(pair.lead.lead, date, vertical),
                head.scorer.evaluate(pair.lead.lead, date, vertical),
            ),
        )
        for pair in furthest
    )


def _factor_shifts(rules: tuple[Rules, Rules], before: Evaluation, after: Evaluation) -> tuple[FactorShift, ...]:
    """The factors that moved this lead, the strongest first."""
    old, new = factor_points(rules[0], before), factor_points(rules[1], after)
    shifts = [FactorShift(factor=name, before=old.get(name, 0.0), after=new.get(name, 0.0)) for name in {**new, **old}]
    moved = [shift for shift in shifts if abs(shift.after - shift.before) > SMALLEST_SHIFT]
    return tuple(sorted(moved, key=lambda s: (-abs(s.after - s.before), s.factor))[:_FACTORS_PER_MOVER])


def _outcome(pairs: Sequence[_Pair], tiers: Sequence[str], name: str) -> OutcomeImpact:
    known = [(pair, pair.lead.converted) for pair in pairs if pair.lead.converted is not None]
    outcomes = [converted for _, converted in known]
    sides = [[getattr(pair, side) for pair, _ in known] for side in ("before", "after")]
    before, after = (
        outcome_side([score.value for score in side], [score.tier for score in side], outcomes, tiers) for side in sides
    )
    return OutcomeImpact(field=name, known=len(known), converted=sum(outcomes), before=before, after=after)
