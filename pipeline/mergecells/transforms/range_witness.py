"""A lead for which a factor leaves 0..1. Nothing is told without one: that bounds are not known is no mistake.

Number fields are taken for counts and amounts, never negative, and for shares where every value that the config states
lies in 0..1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from mergecells.domain.configset import ConfigSet
from mergecells.formula import Value, evaluate
from mergecells.formula.abstract import BLANK, NUMBER, Abstract
from mergecells.formula.nodes import Number, walk
from mergecells.transforms.formula_analysis import ViewAnalysis
from mergecells.transforms.formula_results import DEFAULT_DATE, shown
from mergecells.transforms.formula_sites import Site, lower_names, parsed

Observed = Mapping[str, float]
"""By number field, in lower case: the highest value that is to be expected (1 for a share, else an infinity)."""

_USUAL = (2.0, 10.0, 100.0, 1_000.0, 1_000_000.0)
_MOST_CONSTANTS = 8
_NEARLY = 1e-9


def observe(config: ConfigSet) -> Observed:
    """What the sample lead and the golden examples say about each number field."""
    fields = config.rules.fields
    if fields is None:
        return {}
    numbers = {name.lower(): [field.sample] for name, field in fields.fields.items() if field.type == "number"}
    for example in config.rules.examples.examples.values() if config.rules.examples else ():
        for name, value in example.lead.items():
            if name.lower() in numbers:
                numbers[name.lower()].append(value)
    return {name: _highest(values) for name, values in numbers.items()}


def _highest(values: list[float | bool | str | None]) -> float:
    known = [value for value in values if isinstance(value, float | int)]
    return 1.0 if known and all(0 <= value <= 1 for value in known) and any(0 < v < 1 for v in known) else math.inf


def may_leave(analysis: ViewAnalysis, site: Site, observed: Observed) -> bool:
    """Whether the formula's bounds go beyond 0..1 for leads with values that are to be expected."""
    if not _is_outside(analysis.values[site.path].value):
        return False
    used = [name for name in sorted(lower_names(site)) if name in analysis.names]
    expected = {
        name: Abstract(NUMBER | BLANK, 0.0, observed[name]) for name in used if _varies(analysis, name, observed)
    }
    known = {name: expected.get(name, analysis.names[name]) for name in used}
    return bool(expected) and _is_outside(analysis.memo.look(site, known, {}).value)


def find_witness(analysis: ViewAnalysis, site: Site, inputs: Mapping[str, Value], observed: Observed) -> str | None:
    """`years = 11 gives 1.1` for the smallest value tried that makes the result leave 0..1; one field at a time."""
    names = [name for name in sorted(lower_names(site)) if _varies(analysis, name, observed)]
    if not names or not set(lower_names(site)) <= inputs.keys():
        return None
    formula = parsed(site)
    for name in names:
        for value in _candidates(site, observed[name]):
            result = evaluate(formula, {**inputs, name: value}, DEFAULT_DATE)
            if type(result) is float and not -_NEARLY <= result <= 1 + _NEARLY:
                return f"{name} = {value:.6g} gives {shown(result)}"
    return None


def _varies(analysis: ViewAnalysis, name: str, observed: Observed) -> bool:
    return name in observed and analysis.types.get(name) == "number"


def _is_outside(value: Abstract) -> bool:
    return bool(value.kinds & NUMBER) and (value.low < -_NEARLY or value.high > 1 + _NEARLY)


def _candidates(site: Site, highest: float) -> Iterator[float]:
    """From small to large: the formula's own numbers and a little more, then usual amounts."""
    root = parsed(site).root
    stated = sorted({node.value for node in walk(root) if type(node) is Number and node.value > 0})[:_MOST_CONSTANTS]
    tried = sorted({*(each + 1 for each in stated), *(2 * each for each in stated), *_USUAL})
    return (value for value in tried if value <= highest)
