"""The words and figures that every rendering of an Impact shares."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.impact import Estimate, FactorShift, Impact, OutcomeImpact, PointsDrive, Segment, TierConversion

_WIDEST_BAR = 30


def headline(impact: Impact) -> str:
    """`4,021 of 9,240 leads change score, 312 (3.4%) change tier; mean score 48.1 → 49.0`."""
    unreadable = f"; {rows_text(impact.unreadable)} could not be used" if impact.unreadable else ""
    if not impact.leads:
        return f"No leads{unreadable}"
    return (
        f"{impact.changed_scores:,} of {counted_leads(impact.leads)} change score, {impact.changed_tiers:,} "
        f"({impact.changed_tier_share:.1%}) change tier; mean score {impact.mean_before:.1f} → {impact.mean_after:.1f}"
        f"{unreadable}"
    )


def counted_leads(number: int) -> str:
    return f"{number:,} lead{'' if number == 1 else 's'}"


def rows_text(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def matrix_rows(impact: Impact) -> list[list[str]]:
    """The transition matrix with its heads and sums, `·` where no lead moved."""
    leads = {(move.before, move.after): move.leads for move in impact.matrix}
    rows = [["", *impact.tiers, "before"]]
    for old in impact.tiers:
        cells = [leads[old, new] for new in impact.tiers]
        rows.append([old, *(f"{cell:,}" if cell else "·" for cell in cells), f"{sum(cells):,}"])
    totals = [sum(leads[old, new] for old in impact.tiers) for new in impact.tiers]
    return [*rows, ["after", *(f"{total:,}" for total in totals), f"{impact.leads:,}"]]


def histogram_lines(impact: Impact) -> Iterator[str]:
    """Two bars for each five points that hold leads: ░ before, █ after."""
    tallest = max((max(one.before, one.after) for one in impact.histogram), default=0) or 1
    for one in impact.histogram:
        if one.before or one.after:
            for mark, leads in (("░", one.before), ("█", one.after)):
                label = f"{one.low:3.0f}–{one.high:<3.0f}" if mark == "░" else " " * 7
                yield f"{label} {mark * round(leads / tallest * _WIDEST_BAR)} {leads:,}"


def conversion_text(tier: TierConversion) -> str:
    """`81.2% (79.0–83.3) of 1,204`: the share, its 95 % interval and how many leads there are."""
    if not tier.leads:
        return "no leads"
    return f"{tier.converted / tier.leads:.1%} ({tier.low * 100:.1f}–{tier.high * 100:.1f}) of {tier.leads:,}"


def auc_text(auc: float | None, interval: Estimate | None = None) -> str:
    """`0.8408 (0.8324–0.8492)`."""
    if auc is None:
        return "unknown"
    return f"{auc:.4f}" + (f" ({interval.low:.4f}–{interval.high:.4f})" if interval else "")


def auc_verdict(outcome: OutcomeImpact) -> str:
    """What the difference of the two AUCs is worth: `no measurable difference`, or better or worse, with interval."""
    difference = outcome.auc_difference
    if difference is None:
        return "not told: it takes leads that converted and leads that did not"
    if difference.low == difference.high == 0:
        return "the same: no lead changes its place"
    word = ("better" if difference.value > 0 else "worse") if difference.measurable else "no measurable difference"
    return f"{difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f}): {word}"


def shift_text(shift: FactorShift) -> str:
    """`+2.5 points (1.0 → 3.5)`; without sides where a formula does not add its factors up."""
    told = f"{shift.change:+.1f} points"
    if shift.before is None or shift.after is None:
        return told
    return f"{told} ({shift.before:.1f} → {shift.after:.1f})"


def drive_text(drive: PointsDrive) -> str:
    """`1.24 points a lead, on the whole -0.80, 8,300 leads`."""
    return f"{drive.mean_absolute:.2f} points a lead, on the whole {drive.mean:+.2f}, {counted_leads(drive.leads)}"


def segment_cells(segment: Segment) -> list[str]:
    """Leads, those that change tier, up, down, mean score, conversion."""
    conversion = f"{segment.converted / segment.known:.1%}" if segment.known else "–"
    share = segment.changed_tiers / segment.leads if segment.leads else 0.0
    return [
        f"{segment.leads:,}",
        f"{segment.changed_tiers:,} ({share:.1%})",
        f"{segment.up:,}",
        f"{segment.down:,}",
        f"{segment.mean_before:.1f} → {segment.mean_after:.1f}",
        conversion,
    ]


SEGMENT_TITLES = ("leads", "change tier", "up", "down", "mean score", "converted")
