"""What one formula needs of a lead: the fields beneath it, and how its inputs follow from them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from mergecells.domain.configset import ConfigSet
from mergecells.domain.scoring import FieldType
from mergecells.formula import Array, Formula, Value, compile_formula, evaluate, to_serial
from mergecells.transforms.formula_results import Result, Scenario, fixed_values
from mergecells.transforms.formula_sites import FormulaSites, Site, lower_names

FACTOR_MARK = "factor "
"""Before the name of a factor among a lead's values: a component may have a factor called like a field."""


@dataclass(frozen=True, slots=True)
class LeadInputs:
    """The way from a lead's values to the inputs of `site`: intermediates in the order in which they are computed.

    `kinds` has what may be set, by lower-case name: fields, and for a component its factors, whose values are shares.
    """

    site: Site
    intermediates: tuple[tuple[str, Formula], ...]
    kinds: Mapping[str, FieldType | None]
    fixed: Mapping[str, Value]

    @property
    def formulas(self) -> Iterator[Formula]:
        """The formulas whose branches such a lead can reach."""
        yield from (formula for _, formula in self.intermediates)
        assert self.site.formula
        yield self.site.formula

    def scope(self, lead: Mapping[str, Value], date: datetime.date) -> dict[str, Value]:
        """All that the formula may name, by lower-case name. `lead` has a value for each of `kinds`."""
        serial = float(to_serial(date))
        scope = {**self.fixed, **{name: value for name, value in lead.items() if not name.startswith(FACTOR_MARK)}}
        for name, formula in self.intermediates:
            scope[name] = compile_formula(formula)(scope, serial)
        for name, value in lead.items():
            if name.startswith(FACTOR_MARK):
                scope[name.removeprefix(FACTOR_MARK)] = value
        return scope

    def result(self, lead: Mapping[str, Value], date: datetime.date) -> Result:
        """The formula computed for such a lead, by the reference interpreter."""
        assert self.site.formula
        scope = self.scope(lead, date)
        inputs = {name: scope.get(name) for name in lower_names(self.site)}
        value = evaluate(self.site.formula, inputs, date)
        return Result(self.site, Scenario(None, {}, date, generated=True), inputs, value)


def lead_inputs(config: ConfigSet, sites: FormulaSites, site: Site) -> LeadInputs:
    """What `site` needs, through the intermediates that it uses."""
    # They come first; a look at all sites, for each site, took most of the time that 10,000 factors need.
    first = takewhile(lambda each: each.kind == "intermediate", sites.sites)
    intermediates = {each.key[0].lower(): each for each in first}
    own = lower_names(site)
    factors = _factor_names(sites, site) & own
    needed = _needed(own - factors, intermediates)
    names = (own - factors).union(*(lower_names(intermediates[name]) for name in needed)) - set(intermediates)
    fixed = {name: value for name, value in fixed_values(config, sites).items() if name in names}
    fields = {
        name.lower(): field.type for name, field in (config.rules.fields.fields if config.rules.fields else {}).items()
    }
    kinds: dict[str, FieldType | None] = {name: fields.get(name) for name in sorted(names - set(fixed))}
    kinds.update((FACTOR_MARK + name, "number") for name in sorted(factors))
    order = [name for name in intermediates if name in needed]
    formulas = tuple((name, formula) for name in order if (formula := intermediates[name].formula))
    return LeadInputs(site, formulas, kinds, fixed)


def _factor_names(sites: FormulaSites, site: Site) -> frozenset[str]:
    if site.kind != "component":
        return frozenset()
    return frozenset(name.lower() for name in sites.view.rules.components[site.key[0]].factors)


def _needed(names: frozenset[str], intermediates: Mapping[str, Site]) -> set[str]:
    """The intermediates among `names`, and those that they use; an intermediate never counts as its own."""
    needed: set[str] = set()
    open_names = [name for name in names if name in intermediates]
    while open_names:
        name = open_names.pop()
        if name not in needed:
            needed.add(name)
            open_names += [other for other in lower_names(intermediates[name]) if other in intermediates]
    return needed


def shown_lead(lead: Mapping[str, Value]) -> dict[str, Value]:
    """A lead as messages name its values, without those that are blank."""
    return {
        name.removeprefix(FACTOR_MARK): value
        for name, value in lead.items()
        if value is not None and not isinstance(value, Array)
    }
