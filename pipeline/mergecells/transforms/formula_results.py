"""What every formula computes for the sample lead and for each golden example, and whether production can use it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import Finding
from mergecells.domain.scoring import Scalar
from mergecells.formula import Array, ErrorValue, Value, evaluate, unsupported
from mergecells.transforms.formula_sites import FormulaSites, Site, lower_names
from mergecells.transforms.lookup_tables import table_values
from mergecells.transforms.reference_check import is_date
from mergecells.transforms.score_values import LeadReader, as_list, share, share_of_field

DEFAULT_DATE = datetime.date(2026, 1, 1)
"""For formulas that ask for the evaluation date, where neither manifest nor examples state one: never the clock, or
the same files would pass today and fail tomorrow."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One lead to compute with: the sample lead (`example` is None), a golden example, or one made for a formula."""

    example: str | None
    lead: Mapping[str, Scalar]
    date: datetime.date
    generated: bool = False

    @property
    def label(self) -> str:
        if self.generated:
            return "a lead made to test it"
        return f"the example {self.example}" if self.example else "the sample lead"


@dataclass(frozen=True, slots=True)
class Result:
    """What the reference interpreter computed for one formula and one lead, from `inputs` (lower-case names)."""

    site: Site
    scenario: Scenario
    inputs: Mapping[str, Value]
    value: Value


def evaluation_date(text: str | None) -> datetime.date:
    """The date stated, or the fixed default; an impossible date has its own finding."""
    return datetime.date.fromisoformat(text) if text and is_date(text) else DEFAULT_DATE


def scenarios(config: ConfigSet, vertical: str | None) -> list[Scenario]:
    """The sample lead, when there are fields, and the examples of the vertical (of the base rules for None)."""
    found = []
    rules = config.rules
    stated = config.manifest.checks.evaluation_date
    if rules.fields:
        sample = {name: field.sample for name, field in rules.fields.fields.items()}
        found.append(Scenario(None, sample, evaluation_date(stated)))
    if rules.examples:
        date = evaluation_date(rules.examples.date or stated)
        for name, example in rules.examples.examples.items():
            if example.vertical == vertical:
                found.append(Scenario(name, example.lead, date))
    return found


def compute_results(config: ConfigSet, sites: FormulaSites) -> list[Result]:
    """Every formula that can be computed, for every scenario. What depends on a broken formula is left out."""
    broken = _broken(sites)
    fixed = fixed_values(config, sites)
    sound = [site for site in sites.sites if site.formula and not broken[site]]
    return [
        result
        for scenario in scenarios(config, sites.view.vertical)
        for result in _compute(config, sites, sound, scenario, fixed)
    ]


def _broken(sites: FormulaSites) -> dict[Site, bool]:
    """Which formulas cannot be computed: unreadable, unsupported, in a circle, or built on one of these."""
    in_circle = {name.lower() for cycle in sites.cycles for name in cycle}
    bad_names: set[str] = set()
    broken: dict[Site, bool] = {}
    for site in sites.sites:
        names = lower_names(site)
        own = sites.names_for(site)
        bad = site.formula is None or bool(unsupported(site.formula)) or bool(names & bad_names)
        bad = bad or (sites.complete and any(name not in own for name in names))
        if site.kind == "intermediate":
            bad = bad or site.key[0].lower() in in_circle
            bad_names |= {site.key[0].lower()} if bad else set()
        broken[site] = bad
    # A component's formula also needs those of its own factors.
    bad_factors = {site.key for site, bad in broken.items() if bad and site.kind == "factor"}
    for site in sites.sites:
        if site.kind == "component":
            factors = sites.view.rules.components[site.key[0]].factors
            broken[site] |= any((site.key[0], name) in bad_factors for name in factors)
    return broken


def _compute(
    config: ConfigSet,
    sites: FormulaSites,
    sound: Sequence[Site],
    scenario: Scenario,
    fixed: Mapping[str, Value],
) -> Iterator[Result]:
    """In order: intermediates feed what follows, factors feed their component."""
    initial: dict[str, Value] = dict.fromkeys((name for site in sound for name in lower_names(site)), None)
    initial.update(fixed)
    values = LeadReader(config.rules.fields, initial).read(scenario.lead, [])
    factors: dict[tuple[str, ...], Value] = {}
    for site in sound:
        scope = {**values, **_factor_values(sites, site, values, factors)} if site.kind == "component" else values
        assert site.formula
        value = evaluate(site.formula, scope, scenario.date)
        yield Result(site, scenario, {name: scope.get(name) for name in lower_names(site)}, value)
        if site.kind == "intermediate":
            values[site.key[0].lower()] = value
        else:
            factors[site.key] = value


def fixed_values(config: ConfigSet, sites: FormulaSites) -> dict[str, Value]:
    """What formulas may name that is the same for every lead, by lower-case name: lookup tables and lists."""
    lists = {name.lower(): as_list(items) for name, items in sites.view.rules.lists.items()}
    return {**table_values(config.rules.tables), **lists}


def _factor_values(
    sites: FormulaSites, site: Site, values: Mapping[str, Value], factors: Mapping[tuple[str, ...], Value]
) -> dict[str, Value]:
    component = site.key[0]
    return {
        name.lower(): share(factors[component, name])[0]
        if (component, name) in factors
        else share_of_field(values.get(name.lower()))
        for name in sites.view.rules.components[component].factors
    }


def check_results(sites: FormulaSites, results: Sequence[Result]) -> Iterator[Finding]:
    """`formula.error-value` and `formula.range`: one finding for each formula and problem, with every lead it hits."""
    problems: dict[tuple[Site, str], list[tuple[Result, str]]] = {}
    for result in results:
        problem = _problem(result)
        if problem:
            problems.setdefault((result.site, problem[0]), []).append((result, problem[1]))
    for (site, code), hits in problems.items():
        yield _result_finding(sites, site, code, hits)


def failing_sites(results: Sequence[Result]) -> set[Site]:
    """The formulas that have a finding for one of the leads."""
    return {result.site for result in results if _problem(result)}


def _problem(result: Result) -> tuple[str, str] | None:
    """Code and words, None for what production can use. An intermediate may be anything but an error."""
    value = result.value
    if isinstance(value, ErrorValue):
        return "formula.error-value", f"is the error {value.code}"
    if result.site.kind == "intermediate":
        return None
    if isinstance(value, str | Array):
        return "formula.error-value", f"is {shown(value)}, not a number"
    odd = share(value)[1]
    return ("formula.range", odd) if odd else None


def _result_finding(sites: FormulaSites, site: Site, code: str, hits: Sequence[tuple[Result, str]]) -> Finding:
    first, words = hits[0]
    more = f", and for {len(hits) - 1} more lead{'s' if len(hits) > 2 else ''}" if len(hits) > 1 else ""
    inputs = shown_inputs(first.inputs)
    given = f" (where {inputs})" if inputs else ""
    if code == "formula.range":
        hint = "Keep it in 0..1, with MIN and MAX for instance; production cuts it off."
    else:
        hint = "Guard it, with IFERROR or a test for blank; production counts it as 0."
    return sites.view.finding(
        code,
        f"The formula of {site.label} {words} for {first.scenario.label}{given}{more}.",
        hint,
        site.path,
        # An intermediate's error may be meant, for a formula that guards it; the formula that does not is an error.
        severity="warning" if site.kind == "intermediate" else "error",
    )


def shown_inputs(inputs: Mapping[str, Value]) -> str:
    """`years = 12, source = "Google"`."""
    return ", ".join(f"{name} = {shown(value)}" for name, value in sorted(inputs.items())[:6])


def shown(value: Value) -> str:
    """A value as a person reads it, shortened."""
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}…"'
    if isinstance(value, ErrorValue):
        return value.code
    if isinstance(value, Array):
        return f"a list of {len(value)} values"
    return f"{value:.10g}"
