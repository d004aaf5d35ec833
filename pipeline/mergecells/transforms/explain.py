"""One lead → why it has its score. The numbers are those of the score itself, taken apart to the last billionth."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mergecells.domain.explanation import (
    ComponentExplanation,
    Explanation,
    FactorExplanation,
    FormulaUse,
    IntermediateExplanation,
    Method,
    TierExplanation,
)
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Component, Rules, RuleSet
from mergecells.formula import Value, to_serial
from mergecells.transforms.attribution import ComponentSide, exact_parts, shapley_values
from mergecells.transforms.explain_values import Names, shown_value, well_formed
from mergecells.transforms.rule_places import PlaceOf, RulePlaces
from mergecells.transforms.score import Evaluation, Scorer
from mergecells.transforms.verticals import resolve_vertical

_OWN = ""
"""The part of a formula that is there with all factors 0. No factor has an empty name."""


def explain_lead(
    rule_set: RuleSet,
    scorer: Scorer,
    places: RulePlaces,
    lead: Mapping[str, Any],
    date: datetime.date | None = None,
    vertical: str | None = None,
) -> Explanation:
    """Score one lead and explain it. `places` are those of the same files. Raises UsageError as `Scorer.score`."""
    evaluation = scorer.evaluate(lead, date, vertical)
    rules = rules_of(rule_set, evaluation.score.vertical)
    return _Explaining(rules, Names(rule_set, rules), evaluation, places.of(evaluation.score.vertical)).explanation()


def rules_of(rule_set: RuleSet, vertical: str | None) -> Rules:
    """The rules that a lead of `vertical` (its name as the files have it) is scored with."""
    return resolve_vertical(rule_set.rules, rule_set.verticals[vertical]) if vertical else rule_set.rules


@dataclass(frozen=True, slots=True)
class _Explaining:
    rules: Rules
    names: Names
    evaluation: Evaluation
    place_of: PlaceOf

    def explanation(self) -> Explanation:
        score = self.evaluation.score
        tier, above = self._tiers()
        return Explanation(
            score=score.value,
            tier=tier,
            next_tier=above,
            revision=score.revision,
            date=score.date.isoformat(),
            vertical=score.vertical,
            components=tuple(self._component(name, body) for name, body in self.rules.components.items()),
            intermediates=tuple(
                IntermediateExplanation(name=name, formula=self._formula(text, self._value(name), ("formulas", name)))
                for name, text in self.rules.formulas.items()
            ),
            issues=tuple(well_formed(issue) for issue in score.issues),
        )

    def _tiers(self) -> tuple[TierExplanation, TierExplanation | None]:
        """The score's tier, and the nearest one above it."""
        ordered = sorted(self.rules.tiers, key=lambda name: self.rules.tiers[name].min)
        at = ordered.index(self.evaluation.score.tier)
        return self._tier(ordered[at]), self._tier(ordered[at + 1]) if at + 1 < len(ordered) else None

    def _tier(self, name: str) -> TierExplanation:
        tier = self.rules.tiers[name]
        return TierExplanation(
            name=name,
            label=tier.label,
            description=tier.description,
            min=tier.min,
            points_missing=max(round(tier.min - self.evaluation.score.value, 9), 0.0),
            place=self.place_of(("tiers", name, "min")),
        )

    def _component(self, name: str, body: Component) -> ComponentExplanation:
        at: DocumentPath = ("components", name)
        points = self.evaluation.score.components[name]
        method, parts = self._parts(name, body, points)
        formula = None
        if body.formula is not None:
            own = {key: self.evaluation.factors[name, key] for key in body.factors}
            formula = self._formula(body.formula, self.evaluation.component_results[name], (*at, "formula"), own)
        return ComponentExplanation(
            name=name,
            points=points,
            max_points=100.0 * body.weight,
            share=self._share(points),
            weight=body.weight,
            weight_place=self.place_of((*at, "weight")),
            value=self.evaluation.shares[name],
            formula=formula,
            method=method,
            own_points=parts.get(_OWN, 0.0),
            factors=tuple(self._factor(name, body, key, parts.get(key)) for key in body.factors),
        )

    def _parts(self, name: str, body: Component, points: float) -> tuple[Method, dict[str, float]]:
        """Points by factor, and of the formula itself, that sum to the component's."""
        values = {key: self.evaluation.factors[name, key] for key in body.factors}
        if body.formula is None:
            raw = {key: 100.0 * body.weight * factor.weight * values[key] for key, factor in body.factors.items()}
            return "weighted", exact_parts(raw, points)
        side = ComponentSide(
            body, self.evaluation.values, float(to_serial(self.evaluation.score.date)), self.evaluation.dialect
        )
        shares = shapley_values(tuple(values), lambda on: side.points({key.lower(): values[key] for key in on}))
        if shares is None:
            return "whole", {_OWN: points}
        own = side.points({})
        return "shapley", exact_parts({**shares, _OWN: own}, points)

    def _factor(self, component: str, body: Component, name: str, points: float | None) -> FactorExplanation:
        at: DocumentPath = ("components", component, "factors", name)
        factor = body.factors[name]
        result = self.evaluation.results[component, name]
        stated = factor.formula is not None
        return FactorExplanation(
            name=name,
            points=points,
            max_points=None if body.formula is not None else 100.0 * body.weight * factor.weight,
            share=self._share(points),
            weight=factor.weight,
            weight_place=self.place_of((*at, "weight")),
            value=self.evaluation.factors[component, name],
            formula=self._formula(factor.formula, result, (*at, "formula")) if factor.formula is not None else None,
            field=None if stated else shown_value(result, self.names.field_type(name)),
        )

    def _formula(
        self, text: str, result: Value, path: DocumentPath, factors: Mapping[str, float] | None = None
    ) -> FormulaUse:
        return FormulaUse(
            text=text,
            inputs=self.names.inputs(text, self.evaluation.values, factors or {}),
            result=shown_value(result),
            place=self.place_of(path),
        )

    def _value(self, name: str) -> Value:
        return self.evaluation.values.get(name.lower())

    def _share(self, points: float | None) -> float | None:
        score = self.evaluation.score.value
        return None if points is None or score == 0 else points / score
