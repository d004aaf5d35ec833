"""Splits a component's points among its factors, also where a formula over the factors takes the place of their sum.

A formula does not add its factors up, so the points of one depend on the others. Shapley values share them out fairly:
the mean, over every order in which the factors could have changed one by one, of what each changed (L. S. Shapley, "A
Value for n-Person Games", 1953). They sum to the whole, and a factor that changes nothing gets nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mergecells.domain.scoring import Component, Dialect
from mergecells.formula import Value, compile_formula, parse
from mergecells.formula.remembered import remembered
from mergecells.transforms.score_values import share

MOST_PLAYERS = 8
"""Things that change at a time: 2^8 evaluations of a formula take a few milliseconds."""

UNITS = 1_000_000_000
"""Scores are rounded to billionths of a point; so is every part of one."""


@dataclass(frozen=True, slots=True)
class ComponentSide:
    """A component as one revision computes it. `values` are those that its formula sees beside its factors."""

    component: Component
    values: Mapping[str, Value]
    serial: float
    dialect: Dialect = "excel"

    def points(self, factors: Mapping[str, float]) -> float:
        """Points with these factor values, by lower-case name; one that is not given counts 0."""
        if self.component.formula is None:
            part = sum(body.weight * factors.get(name.lower(), 0.0) for name, body in self.component.factors.items())
        else:
            own = {name.lower(): factors.get(name.lower(), 0.0) for name in self.component.factors}
            part = share(_compiled(self.component.formula, self.dialect)({**self.values, **own}, self.serial))[0]
        return 100.0 * self.component.weight * part


def shapley_values(players: Sequence[str], worth: Callable[[frozenset[str]], float]) -> dict[str, float] | None:
    """Each player's share of `worth(all) - worth(none)`; None for more than MOST_PLAYERS."""
    if len(players) > MOST_PLAYERS:
        return None
    count = len(players)
    worths = [worth(frozenset(p for i, p in enumerate(players) if mask >> i & 1)) for mask in range(1 << count)]
    shares = dict.fromkeys(players, 0.0)
    for mask in range(1 << count):
        size = mask.bit_count()
        for i, player in enumerate(players):
            if not mask >> i & 1:
                weight = 1 / (count * math.comb(count - 1, size))
                shares[player] += weight * (worths[mask | 1 << i] - worths[mask])
    return shares


def exact_parts(parts: Mapping[str, float], whole: float) -> dict[str, float]:
    """`parts` in whole billionths that sum to `whole`, which is one itself; what rounding left goes to the largest."""
    units = {name: round(part * UNITS) for name, part in parts.items()}
    left = round(whole * UNITS) - sum(units.values())
    if left and units:
        units[max(units, key=lambda name: abs(units[name]))] += left
    return {name: unit / UNITS for name, unit in units.items()}


@remembered(1_024)
def _compiled(text: str, dialect: Dialect) -> Callable[[Mapping[str, Value], float], Value]:
    return compile_formula(parse(text, dialect))
