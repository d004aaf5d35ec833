"""One rule set (the base, or a vertical's merged result) compiled for scoring."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.findings import Finding
from mergecells.domain.scoring import Component, Dialect, Fields, Rules
from mergecells.formula import FormulaSyntaxError, Value, compile_formula, names_used, parse
from mergecells.formula.remembered import remembered
from mergecells.transforms.rule_order import order_by_use
from mergecells.transforms.score_components import AllPoints, Points, compile_points
from mergecells.transforms.score_values import LeadReader, as_list, share, share_of_field, without_noise

Compute: TypeAlias = Callable[[Mapping[str, Value], float], Value]
"""Values by lower-case name, and the evaluation date's serial number → the formula's result."""

MEMO = 32_768
"""Formulas whose compiled form is remembered over reloads: about 1 KB each."""


@dataclass(frozen=True, slots=True)
class FactorProgram:
    """`compute` is None where the lead's field of the same name counts."""

    name: str
    key: str
    weight: float
    compute: Compute | None
    label: str


@dataclass(frozen=True, slots=True)
class ComponentProgram:
    """`points` is what the component is worth in full: 100 x its weight.

    `names`: what the component's own formula reads.
    """

    name: str
    points: float
    factors: tuple[FactorProgram, ...]
    compute: Compute | None
    names: frozenset[str] = frozenset()


@dataclass(slots=True)
class Run:
    """All values of one scored lead; see `score.Evaluation`."""

    issues: list[str] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)
    intermediates: dict[str, Value] = field(default_factory=dict)
    results: dict[tuple[str, str], Value] = field(default_factory=dict)
    factors: dict[tuple[str, str], float] = field(default_factory=dict)
    component_results: dict[str, Value] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)


class Kernels:
    """What the columnar path has compiled for one evaluation date, kept over calls; see `column_formulas`."""

    def __init__(self) -> None:
        self._held: tuple[float, dict[Any, Any]] = (math.nan, {})

    def of(self, serial: float) -> dict[Any, Any]:
        """Those of this date. Another date's are dropped."""
        held = self._held
        if held[0] != serial:
            # One assignment, and what was handed out stays whole: threads may score for two dates at a time.
            held = self._held = serial, {}
        return held[1]


@dataclass(frozen=True, slots=True)
class RuleProgram:
    """`tiers` from the best down: (lowest score, name). `intermediates` in an order in which they can be computed.

    `uses` tells by compiled formula the names that it reads, in lower case, and `texts` how it is written.
    """

    reader: LeadReader
    intermediates: tuple[tuple[str, Compute], ...]
    components: tuple[ComponentProgram, ...]
    tiers: tuple[tuple[float, str], ...]
    uses: Mapping[Compute, frozenset[str]]
    texts: Mapping[Compute, str] = field(default_factory=dict)
    dialect: Dialect = "excel"
    all_points: AllPoints | None = None
    """See `score_components`; None where there are too many factors for one function."""
    kernels: Kernels = field(default_factory=Kernels, compare=False)

    @property
    def component_names(self) -> tuple[str, ...]:
        return tuple(component.name for component in self.components)

    def tier_of(self, value: float) -> str:
        """The best tier whose minimum `value` reaches; minima are inclusive."""
        for lowest, name in self.tiers:
            if value >= lowest:
                return name
        return self.tiers[-1][1]

    def points(self, lead: Mapping[str, Any], serial: float) -> tuple[dict[str, float], list[str]]:
        """Each component's points, and what was odd. The path that production takes for every lead."""
        issues: list[str] = []
        values = self._values(lead, serial, issues)
        if self.all_points is not None:
            return self.all_points(values, serial, issues), issues
        return {part.name: _component_points(part, values, serial, issues) for part in self.components}, issues

    def run(self, lead: Mapping[str, Any], serial: float) -> Run:
        """The same values as `points`, with everything on the way kept."""
        run = Run()
        run.points, run.issues = self.points(lead, serial)
        run.values = values = self._values(lead, serial, [])
        run.intermediates = {name: values[name] for name, _ in self.intermediates}
        for component in self.components:
            part = 0.0
            for factor in component.factors:
                key = (component.name, factor.name)
                run.results[key] = factor.compute(values, serial) if factor.compute else values.get(factor.key)
                run.factors[key] = _factor_value(factor, values, serial, [])
                part += factor.weight * run.factors[key]
            if component.compute:
                result = component.compute(_with_factors(component, values, serial, []), serial)
                run.component_results[component.name] = result
                part = share(result)[0]
            run.shares[component.name] = part
        return run

    def _values(self, lead: Mapping[str, Any], serial: float, issues: list[str]) -> dict[str, Value]:
        values = self.reader.read(lead, issues)
        for name, compute in self.intermediates:
            values[name] = compute(values, serial)
        return values


def compile_rule_program(
    rules: Rules,
    fields: Fields | None,
    vertical: str | None = None,
    tables: Mapping[str, Value] | None = None,
    dialect: Dialect = "excel",
) -> RuleProgram:
    """Compile every formula. Raises ConfigRejectedError with a finding for each that cannot be.

    `tables`: the arrays of the lookup tables, made once and shared by the programs of all verticals.
    """
    formulas = _Formulas(vertical, dialect)
    texts = {name.lower(): text for name, text in rules.formulas.items()}
    computes = {name: formulas.compile(text, f"the intermediate {name}") for name, text in texts.items()}
    order = order_by_use({name: formulas.names(text) for name, text in texts.items()})
    for cycle in order.cycles:
        formulas.refuse("formula.circular", f"{' → '.join((*cycle, cycle[0]))} use one another in a circle.")
    components = tuple(_component(name, body, formulas) for name, body in rules.components.items())
    formulas.raise_refused()
    initial: dict[str, Value] = {} if fields else dict.fromkeys(formulas.used)
    initial.update((name, value) for name, value in (tables or {}).items() if name in formulas.used)
    initial.update((name.lower(), as_list(values)) for name, values in rules.lists.items())
    return RuleProgram(
        reader=LeadReader(fields, initial),
        intermediates=tuple((name, compute) for name in order.names if (compute := computes[name])),
        components=components,
        tiers=tuple(sorted(((tier.min, name) for name, tier in rules.tiers.items()), key=lambda t: -t[0])),
        uses=formulas.uses,
        texts=formulas.texts,
        dialect=dialect,
        all_points=compile_points(components, _own_points),
    )


class _Formulas:
    """Compiles the formulas of one rule set and collects what cannot be compiled, so that all of it is told at once."""

    def __init__(self, vertical: str | None, dialect: Dialect) -> None:
        self._dialect: Dialect = dialect
        self._where = f" of vertical {vertical}" if vertical else ""
        self._refused: list[Finding] = []
        self.used: dict[str, None] = {}
        self.uses: dict[Compute, frozenset[str]] = {}
        self.texts: dict[Compute, str] = {}

    def compile(self, text: str | None, what: str) -> Compute | None:
        if text is None:
            return None
        try:
            compute, names = _compiled(text, self._dialect)
        except FormulaSyntaxError as error:
            self.refuse("formula.syntax", f"The formula of {what}: {error}")
            return None
        self.used.update(dict.fromkeys(names))
        self.uses[compute] = names
        self.texts[compute] = text
        return compute

    def names(self, text: str) -> frozenset[str]:
        """The names that `text` uses, in lower case; none where it does not parse (told already)."""
        try:
            return _compiled(text, self._dialect)[1]
        except FormulaSyntaxError:
            return frozenset()

    def refuse(self, code: str, message: str) -> None:
        self._refused.append(Finding(code=code, message=f"{message.rstrip('.')}{self._where}."))

    def raise_refused(self) -> None:
        if self._refused:
            raise ConfigRejectedError(f"{len(self._refused)} formulas cannot be computed.", self._refused)


@remembered(MEMO)
def _compiled(text: str, dialect: Dialect) -> tuple[Compute, frozenset[str]]:
    """A formula's function and the names it uses. By text: a reload compiles what changed and nothing else."""
    formula = parse(text, dialect)
    return compile_formula(formula), frozenset(name.lower() for name, _, _ in names_used(formula))


def _component(name: str, body: Component, formulas: _Formulas) -> ComponentProgram:
    factors = tuple(
        FactorProgram(
            name=key,
            key=key.lower(),
            weight=factor.weight,
            compute=formulas.compile(factor.formula, f"{name}.{key}"),
            label=f"{name}.{key}",
        )
        for key, factor in body.factors.items()
    )
    compute, points = formulas.compile(body.formula, name), 100.0 * body.weight
    if compute is not None:
        return ComponentProgram(name, points, factors, compute, names=formulas.uses[compute])
    return ComponentProgram(name, points, factors, None)


def _factor_value(factor: FactorProgram, values: Mapping[str, Value], serial: float, issues: list[str]) -> float:
    if factor.compute is None:
        return share_of_field(values.get(factor.key))
    result = factor.compute(values, serial)
    if type(result) is float and 0.0 <= result <= 1.0:
        return result
    value, odd = share(result)
    if odd:
        issues.append(f"{factor.label} {odd}")
    return value


def _component_points(
    component: ComponentProgram, values: Mapping[str, Value], serial: float, issues: list[str]
) -> float:
    if component.compute is not None:
        part = _component_share(component, values, serial, issues)
    else:
        part = 0.0
        for factor in component.factors:
            part += factor.weight * _factor_value(factor, values, serial, issues)
    return without_noise(component.points * part)


def _own_points(component: ComponentProgram) -> Points:
    return functools.partial(_component_points, component)


def _component_share(
    component: ComponentProgram, values: Mapping[str, Value], serial: float, issues: list[str]
) -> float:
    assert component.compute is not None
    value, odd = share(component.compute(_with_factors(component, values, serial, issues), serial))
    if odd:
        issues.append(f"{component.name} {odd}")
    return value


def _with_factors(
    component: ComponentProgram, values: Mapping[str, Value], serial: float, issues: list[str]
) -> dict[str, Value]:
    """What a component's formula sees: its factors' values first, then what it names of what factor formulas see."""
    own = {name: values[name] for name in component.names if name in values}
    for factor in component.factors:
        own[factor.key] = _factor_value(factor, values, serial, issues)
    return own
