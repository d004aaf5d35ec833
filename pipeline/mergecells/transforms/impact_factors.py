"""Which factors moved a lead's score between two revisions, in points that sum to the move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mergecells.domain.impact import FactorShift
from mergecells.domain.scoring import Component, Rules
from mergecells.formula import to_serial
from mergecells.transforms.attribution import ComponentSide, shapley_values
from mergecells.transforms.score import Evaluation

SMALLEST_SHIFT = 1e-6
"""Points; a smaller difference is the noise of another order of additions, not a change."""
_RULE = ""
"""The part of a move that comes from the component itself: its formula, its weight, what they read beside factors."""


@dataclass(frozen=True, slots=True)
class EvaluatedSide:
    """One lead scored by one revision, and the rules that it was scored with (for a vertical, the resolved ones)."""

    rules: Rules
    evaluation: Evaluation

    def values(self, component: str) -> dict[str, float]:
        """The factors' values by lower-case name."""
        body = self.rules.components[component]
        return {name.lower(): self.evaluation.factors[component, name] for name in body.factors}

    def points(self, component: str) -> dict[str, float]:
        """The factors' points in a component that adds them up."""
        body = self.rules.components[component]
        worth = 100.0 * body.weight
        return {
            name: worth * one.weight * self.evaluation.factors[component, name] for name, one in body.factors.items()
        }

    def computing(self, component: str) -> ComponentSide:
        serial = float(to_serial(self.evaluation.score.date))
        return ComponentSide(self.rules.components[component], self.evaluation.values, serial, self.evaluation.dialect)


def factor_shifts(before: EvaluatedSide, after: EvaluatedSide) -> tuple[FactorShift, ...]:
    """What moved this lead, the strongest first. The changes sum to the score's, up to binary noise.

    In a component that adds its factors up on both sides, a factor's points before and after are stated. With a formula
    of its own on a side, each changed factor gets its Shapley value of the move, and the component under its own name
    what its formula or weight did; so does a whole component where more than that many factors changed.
    """
    names = {**after.rules.components, **before.rules.components}
    shifts = [shift for name in names for shift in _component(name, before, after)]
    moved = [shift for shift in shifts if abs(shift.change) > SMALLEST_SHIFT]
    return tuple(sorted(moved, key=lambda shift: (-abs(shift.change), shift.factor)))


def _component(name: str, before: EvaluatedSide, after: EvaluatedSide) -> Iterator[FactorShift]:
    old, new = before.rules.components.get(name), after.rules.components.get(name)
    if (old is None or old.formula is None) and (new is None or new.formula is None):
        yield from _added_up(name, before.points(name) if old else {}, after.points(name) if new else {})
        return
    shares = _shared(name, before, after, old, new) if old and new else None
    if shares is None:
        points = [side.evaluation.score.components.get(name, 0.0) for side in (before, after)]
        yield FactorShift(factor=name, change=points[1] - points[0], before=points[0], after=points[1])
        return
    yield from (FactorShift(factor=factor, change=change) for factor, change in shares.items())


def _added_up(name: str, old: Mapping[str, float], new: Mapping[str, float]) -> Iterator[FactorShift]:
    for factor in {**new, **old}:
        points = old.get(factor, 0.0), new.get(factor, 0.0)
        yield FactorShift(factor=f"{name}.{factor}", change=points[1] - points[0], before=points[0], after=points[1])


def _shared(
    name: str, before: EvaluatedSide, after: EvaluatedSide, old: Component, new: Component
) -> dict[str, float] | None:
    values = before.values(name), after.values(name)
    sides = before.computing(name), after.computing(name)
    written = {factor.lower(): factor for factor in (*old.factors, *new.factors)}
    changed = [key for key in written if values[0].get(key, 0.0) != values[1].get(key, 0.0)]

    def worth(on: frozenset[str]) -> float:
        mixed = {key: values[key in on].get(key, 0.0) for key in written}
        return sides[_RULE in on].points(mixed)

    shares = shapley_values((*changed, _RULE), worth)
    if shares is None:
        return None
    return {f"{name}.{written[key]}" if key else name: share for key, share in shares.items()}
