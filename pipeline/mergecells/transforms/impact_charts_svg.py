"""Impact → SVG pictures for a pull request: tier moves, distribution, conversion by score, lift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergecells.domain.impact import CalibrationBin, DecileLift, Impact, OutcomeImpact
from mergecells.transforms.impact_words import auc_verdict, counted_leads, headline
from mergecells.transforms.svg_drawing import (
    WIDTH,
    Scale,
    box,
    card,
    cut,
    dot,
    line,
    path,
    round_scale,
    text,
    x_axis,
    y_axis,
)

_LEFT, _RIGHT = 72, WIDTH - 24
_TOP, _BASE, _HEIGHT = 78, 318, 372
_NUDGE = 3
"""Pixels by which the two sides' points stand apart, so that whiskers do not cover one another."""
_MOST_TIERS = 12
_STRONGEST = 0.7


def impact_charts(impact: Impact) -> dict[str, str]:
    """File name → SVG. `calibration.svg` and `lift.svg` are there where an outcome is known only."""
    charts = {"tiers.svg": _tiers(impact), "scores.svg": _scores(impact)}
    if impact.outcome and impact.outcome.known:
        charts["calibration.svg"] = _calibration(impact.outcome)
        charts["lift.svg"] = _lift(impact.outcome)
    return charts


def _tiers(impact: Impact) -> str:
    """The transition matrix: moves up blue, moves down orange, the stronger the larger their share of the row."""
    tiers = impact.tiers[:_MOST_TIERS]
    leads = {(move.before, move.after): move.leads for move in impact.matrix}
    totals = {old: sum(leads[old, new] for new in impact.tiers) for old in impact.tiers}
    shares = {(old, new): leads[old, new] / totals[old] if totals[old] else 0.0 for old in tiers for new in tiers}
    strongest = max((share for (old, new), share in shares.items() if old != new), default=0.0) or 1.0
    left, top, high = 150, 112, 44
    wide = min((WIDTH - left - 120) / max(len(tiers), 1), 120)
    parts = [text(left + wide * len(tiers) / 2, 80, "tier after", "middle faint")]
    parts.append(text(left + wide * len(tiers) + 16, 102, "leads before", "left faint"))
    for column, new in enumerate(tiers):
        parts.append(text(left + wide * (column + 0.5), 102, cut(new, int(wide / 8)), "middle strong"))
    for row, old in enumerate(tiers):
        y = top + row * high
        parts.append(text(left - 14, y + high / 2 + 4, cut(old, 14), "right strong"))
        parts.append(text(left + wide * len(tiers) + 16, y + high / 2 + 4, f"{totals[old]:,}"))
        for column, new in enumerate(tiers):
            share = shares[old, new]
            style = "same" if old == new else "up" if column < row else "down"
            depth = 0.25 if old == new else _STRONGEST * share / strongest
            x = left + column * wide
            parts.append(box(x + 1, y + 1, wide - 2, high - 2, style, max(depth, 0.05)))
            if leads[old, new]:
                parts.append(text(x + wide / 2, y + high / 2, f"{leads[old, new]:,}", "middle strong"))
                parts.append(text(x + wide / 2, y + high / 2 + 14, _percent(share), "middle small"))
    below = top + high * len(tiers)
    parts.append(text(30, top + high * len(tiers) / 2, "tier before", "middle faint", turned=True))
    parts += _move_key(left, below + 18, impact)
    more = f"; {len(impact.tiers) - len(tiers)} lower tiers are not shown" if len(impact.tiers) > len(tiers) else ""
    title = f"{impact.changed_tiers:,} of {counted_leads(impact.leads)} change tier ({impact.changed_tier_share:.1%})"
    return card(title, f"Leads by tier before and after, with their share of the row{more}", below + 48, parts)


def _move_key(left: float, y: float, impact: Impact) -> list[str]:
    order = {tier: rank for rank, tier in enumerate(impact.tiers)}
    up = sum(move.leads for move in impact.matrix if order[move.after] < order[move.before])
    down = sum(move.leads for move in impact.matrix if order[move.after] > order[move.before])
    return [
        box(left, y, 12, 12, "up", _STRONGEST),
        text(left + 18, y + 11, f"{up:,} to a better tier"),
        box(left + 180, y, 12, 12, "down", _STRONGEST),
        text(left + 198, y + 11, f"{down:,} to a worse tier"),
    ]


def _scores(impact: Impact) -> str:
    """Bars before, the outline after: where the outline stands off the bars, leads came or went."""
    top, step = round_scale(max((max(one.before, one.after) for one in impact.histogram), default=0))
    x, y = Scale(0, 100, _LEFT, _RIGHT), Scale(0, top, _BASE, _TOP)
    wide = x.at(5) - x.at(0) - 2
    bars = [
        box(x.at(one.low) + 1, y.at(one.before), wide, _BASE - y.at(one.before), "before", 0.6)
        for one in impact.histogram
        if one.before
    ]
    outline = [(x.at(edge), y.at(one.after)) for one in impact.histogram for edge in (one.low, one.high)]
    ends = [(x.at(0), y.at(0)), *outline, (x.at(100), y.at(0))]
    key = [
        box(_RIGHT - 152, 60, 12, 12, "before", 0.6),
        text(_RIGHT - 134, 71, "before", "before"),
        line(_RIGHT - 74, 66, _RIGHT - 56, 66, "line after"),
        text(_RIGHT - 50, 71, "after", "after"),
    ]
    ticks = [(value, str(value)) for value in range(0, 101, 10)]
    parts = [*y_axis(y, step, _LEFT, _RIGHT, "leads"), *bars, path(ends, "line after")]
    parts += [*x_axis(x, ticks, _BASE, "score, in steps of five points"), *key]
    subtitle = headline(impact).partition("; ")[2].partition(";")[0]
    return card("Leads by score", subtitle[:1].upper() + subtitle[1:], _HEIGHT, parts)


def _calibration(outcome: OutcomeImpact) -> str:
    """Conversion against score: two lines with the intervals of their points."""
    sides = outcome.before.calibration, outcome.after.calibration
    x, y = Scale(0, 100, _LEFT, _RIGHT), Scale(0, 100, _BASE, _TOP)
    parts = [*y_axis(y, 20, _LEFT, _RIGHT, "converted", "%"), line(x.at(0), y.at(0), x.at(100), y.at(100), "hint")]
    parts.append(text(x.at(38), y.at(44), "converted = score", "right small faint"))
    for style, bins, nudge in (("before", sides[0], -_NUDGE), ("after", sides[1], _NUDGE)):
        points = [(x.at(one.mean_score * 100) + nudge, y.at(one.conversion * 100)) for one in bins]
        parts += _whiskers(points, [_edges(one, y) for one in bins], style)
        parts += _series(points, style)
    ticks = [(value, str(value)) for value in range(0, 101, 10)]
    parts += x_axis(x, ticks, _BASE, "mean score of each ten points; whiskers show the 95% interval")
    parts += _line_key()
    error = f"Calibration error {outcome.before.calibration_error:.3f} → {outcome.after.calibration_error:.3f}"
    known = f"{outcome.converted:,} of {counted_leads(outcome.known)} converted"
    return card("Conversion by score", f"{error}; {known}", _HEIGHT, parts)


def _edges(one: CalibrationBin, y: Scale) -> tuple[float, float]:
    return y.at(one.conversion_low * 100), y.at(one.conversion_high * 100)


def _lift(outcome: OutcomeImpact) -> str:
    """Conversion of each tenth over that of all, the best tenth first."""
    sides = outcome.before.deciles, outcome.after.deciles
    highest = max((max(one.lift, one.high if one.leads else 0.0) for side in sides for one in side), default=1.0)
    top, step = round_scale(max(highest, 1.0))
    x, y = Scale(0.5, 10.5, _LEFT, _RIGHT), Scale(0, top, _BASE, _TOP)
    parts = [*y_axis(y, step, _LEFT, _RIGHT, "lift", "×"), line(x.start, y.at(1), x.end, y.at(1), "hint")]
    parts.append(text(_RIGHT, y.at(1) - 6, "all leads", "right small faint"))
    for style, deciles, nudge in (("before", sides[0], -_NUDGE), ("after", sides[1], _NUDGE)):
        full = [one for one in deciles if one.leads]
        points = [(x.at(one.decile) + nudge, y.at(one.lift)) for one in full]
        parts += _whiskers(points, [(y.at(one.low), y.at(one.high)) for one in full], style)
        parts += _series(points, style)
    ticks = [(number, _ordinal(number)) for number in range(1, 11)]
    parts += x_axis(x, ticks, _BASE, "tenth of the leads by score, the best first; whiskers show the 95% interval")
    parts += _line_key()
    return card(_lift_title(*sides), f"AUC {auc_verdict(outcome)}", _HEIGHT, parts)


def _lift_title(before: Sequence[DecileLift], after: Sequence[DecileLift]) -> str:
    return f"Lift: the best tenth converts {before[0].lift:.2f} → {after[0].lift:.2f} times the mean"


def _series(points: Sequence[tuple[float, float]], style: str) -> Iterator[str]:
    yield path(points, f"line {style}")
    yield from (dot(*point, style) for point in points)


def _whiskers(points: Sequence[tuple[float, float]], edges: Sequence[tuple[float, float]], style: str) -> Iterator[str]:
    for (x, _), (low, high) in zip(points, edges, strict=True):
        yield line(x, low, x, high, style)


def _line_key() -> list[str]:
    left = _RIGHT - 166
    return [
        *_series([(left + 8, 66)], "before"),
        text(left + 18, 71, "before", "before"),
        *_series([(left + 100, 66)], "after"),
        text(left + 110, 71, "after", "after"),
    ]


def _ordinal(number: int) -> str:
    return {1: "best", 10: "last"}.get(number, str(number))


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.095 or not share else f"{share:.1%}"
