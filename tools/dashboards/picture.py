"""A panel's lines as SVG."""

from __future__ import annotations

import html
import math
import time
from typing import Final

from dashboards.model import Panel

Line = tuple[str, list[tuple[float, float]]]

_WIDTH, _HEIGHT, _LEFT, _FOOT = 560.0, 170.0, 62.0, 16.0
_PALETTE: Final = ("#1565c0", "#ef6c00", "#2e7d32", "#6a1b9a", "#c62828", "#00838f", "#9e9d24", "#5d4037", "#ad1457")
_MOST: Final = 9
"""Lines of a picture; more cannot be told apart."""


def drawing(panel: Panel, lines: list[Line], window: tuple[float, float], live: list[tuple[float, str]]) -> str:
    """Lines, thresholds, and a mark for each revision that went live; below it the newest value of each line."""
    lines = [(legend, [point for point in points if math.isfinite(point[1])]) for legend, points in lines]
    lines = [line for line in lines if line[1]]
    if not lines:
        return (
            f"<div class=none>{html.escape(panel.empty) or 'nothing to compute with: no traffic in the window'}</div>"
        )
    drawn = lines[:_MOST]
    heights = _stacked(drawn) if panel.stacked else [points for _, points in drawn]
    top = panel.highest or max(max(value for _, value in points) for points in heights) * 1.1 or 1.0
    place = _Place(window, top)
    parts = [_scale(panel, top), *_marks(place, live, window), *_limits(panel, place, top)]
    for number, points in reversed(list(enumerate(heights))):
        path = " ".join(place(at, value) for at, value in points)
        if panel.stacked:
            foot = f"{place(points[-1][0], 0)} {place(points[0][0], 0)}"
            parts.append(f"<polygon fill='{_PALETTE[number]}' fill-opacity='0.35' points='{path} {foot}'/>")
        parts.append(f"<polyline fill='none' stroke-width='1.6' stroke='{_PALETTE[number]}' points='{path}'/>")
    picture = f"<svg viewBox='0 0 {_WIDTH:g} {_HEIGHT + 8:g}'>{''.join(parts)}{_times(window)}</svg>"
    more = f"<p>and {len(lines) - _MOST} more</p>" if len(lines) > _MOST else ""
    return f"{picture}{_legend(panel, drawn)}{more}"


class _Place:
    """A moment and a value as a point of the picture."""

    def __init__(self, window: tuple[float, float], top: float) -> None:
        self._window, self._top = window, top

    def __call__(self, at: float, value: float) -> str:
        x = _LEFT + (at - self._window[0]) / (self._window[1] - self._window[0]) * (_WIDTH - _LEFT)
        return f"{x:.1f},{(_HEIGHT - _FOOT) * (1 - min(value, self._top) / self._top) + 4:.1f}"


def _stacked(lines: list[Line]) -> list[list[tuple[float, float]]]:
    """Each line on top of those before it."""
    below: dict[float, float] = {}
    heights = []
    for _, points in lines:
        for at, value in points:
            below[at] = below.get(at, 0.0) + value
        heights.append([(at, below[at]) for at, _ in points])
    return heights


def _marks(place: _Place, live: list[tuple[float, str]], window: tuple[float, float]) -> list[str]:
    """A dashed line for each revision; names in three rows, so that neighbours can be read."""
    parts = []
    for number, (at, revision) in enumerate(sorted(mark for mark in live if window[0] <= mark[0] <= window[1])):
        x, foot = place(at, 0).partition(",")[0], _HEIGHT - _FOOT + 4
        parts.append(f"<line x1='{x}' x2='{x}' y1='4' y2='{foot}' stroke='#1565c0' stroke-dasharray='3'/>")
        name, y = html.escape(revision[:7]), 12 + 10 * (number % 3)
        parts.append(f"<text x='{x}' y='{y}' font-size='9' fill='#1565c0' dx='2'>{name}</text>")
    return parts


def _limits(panel: Panel, place: _Place, top: float) -> list[str]:
    parts = []
    for least, colour in panel.thresholds:
        if least <= top:
            y = place(0, least).partition(",")[2]
            parts.append(f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y}' y2='{y}' stroke='{colour}' stroke-dasharray='6'/>")
    return parts


def _times(window: tuple[float, float]) -> str:
    """The hours (UTC) below the picture."""
    parts = []
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        at = time.strftime("%H:%M", time.gmtime(window[0] + share * (window[1] - window[0])))
        x = _LEFT + share * (_WIDTH - _LEFT)
        parts.append(
            f"<text x='{x}' y='{_HEIGHT + 2}' font-size='10' text-anchor='{anchor}' fill='#5a6472'>{at}</text>"
        )
    return "".join(parts)


def newest(value: float, unit: str) -> str:
    """As `shown`, and whole where things are counted."""
    return shown(round(value) if unit == "short" and math.isfinite(value) else value, unit)


def shown(value: float, unit: str) -> str:
    """A value with its unit, as short as it can be read."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "currencyUSD":
        return f"${value:.4g}"
    if unit == "bytes":
        return f"{value / 2**20:.4g} MiB"
    if unit == "s":
        return _time(value)
    if unit == "short" and abs(value) >= 10_000:
        return f"{value / 1000:.4g} K" if abs(value) < 1e6 else f"{value / 1e6:.4g} Mil"
    return f"{value:.4g}" + {"reqps": "/s", "cps": "/s"}.get(unit, "")


def _time(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds * 1e6:.3g} µs" if seconds else "0 s"


def _scale(panel: Panel, top: float) -> str:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = (_HEIGHT - _FOOT) * (1 - share) + 4
        parts.append(f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y}' y2='{y}' stroke='#e6e9ee'/>")
        text = html.escape(shown(top * share, panel.unit))
        parts.append(f"<text x='{_LEFT - 4}' y='{y + 4}' font-size='10' text-anchor='end' fill='#5a6472'>{text}</text>")
    return "".join(parts)


def _legend(panel: Panel, lines: list[Line]) -> str:
    rows = (
        f"<tr><td><span class=dot style='background:{_PALETTE[number]}'></span>{html.escape(legend)}"
        f"<td style='text-align:right;white-space:nowrap'>{html.escape(newest(points[-1][1], panel.unit))}"
        for number, (legend, points) in enumerate(lines)
    )
    return f"<table>{''.join(rows)}</table>"
