"""The cost of each day as stacked bars by revision: a picture for people who would rather look."""

from __future__ import annotations

from typing import Final

from mergecells.domain.llm import NANO
from mergecells.domain.reports import CostReport
from mergecells.domain.revision import Revision, short
from mergecells.transforms.report_words import money
from mergecells.transforms.svg_drawing import WIDTH, Scale, box, card, cut, line, round_scale, text, x_axis, y_axis

_LEFT, _RIGHT, _TOP, _BASE = 72, WIDTH - 24, 96, 330
_OTHERS: Final = "others"
_STYLES: Final = (
    ("after", 1.0),
    ("down", 0.9),
    ("after", 0.55),
    ("down", 0.5),
    ("after", 0.3),
    ("down", 0.25),
)
"""The newest revisions stand out most; the rest is grey."""
_MARK_ROWS: Final = 3


def cost_chart(report: CostReport, *, synthetic: bool = False) -> str:
    """An SVG. The revisions that cost most have a colour of their own; a dashed line stands where a shift began."""
    totals: dict[Revision, int] = {}
    for each in report.by_revision:
        totals[each.revision] = totals.get(each.revision, 0) + each.cost
    order = list(dict.fromkeys(each.revision for each in report.by_revision))
    told = sorted(totals, key=lambda revision: -totals[revision])[: len(_STYLES)]
    shown = [revision for revision in reversed(order) if revision in told]
    styles = dict(zip(shown, _STYLES, strict=False))
    top, step = round_scale(max(report.daily, default=0) / NANO)
    x, y = Scale(0, max(1, len(report.days)), _LEFT, _RIGHT), Scale(0, top, _BASE, _TOP)
    parts = [*y_axis(y, step, _LEFT, _RIGHT, "US dollars a day")]
    parts += _columns(report, styles, x, y)
    parts += _marks(report, x)
    every = max(1, -(-len(report.days) // 10))
    ticks = [(number + 0.5, report.days[number][5:]) for number in range(0, len(report.days), every)]
    parts += x_axis(x, ticks, _BASE, "day, UTC")
    legend, height = _legend(shown, styles, totals, len(totals) > len(shown))
    label = "SYNTHETIC data. " if synthetic else ""
    unknown = (
        f"; {report.total.unknown_costs:,} calls of unknown cost are not in it" if report.total.unknown_costs else ""
    )
    subtitle = f"{label}{money(report.total.cost)} in {report.total.calls:,} calls{unknown}"
    return card("Cost per day by revision", subtitle, height, [*parts, *legend])


def _columns(report: CostReport, styles: dict[Revision, tuple[str, float]], x: Scale, y: Scale) -> list[str]:
    index = {name: number for number, name in enumerate(report.days)}
    heights = [0.0] * len(report.days)
    wide = (x.at(1) - x.at(0)) * 0.8
    parts = []
    for each in sorted(report.by_revision, key=lambda one: one.revision not in styles):
        number, dollars = index[each.day], each.cost / NANO
        if not dollars:
            continue
        style, depth = styles.get(each.revision, ("same", 0.6))
        low = heights[number]
        heights[number] = low + dollars
        left = x.at(number + 0.1)
        parts.append(box(left, y.at(low + dollars), wide, y.at(low) - y.at(low + dollars), style, depth))
    return parts


def _marks(report: CostReport, x: Scale) -> list[str]:
    parts = []
    for number, shift in enumerate(report.shifts[:6]):
        at = x.at(min(report.period.days, max(0.0, (shift.at - report.period.since) / 86_400)))
        pulls = next((f" #{pull.number}" for pull in shift.pulls if pull.number), "")
        height = _TOP - 8 - 11 * (number % _MARK_ROWS)
        parts += [
            line(at, height + 3, at, _BASE, "hint"),
            text(
                min(at + 3, _RIGHT - 150),
                height,
                f"{cut(shift.subject, 18)} since {short(shift.revisions[0])[:7]}{pulls}",
                "left small faint",
            ),
        ]
    return parts


def _legend(
    shown: list[Revision], styles: dict[Revision, tuple[str, float]], totals: dict[Revision, int], others: bool
) -> tuple[list[str], int]:
    entries = [(f"{short(revision)} {money(totals[revision])}", *styles[revision]) for revision in shown]
    if others:
        rest = sum(cost for revision, cost in totals.items() if revision not in styles)
        entries.append((f"{_OTHERS} {money(rest)}", "same", 0.6))
    parts = []
    for number, (label, style, depth) in enumerate(entries):
        column, row = number % 3, number // 3
        left, top = _LEFT + column * 212, _BASE + 58 + row * 20
        parts += [box(left, top, 12, 12, style, depth), text(left + 18, top + 11, label)]
    return parts, _BASE + 70 + 20 * (-(-len(entries) // 3))
