"""The words and figures that every rendering of an Impact shares."""

from __future__ import annotations

from mergecells.domain.impact import FactorShift, Impact, TierConversion


def headline(impact: Impact) -> str:
    """`4,021 of 9,240 leads change score, 312 (3.4 %) change tier; mean 48.1 → 49.0`."""
    if not impact.leads:
        return "No leads."
    return (
        f"{impact.changed_scores:,} of {impact.leads:,} leads change score, {impact.changed_tiers:,} "
        f"({impact.changed_tier_share:.1%}) change tier; mean score {impact.mean_before:.1f} → {impact.mean_after:.1f}"
        + (f"; {impact.unreadable:,} rows could not be read" if impact.unreadable else "")
    )


def matrix_rows(impact: Impact) -> list[list[str]]:
    """The transition matrix with its heads and sums, `·` where no lead moved."""
    leads = {(move.before, move.after): move.leads for move in impact.matrix}
    rows = [["", *impact.tiers, "before"]]
    for old in impact.tiers:
        cells = [leads[old, new] for new in impact.tiers]
        rows.append([old, *(f"{cell:,}" if cell else "·" for cell in cells), f"{sum(cells):,}"])
    totals = [sum(leads[old, new] for old in impact.tiers) for new in impact.tiers]
    return [*rows, ["after", *(f"{total:,}" for total in totals), f"{impact.leads:,}"]]


def conversion_text(tier: TierConversion) -> str:
    """`81.2 % of 1,204`."""
    return f"{tier.converted / tier.leads:.1%} of {tier.leads:,}" if tier.leads else "no leads"


def auc_text(auc: float | None) -> str:
    return "unknown" if auc is None else f"{auc:.4f}"


def shift_text(shift: FactorShift) -> str:
    """`+2.5 points (1.0 → 3.5)`."""
    return f"{shift.after - shift.before:+.1f} points ({shift.before:.1f} → {shift.after:.1f})"
