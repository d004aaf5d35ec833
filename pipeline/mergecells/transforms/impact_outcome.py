"""Who converted: read from a file's cell, and compared with the scores of both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mergecells.domain.errors import UsageError
from mergecells.domain.impact import OutcomeImpact
from mergecells.transforms.impact_intervals import compare_aucs
from mergecells.transforms.impact_stats import outcome_side

Known = tuple[float, float, str, str, bool]
"""Scores before and after, tiers before and after, and whether the lead converted."""

_OUTCOMES = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


def parse_outcome(value: object, line: int, column: str = "") -> bool | None:
    """Whether the lead converted: 1/0, yes/no, true/false in any case; blank is not known.

    Raises UsageError, with line and column, for anything else: a lead that is counted wrongly would be worse.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, int | float):
        value = f"{value:g}" if not isinstance(value, bool) else str(value)
    known = _OUTCOMES.get(str(value).strip().lower())
    if known is None:
        where = f" in column {column!r}" if column else ""
        raise UsageError(
            f"Line {line}: the outcome {str(value)[:40]!r}{where} is neither yes nor no.",
            "Use 1 or 0, yes or no, true or false, or leave it blank where it is not known.",
        )
    return known


def outcome_impact(leads: Iterable[Known], tiers: Sequence[str], field: str) -> OutcomeImpact:
    """Both sides over the leads whose outcome is known."""
    before, after, old, new, outcomes = tuple(zip(*leads, strict=True)) or ((), (), (), (), ())
    aucs = compare_aucs(before, after, outcomes)
    sides = (
        outcome_side(scores, names, outcomes, tiers).model_copy(update={"auc_interval": aucs[at] if aucs else None})
        for at, (scores, names) in enumerate(((before, old), (after, new)))
    )
    first, second = sides
    return OutcomeImpact(
        field=field,
        known=len(outcomes),
        converted=sum(outcomes),
        auc_difference=aucs[2] if aucs else None,
        before=first,
        after=second,
    )
