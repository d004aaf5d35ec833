"""Impact → plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.impact import Impact, OutcomeImpact
from mergecells.domain.revision import short
from mergecells.transforms.impact_words import auc_text, conversion_text, headline, matrix_rows, shift_text
from mergecells.transforms.markdown_escape import visible

_WIDEST_BAR = 30


def render_impact_text(impact: Impact) -> str:
    """Headline, tier moves, distribution, movers and, where it is known, the outcome."""
    lines = [f"{short(impact.base)} → {short(impact.head)}, as of {impact.date}", headline(impact)]
    if impact.leads:
        lines += [*_matrix(impact), *_histogram(impact), *_movers(impact)]
    if impact.outcome:
        lines += _outcome(impact.outcome)
    return "\n".join(lines)


def _matrix(impact: Impact) -> Iterator[str]:
    rows = [[visible(cell) for cell in row] for row in matrix_rows(impact)]
    yield from ("", "Tiers (rows before, columns after)")
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))


def _histogram(impact: Impact) -> Iterator[str]:
    tallest = max(max(one.before, one.after) for one in impact.histogram)
    yield from ("", "Scores (░ before, █ after)")
    for one in impact.histogram:
        if one.before or one.after:
            for mark, leads in (("░", one.before), ("█", one.after)):
                label = f"{one.low:3.0f}–{one.high:<3.0f}" if mark == "░" else " " * 7
                yield f"  {label} {mark * round(leads / tallest * _WIDEST_BAR)} {leads:,}"


def _movers(impact: Impact) -> Iterator[str]:
    if impact.movers:
        yield from ("", "Furthest moved")
    for mover in impact.movers:
        tiers = (
            mover.tier_before if mover.tier_before == mover.tier_after else f"{mover.tier_before} → {mover.tier_after}"
        )
        yield f"  line {mover.line}: {mover.score_before:.1f} → {mover.score_after:.1f}, tier {visible(tiers)}"
        yield from (f"      {visible(shift.factor)} {shift_text(shift)}" for shift in mover.factors)


def _outcome(outcome: OutcomeImpact) -> Iterator[str]:
    before, after = outcome.before, outcome.after
    yield from ("", f"Outcome {visible(outcome.field)}: {outcome.converted:,} of {outcome.known:,} leads converted")
    yield f"  AUC {auc_text(before.auc)} → {auc_text(after.auc)}"
    yield f"  calibration error {before.calibration_error:.4f} → {after.calibration_error:.4f}"
    for old, new in zip(before.tiers, after.tiers, strict=True):
        yield f"  tier {visible(old.tier)}: {conversion_text(old)} → {conversion_text(new)}"
    for first, second in zip(before.deciles, after.deciles, strict=True):
        yield f"  decile {first.decile:>2}: lift {first.lift:.2f} → {second.lift:.2f}"
