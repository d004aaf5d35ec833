"""Impact → SVG pictures for a pull request: the same bytes for the same Impact.

Colours are drawn on a card of their own, so that they read on a light and on a dark page; a picture that is embedded
as an image cannot know the page's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from mergecells.domain.impact import Impact, OutcomeImpact

_WIDTH, _HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 68, 44
_BEFORE, _AFTER, _INK, _FAINT, _PAPER = "#9aa7b4", "#0b6bcb", "#1f2933", "#e1e6eb", "#ffffff"
_STEPS = (1, 2, 2.5, 5, 10)
_LINES = 4


@dataclass(frozen=True, slots=True)
class _Group:
    """Two bars side by side, and the label below them."""

    label: str
    before: float
    after: float


def impact_charts(impact: Impact) -> dict[str, str]:
    """File name → SVG. `lift.svg` and `calibration.svg` are there with an outcome only."""
    charts = {
        "tiers.svg": _bars("Leads by tier", _tier_groups(impact), "leads", shown=True),
        "scores.svg": _bars(
            "Leads by score", [_Group(f"{b.low:.0f}", b.before, b.after) for b in impact.histogram], "leads"
        ),
    }
    if impact.outcome:
        charts |= _outcome_charts(impact.outcome)
    return charts


def _outcome_charts(outcome: OutcomeImpact) -> dict[str, str]:
    pairs = zip(outcome.before.deciles, outcome.after.deciles, strict=True)
    lift = [_Group(str(old.decile), old.lift, new.lift) for old, new in pairs]
    sides = [{one.low: one.conversion * 100 for one in side.calibration} for side in (outcome.before, outcome.after)]
    lows = sorted(sides[0].keys() | sides[1].keys())
    rates = [_Group(f"{low:.0f}–{low + 10:.0f}", sides[0].get(low, 0.0), sides[1].get(low, 0.0)) for low in lows]
    return {
        "lift.svg": _bars("Lift by decile of score, best tenth first", lift, "times the mean"),
        "calibration.svg": _bars("Conversion by score, %", rates, "% converted", shown=True),
    }


def _tier_groups(impact: Impact) -> list[_Group]:
    return [
        _Group(
            tier,
            sum(move.leads for move in impact.matrix if move.before == tier),
            sum(move.leads for move in impact.matrix if move.after == tier),
        )
        for tier in impact.tiers
    ]


def _bars(title: str, groups: Sequence[_Group], unit: str, *, shown: bool = False) -> str:
    """`shown`: the figures stand above the bars."""
    top, step = _scale(max((max(g.before, g.after) for g in groups), default=0.0))
    parts = [*_frame(title, unit), *_grid(top, step)]
    room = (_WIDTH - _LEFT - _RIGHT) / max(len(groups), 1)
    bar = min(room * 0.36, 48)
    for index, group in enumerate(groups):
        middle = _LEFT + room * (index + 0.5)
        for value, left, colour in ((group.before, middle - bar - 1, _BEFORE), (group.after, middle + 1, _AFTER)):
            y = _y(value, top)
            parts.append(
                f'<rect x="{left:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{_HEIGHT - _BOTTOM - y:.1f}" '
                f'rx="1.5" fill="{colour}" stroke="none"/>'
            )
            if shown:
                parts.append(_text(left + bar / 2, y - 5, f"{value:,.0f}", size=11, anchor="middle"))
        parts.append(_text(middle, _HEIGHT - _BOTTOM + 18, _short(group.label), anchor="middle"))
    return "\n".join([*parts, "</svg>", ""])


def _frame(title: str, unit: str) -> list[str]:
    legend = _WIDTH - _RIGHT - 130
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="system-ui, Helvetica, Arial, sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8" fill="{_PAPER}" stroke="{_FAINT}"/>',
        _text(20, 28, title, size=16, weight=600),
        _text(20, 46, unit, size=11),
        f'<rect x="{legend}" y="18" width="11" height="11" rx="2" fill="{_BEFORE}"/>',
        _text(legend + 16, 28, "before"),
        f'<rect x="{legend + 72}" y="18" width="11" height="11" rx="2" fill="{_AFTER}"/>',
        _text(legend + 88, 28, "after"),
    ]


def _grid(top: float, step: float) -> list[str]:
    parts = []
    for number in range(round(top / step) + 1):
        value = number * step
        y = _y(value, top)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{_FAINT}"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{value:,.10g}", size=11, anchor="end"))
    return parts


def _scale(highest: float) -> tuple[float, float]:
    """The top of the axis and the distance of its lines: round numbers, at most five lines."""
    wanted = (highest or 1.0) / _LINES
    power = 1.0
    while power * 10 <= wanted:
        power *= 10
    while power > wanted:
        power /= 10
    step = next(power * factor for factor in _STEPS if power * factor >= wanted * (1 - 1e-9))
    lines = 1
    while lines * step < highest * (1 - 1e-9):
        lines += 1
    return lines * step, step


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, text: str, size: int = 12, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{_INK}">{escape(text)}</text>'
    )


def _short(label: str) -> str:
    # XML 1.0 allows no control characters, also not escaped.
    clean = "".join(char if char.isprintable() else "?" for char in label)
    return clean if len(clean) <= 14 else f"{clean[:13]}…"
