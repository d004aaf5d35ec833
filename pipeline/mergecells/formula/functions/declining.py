"""VDB: what a thing loses at a declining rate, with a change to equal amounts once they are larger. Source: Microsoft
support, VDB function; parts of a period as LibreOffice counts them (ScInterpreter::ScVDB).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from mergecells.formula.functions.math import finite, require
from mergecells.formula.registry import function

_MOST_PERIODS: Final = 20_000


class _Thing(NamedTuple):
    """What is written off: its value, what stays, for how many periods, and how many times the equal rate."""

    cost: float
    salvage: float
    life: float
    factor: float

    def loss(self, period: int) -> float:
        """In one period at the declining rate, as DDB has it."""
        rate = min(self.factor / self.life, 1.0)
        before = self.cost * (1.0 - rate) ** (period - 1)
        return max(before - max(self.cost * (1.0 - rate) ** period, self.salvage), 0.0)

    def losses(self, periods: float, left: float) -> float:
        """In the first `periods` of `left`, with the change to equal amounts."""
        last, rest, equal, found = math.ceil(periods), self.cost - self.salvage, 0.0, 0.0
        for period in range(1, last + 1):
            term = equal
            if not equal:
                declining = self.loss(period)
                share = rest / (left - period + 1) if left > period - 1 else declining
                term = max(declining, share)
                if share > declining:
                    equal = share
                rest -= declining
            found += term * (periods + 1.0 - last) if period == last else term
        return found

    def after(self, period: float) -> _Thing:
        """The same thing so many whole periods later."""
        return self._replace(cost=self.cost - self.losses(period, self.life))


def _cost(_cost: float, _salvage: float, _life: float, _start: float, end: float, *_rest: float) -> int:
    return 1 + 2 * int(min(max(end, 0.0), _MOST_PERIODS))


def _declining(thing: _Thing, start: float, end: float) -> float:
    """Without the change: the losses of the whole periods, and of the parts at both ends."""
    first, last = math.floor(start), math.ceil(end)
    found = 0.0
    for period in range(first + 1, last + 1):
        part = 1.0
        if period == first + 1:
            part = min(end, first + 1.0) - start
        elif period == last:
            part = end + 1.0 - last
        found += thing.loss(period) * part
    return found


def _changing(thing: _Thing, start: float, end: float) -> float:
    first, last = math.floor(start), math.ceil(end)
    rest = thing.after(first)
    found = rest.losses(last - first, thing.life - first)
    if start > first:
        found -= (start - first) * rest.losses(1.0, thing.life - first)
    if end < last:
        before = thing.after(last - 1)
        found -= (last - end) * before.losses(1.0, thing.life - last + 1)
    return found


@function(
    "VDB(cost, salvage, life, start, end, [factor], [no_switch])",
    "nnnnnnb",
    "n",
    "financial",
    "The loss between two times at twice the equal rate, or another factor, then in equal amounts.",
    optional=2,
    cost=_cost,
)
def _vdb(
    cost: float,
    salvage: float,
    life: float,
    start: float,
    end: float,
    factor: float = 2.0,
    no_switch: bool = False,
) -> float:
    require(cost >= 0.0, salvage >= 0.0, life > 0.0, 0.0 <= start <= end <= life, factor > 0.0, end <= _MOST_PERIODS)
    thing = _Thing(cost, salvage, life, factor)
    if start == end:
        return 0.0
    return finite((_declining if no_switch else _changing)(thing, start, end))
