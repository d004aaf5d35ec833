"""What every formula of a rule set may give, for leads whose values have the types of their fields.

Intermediates, factors and components build on one another, so that the bounds of a factor reach its component's formula
and the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Fields
from mergecells.formula import Value
from mergecells.formula.abstract import (
    ANYTHING,
    ARRAY,
    BLANK,
    BOOLEAN,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    constant,
    number_between,
)
from mergecells.formula.analyst import Analysis, analyse
from mergecells.transforms.formula_sites import FormulaSites, Site, lower_names, parsed
from mergecells.transforms.score_values import as_list

Bounds = tuple[float, float]
"""The lowest and the highest share that production may take from a result, within 0..1."""

_BY_TYPE: Mapping[str, Abstract] = {
    "number": Abstract(NUMBER | BLANK),
    "date": Abstract(NUMBER | BLANK),
    "text": Abstract(TEXT | BLANK),
    "boolean": Abstract(BOOLEAN | BLANK),
}

_Known = tuple[tuple[str, Abstract], ...]
_Types = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ViewAnalysis:
    """`values` by the path of a formula. `factors` and `components`: what each may add, as a share. `names` is what the
    names of a factor's formula may hold, `types` the declared types of those that are fields, both in lower case."""

    sites: FormulaSites
    values: Mapping[DocumentPath, Analysis]
    factors: Mapping[tuple[str, str], Bounds]
    components: Mapping[str, Bounds]
    names: Mapping[str, Abstract]
    types: Mapping[str, str]
    memo: AnalysisMemo


def analyse_view(sites: FormulaSites, fields: Fields | None, memo: AnalysisMemo) -> ViewAnalysis:
    """Every formula of one view that parses. What it says holds for each lead with values of the declared types."""
    rules = sites.view.rules
    types = {name.lower(): field.type for name, field in fields.fields.items()} if fields else {}
    names = {name.lower(): memo.list(items) for name, items in rules.lists.items()} | memo.tables
    names |= {name: _BY_TYPE[kind] for name, kind in types.items()}
    for name in rules.formulas:
        names[name.lower()] = ANYTHING
        types.pop(name.lower(), None)
    values: dict[DocumentPath, Analysis] = {}
    factors: dict[tuple[str, str], Bounds] = {}
    components: dict[str, Bounds] = {}
    for site in sites.sites:
        if site.kind == "component" or site.formula is None:
            continue
        found = values[site.path] = memo.look(site, names, types)
        if site.kind == "intermediate":
            names[site.key[0].lower()] = found.value
        else:
            factors[site.key[0], site.key[1]] = share_bounds(found.value)
    for component, body in rules.components.items():
        own = {factor: factors.setdefault((component, factor), (0.0, 1.0)) for factor in body.factors}
        components[component] = _weighted({factor: body.factors[factor].weight for factor in own}, own)
    for site in sites.sites:
        if site.kind == "component":
            own = {factor: factors[site.key[0], factor] for factor in rules.components[site.key[0]].factors}
            inside = names | {factor.lower(): number_between(*bounds) for factor, bounds in own.items()}
            shadowed = {factor.lower() for factor in own}
            fields_only = {name: kind for name, kind in types.items() if name not in shadowed}
            if site.formula is not None:
                values[site.path] = memo.look(site, inside, fields_only)
            components[site.key[0]] = share_bounds(values[site.path].value) if site.path in values else (0.0, 1.0)
    return ViewAnalysis(sites, values, factors, components, names, types, memo)


def share_bounds(value: Abstract) -> Bounds:
    """The bounds of what `score_values.share` makes of a result: numbers are cut to 0..1, TRUE is 1, all else is 0."""
    if value.kinds & ARRAY:
        return 0.0, 1.0
    shares: list[float] = []
    if value.kinds & NUMBER:
        shares += (max(0.0, min(1.0, value.low)), max(0.0, min(1.0, value.high)))
    if value.kinds & TRUE:
        shares.append(1.0)
    if value.kinds & ~(NUMBER | TRUE) or not shares:
        shares.append(0.0)
    return min(shares), max(shares)


def _weighted(weights: Mapping[str, float], bounds: Mapping[str, Bounds]) -> Bounds:
    low = sum(weight * bounds[name][0] for name, weight in weights.items())
    return low, sum(weight * bounds[name][1] for name, weight in weights.items())


def score_bounds(analysis: ViewAnalysis) -> Bounds:
    """The lowest and highest score, in points."""
    weights = {name: 100.0 * body.weight for name, body in analysis.sites.view.rules.components.items()}
    return _weighted(weights, analysis.components)


class AnalysisMemo:
    """What was found in one run of checks, by text and by what the names hold: a vertical repeats most of the base."""

    def __init__(self, tables: Mapping[str, Value]) -> None:
        self.tables: Final = {name: constant(value) for name, value in tables.items()}
        self._lists: dict[int, tuple[object, Abstract]] = {}
        self._found: dict[tuple[str, _Known, _Types], Analysis] = {}

    def list(self, items: Sequence[str | float | bool]) -> Abstract:
        """A named list; one that a vertical does not change is the same object, and the same description."""
        known = self._lists.get(id(items))
        if known is None:
            known = self._lists[id(items)] = (items, constant(as_list(items)))
        return known[1]

    def look(self, site: Site, names: Mapping[str, Abstract], types: Mapping[str, str]) -> Analysis:
        """The analysis of a formula that parses."""
        used = sorted(lower_names(site))
        known = tuple((name, names[name]) for name in used if name in names)
        key = (site.text, known, tuple((name, types[name]) for name in used if name in types))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = analyse(parsed(site), dict(known), types)
        return found
