"""How many points each factor adds to a lead's score."""

from __future__ import annotations

from mergecells.domain.scoring import Rules
from mergecells.transforms.score import Evaluation


def factor_points(rules: Rules, evaluation: Evaluation) -> dict[str, float]:
    """`component.factor` → points; they sum to the score.

    A component with a formula of its own does not add its factors up, so it stands as a whole under its own name.
    `rules` are those that were scored with: for a vertical, the resolved ones.
    """
    points: dict[str, float] = {}
    for name, component in rules.components.items():
        if component.formula is not None:
            points[name] = evaluation.score.components[name]
            continue
        for key, factor in component.factors.items():
            value = evaluation.factors[name, key]
            points[f"{name}.{key}"] = 100.0 * component.weight * factor.weight * value
    return points
