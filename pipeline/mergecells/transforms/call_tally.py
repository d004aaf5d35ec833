"""Calls counted up into figures, one pass over however many there are."""

from __future__ import annotations

import datetime
import math
from array import array
from collections.abc import Callable, Mapping
from typing import Final

from mergecells.domain.history import TurnFacts
from mergecells.domain.reports import CallFigures, Grouping, Period

DAY: Final = 86_400
NAMELESS: Final = "(none)"

GROUPS: Mapping[Grouping, Callable[[TurnFacts], str]] = {
    "subsystem": lambda turn: turn.subsystem,
    "persona": lambda turn: turn.persona,
    "model": lambda turn: turn.model,
    "prompt": lambda turn: turn.prompt_slug,
    "revision": lambda turn: turn.revision,
    "workflow": lambda turn: turn.workflow,
    "node": lambda turn: turn.node,
    "intent": lambda turn: turn.intent,
}


def last_days(now: float, days: int) -> Period:
    """The `days` UTC days that end with today, up to now."""
    today = math.floor(now / DAY) * DAY
    return Period(float(today - (days - 1) * DAY), now, days)


def day_names(period: Period) -> tuple[str, ...]:
    """ISO dates, oldest first."""
    first = datetime.datetime.fromtimestamp(period.since, datetime.UTC).date()
    return tuple((first + datetime.timedelta(days=number)).isoformat() for number in range(period.days))


def day_index(period: Period, at: float) -> int:
    """Which day of the period."""
    return min(period.days - 1, max(0, int((at - period.since) // DAY)))


class Tally:
    """Adds calls up."""

    def __init__(self, days: int = 0) -> None:
        self.calls = self.failed = self.cached = self.fallback = self.truncated = self.flagged = 0
        self.input_tokens = self.output_tokens = self.cost = self.unknown_costs = 0
        self.saved = self.unknown_saved = self.saved_tokens = 0
        self.seconds = array("d")
        self.daily = [0] * days
        self.daily_calls = [0] * days

    def add(self, turn: TurnFacts, day: int | None = None) -> None:
        self.calls += 1
        self.input_tokens += turn.input_tokens
        self.output_tokens += turn.output_tokens
        self.failed += turn.outcome != "ok"
        self.truncated += turn.truncated
        self.fallback += turn.fallback
        self.flagged += bool(turn.safety_flags)
        if turn.cost is None:
            self.unknown_costs += 1
        else:
            self.cost += turn.cost
        if turn.cached:
            self._add_cached(turn)
        elif turn.outcome == "ok":
            self.seconds.append(turn.seconds)
        if day is not None:
            self.daily[day] += turn.cost or 0
            self.daily_calls[day] += 1

    def _add_cached(self, turn: TurnFacts) -> None:
        self.cached += 1
        self.saved_tokens += turn.input_tokens + turn.output_tokens
        if turn.saved is None:
            self.unknown_saved += 1
        else:
            self.saved += turn.saved

    def figures(self) -> CallFigures:
        ranked = sorted(self.seconds)
        return CallFigures(
            calls=self.calls,
            failed=self.failed,
            cached=self.cached,
            fallback=self.fallback,
            truncated=self.truncated,
            flagged=self.flagged,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost=self.cost,
            unknown_costs=self.unknown_costs,
            saved=self.saved,
            unknown_saved=self.unknown_saved,
            saved_tokens=self.saved_tokens,
            p50=rank(ranked, 0.5),
            p95=rank(ranked, 0.95),
        )


def rank(ranked: list[float], share: float) -> float | None:
    """The quantile by nearest rank of an ordered list; None without any."""
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None
