"""The two sides of a comparison: each a rule set, compiled."""

from __future__ import annotations

from dataclasses import dataclass

from mergecells.domain.errors import UsageError
from mergecells.domain.scoring import Fields, Rules, RuleSet
from mergecells.transforms.score import Scorer, compile_rule_set
from mergecells.transforms.verticals import resolve_vertical


@dataclass(frozen=True, slots=True)
class RevisionRules:
    """One side: its rules, compiled."""

    rules: RuleSet
    scorer: Scorer

    def own_name(self, vertical: str | None) -> str | None:
        """The vertical as this side's files name it; None without one, or where this side does not have it."""
        return next((name for name in self.scorer.verticals if vertical and name.lower() == vertical.lower()), None)

    def rules_for(self, vertical: str | None) -> Rules:
        """The rules that a lead is scored with: the base rules where this side does not have the vertical."""
        name = self.own_name(vertical)
        return resolve_vertical(self.rules.rules, self.rules.verticals[name]) if name else self.rules.rules


def prepare_side(rules: RuleSet, revision: str) -> RevisionRules:
    """Compile one side. Raises ConfigRejectedError when a formula cannot run."""
    return RevisionRules(rules, compile_rule_set(rules, revision))


def merged_fields(base: RevisionRules, head: RevisionRules) -> Fields | None:
    """The fields of both sides, as the head reads them: one file of leads serves both. None where a side has none."""
    if base.rules.fields is None or head.rules.fields is None:
        return None
    return Fields(fields={**base.rules.fields.fields, **head.rules.fields.fields})


def check_vertical(base: RevisionRules, head: RevisionRules, vertical: str | None) -> None:
    """Raises UsageError when neither side has `vertical`."""
    if vertical and not base.own_name(vertical) and not head.own_name(vertical):
        known = ", ".join(dict.fromkeys((*base.scorer.verticals, *head.scorer.verticals))) or "none"
        raise UsageError(f"There is no vertical {vertical!r}.", f"Known: {known}.")
