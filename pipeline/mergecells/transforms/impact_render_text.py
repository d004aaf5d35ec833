"""Impact → plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergecells.domain.impact import Drive, Impact, OutcomeImpact, Segments
from mergecells.domain.revision import short
from mergecells.transforms.impact_words import (
    SEGMENT_TITLES,
    auc_text,
    auc_verdict,
    conversion_text,
    counted_leads,
    drive_text,
    headline,
    histogram_lines,
    matrix_rows,
    segment_cells,
    shift_text,
)
from mergecells.transforms.markdown_escape import visible

_LONGEST = 40


def render_impact_text(impact: Impact) -> str:
    """Headline, tier moves, distribution, what drove it, movers, segments and, where it is known, the outcome."""
    vertical = f", vertical {visible(impact.vertical)}" if impact.vertical else ""
    lines = [f"{short(impact.base)} → {short(impact.head)}, as of {impact.date}{vertical}"]
    lines.append(headline(impact) if impact.leads else f"{headline(impact)}.")
    lines += [f"Note: {visible(note)}" for note in impact.notes]
    if impact.leads:
        lines += [*_matrix(impact), "", "Scores (░ before, █ after)", *(f"  {bar}" for bar in histogram_lines(impact))]
        lines += [*_drive(impact.drive), *_movers(impact)]
        for segments in impact.segments:
            lines += _segments(segments)
    if impact.outcome:
        lines += _outcome(impact.outcome)
    return "\n".join(lines)


def _matrix(impact: Impact) -> Iterator[str]:
    yield from ("", "Tiers (rows before, columns after)")
    yield from _aligned([[visible(cell, _LONGEST) for cell in row] for row in matrix_rows(impact)])


def _drive(drive: Drive | None) -> Iterator[str]:
    if drive is None or not drive.components:
        return
    yield from ("", "What moved the scores, by component")
    yield from (f"  {visible(one.name)}: {drive_text(one)}" for one in drive.components)
    yield f"  by factor, from {counted_leads(drive.sampled)} that moved:"
    yield from (f"    {visible(one.name)}: {drive_text(one)}" for one in drive.factors)


def _movers(impact: Impact) -> Iterator[str]:
    if impact.movers:
        yield from ("", "Furthest moved")
    for mover in impact.movers:
        tiers = (
            mover.tier_before if mover.tier_before == mover.tier_after else f"{mover.tier_before} → {mover.tier_after}"
        )
        where = f"{visible(tiers)}, vertical {visible(mover.vertical)}" if mover.vertical else visible(tiers)
        yield f"  line {mover.line}: {mover.score_before:.1f} → {mover.score_after:.1f}, tier {where}"
        yield from (f"      {visible(shift.factor)} {shift_text(shift)}" for shift in mover.factors)


def _segments(segments: Segments) -> Iterator[str]:
    yield from ("", f"By {visible(segments.by, _LONGEST)}")
    rows = [[visible(row.value, _LONGEST) or "(blank)", *segment_cells(row)] for row in segments.rows]
    yield from _aligned([["", *SEGMENT_TITLES], *rows], left=True)
    if segments.others:
        yield f"  and {counted_leads(segments.others)} with further values"


def _outcome(outcome: OutcomeImpact) -> Iterator[str]:
    before, after = outcome.before, outcome.after
    of_known = counted_leads(outcome.known)
    yield from ("", f"Outcome {visible(outcome.field)}: {outcome.converted:,} of {of_known} converted")
    if not outcome.known:
        return
    yield "  (in brackets the 95% interval)"
    yield f"  AUC {auc_text(before.auc, before.auc_interval)} → {auc_text(after.auc, after.auc_interval)}"
    yield f"      {auc_verdict(outcome)}"
    yield f"  calibration error {before.calibration_error:.4f} → {after.calibration_error:.4f}"
    for old, new in zip(before.tiers, after.tiers, strict=True):
        yield f"  tier {visible(old.tier)}: {conversion_text(old)} → {conversion_text(new)}"
    for first, second in zip(before.deciles, after.deciles, strict=True):
        yield f"  decile {first.decile:>2}: lift {first.lift:.2f} → {second.lift:.2f}"


def _aligned(rows: Sequence[Sequence[str]], *, left: bool = False) -> Iterator[str]:
    """`left`: the first column stands to the left."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        first = row[0].ljust(widths[0]) if left else cells[0]
        yield "  " + "  ".join([first, *cells[1:]])
