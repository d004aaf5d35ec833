"""How reports say money, shares, times and trends."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from mergecells.domain.llm import NANO
from mergecells.domain.reports import CallFigures

_BARS: Final = "▁▂▃▄▅▆▇█"
NONE: Final = "–"


def money(nano: int | None) -> str:
    """Dollars: two decimals from $100 on, four below, `<$0.0001` for less; a dash for nothing known."""
    if nano is None:
        return NONE
    dollars = nano / NANO
    if abs(dollars) >= 100:
        return f"${dollars:,.2f}"
    return f"${dollars:.4f}" if not nano or abs(dollars) >= 0.00005 else "<$0.0001"


def cost_text(figures: CallFigures) -> str:
    """What is known, and how many calls are not in it."""
    if not figures.unknown_costs:
        return money(figures.cost)
    if figures.unknown_costs == figures.calls:
        return f"unknown ({figures.unknown_costs:,})"
    return f"{money(figures.cost)} + {figures.unknown_costs:,} unknown"


def share(value: float | None) -> str:
    """Percent with one decimal below ten."""
    if value is None:
        return NONE
    return f"{value:.1%}" if 0 < value < 0.0995 else f"{value:.0%}"


def score(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def seconds(value: float | None) -> str:
    """`320 ms`, `1.25 s`, `2 min 5 s`."""
    if value is None:
        return NONE
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 99.95:
        return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def change(before: float | None, after: float | None) -> str:
    """From one period to the next: `+12%`, `-3%`, `=`, `new`, `gone`."""
    if not before and not after:
        return NONE
    if not before:
        return "new"
    if not after:
        return "gone"
    moved = after / before - 1
    if abs(moved) < 0.005:
        return "="
    return f"{moved:+.0%}" if moved < 10 else f"×{after / before:,.0f}"


def points(before: float | None, after: float | None) -> str:
    """A difference of scores."""
    if before is None or after is None:
        return NONE
    return "=" if abs(after - before) < 0.005 else f"{after - before:+.2f}"


def sparkline(values: Sequence[float | None], top: float | None = None) -> str:
    """One bar for each value, from 0 to the highest (or `top`); a blank where there is none."""
    known = [value for value in values if value is not None]
    highest = top or max(known, default=0) or 0
    return "".join(_bar(value, highest) for value in values)


def _bar(value: float | None, highest: float) -> str:
    if value is None:
        return " "
    if highest <= 0 or value <= 0:
        return _BARS[0] if value is not None else " "
    return _BARS[min(len(_BARS) - 1, round(value / highest * (len(_BARS) - 1)))]


def bars(values: Sequence[float | None], most: int = 30) -> Sequence[float | None]:
    """At most so many values: neighbours become their sum, so that a long period fits a line."""
    if len(values) <= most:
        return values
    width = -(-len(values) // most)
    groups = [values[start : start + width] for start in range(0, len(values), width)]
    return [sum(value or 0 for value in group) for group in groups]


def day(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d")


def minute(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M")
