"""Golden examples must get the tier and the score that they state."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from mergecells.domain.configset import EXAMPLES_FILE, ConfigSet
from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.findings import Finding
from mergecells.domain.scoring import Example, Rules
from mergecells.transforms.formula_results import evaluation_date
from mergecells.transforms.locate import Locator
from mergecells.transforms.reference_check import fitting_verticals
from mergecells.transforms.score import Evaluation, Scorer, compile_rule_set
from mergecells.transforms.verticals import resolve_vertical

SCORE_TOLERANCE = 0.05
"""Points; examples state scores with one decimal."""
_ROUNDING = 1e-9
_SHOWN_PARTS = 3


def check_examples(config: ConfigSet, locator: Locator) -> list[Finding]:
    """`example.mismatch` for each example that gets another tier or score.

    Rules that cannot be compiled have findings of their own, and their examples cannot be scored; one vertical that
    cannot be compiled does not keep the others from being checked.
    """
    examples = config.rules.examples
    if not examples:
        return []
    date = evaluation_date(examples.date or config.manifest.checks.evaluation_date)
    by_vertical: dict[str | None, list[tuple[str, Example]]] = {}
    for name, example in examples.examples.items():
        by_vertical.setdefault(example.vertical, []).append((name, example))
    fitting = fitting_verticals(config)
    return [
        finding
        for vertical, group in by_vertical.items()
        if vertical is None or vertical in fitting
        for finding in _check_group(config, locator, vertical, group, date)
    ]


def _check_group(
    config: ConfigSet, locator: Locator, vertical: str | None, group: list[tuple[str, Example]], date: datetime.date
) -> Iterator[Finding]:
    scorer = _scorer(config, vertical)
    if scorer is None:
        return
    rules = config.rules.rules
    if vertical is not None:
        rules = resolve_vertical(rules, config.rules.verticals[vertical])
    for name, example in group:
        evaluation = scorer.evaluate(example.lead, date, vertical)
        if example.tier in rules.tiers:
            yield from _compare(locator, rules, name, example, evaluation)


def _scorer(config: ConfigSet, vertical: str | None) -> Scorer | None:
    verticals = {name: body for name, body in config.rules.verticals.items() if name == vertical}
    try:
        return compile_rule_set(config.rules.model_copy(update={"verticals": verticals}))
    except ConfigRejectedError:
        return None


def _compare(locator: Locator, rules: Rules, name: str, example: Example, evaluation: Evaluation) -> Iterator[Finding]:
    score, path = evaluation.score, ("examples", name)
    hint = f"Largest parts: {_largest_parts(rules, evaluation)}. Mend the rules, or the example if this is meant."
    if score.tier != example.tier:
        yield locator.finding(
            "example.mismatch",
            f"The example {name} must get tier {example.tier} and gets {score.tier} (score {score.value:.2f}).",
            hint,
            (EXAMPLES_FILE, (*path, "tier")),
        )
    if example.score is not None and abs(score.value - example.score) > SCORE_TOLERANCE + _ROUNDING:
        yield locator.finding(
            "example.mismatch",
            f"The example {name} must score {example.score:g} and scores {score.value:.2f}.",
            hint,
            (EXAMPLES_FILE, (*path, "score")),
        )


def _largest_parts(rules: Rules, evaluation: Evaluation) -> str:
    """`firm.years 7.2 of 9.0`: the factors that could count most, with what they gave and could give."""
    parts = [
        (100 * body.weight * factor.weight, f"{component}.{name}", evaluation.factors[component, name])
        for component, body in rules.components.items()
        for name, factor in body.factors.items()
    ]
    parts.sort(key=lambda part: -part[0])
    return ", ".join(f"{label} {most * value:.1f} of {most:.1f}" for most, label, value in parts[:_SHOWN_PARTS])
