"""Every formula of a rule set with what it may name: the common ground of all formula checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Fields, LookupTable
from mergecells.formula import Formula, FormulaSyntaxError, names_used, parse
from mergecells.formula.registry import Dialect
from mergecells.formula.remembered import remembered
from mergecells.transforms.lookup_tables import table_names
from mergecells.transforms.rule_order import order_by_use
from mergecells.transforms.rule_view import RuleView

SiteKind = Literal["intermediate", "factor", "component"]


@dataclass(frozen=True, slots=True)
class Site:
    """One formula. `key` is (name,), (component, factor) or (component,); `path` leads to its text in the document.

    `formula` is None when the text does not parse; `problem` then says why and `position` (from 0) where.
    """

    kind: SiteKind
    key: tuple[str, ...]
    path: DocumentPath
    text: str
    formula: Formula | None
    problem: FormulaSyntaxError | None = None

    @property
    def label(self) -> str:
        """As messages name it: `the factor years of company_info`."""
        if self.kind == "factor":
            return f"the factor {self.key[1]} of {self.key[0]}"
        return f"the {self.kind} {self.key[0]}"


@dataclass(frozen=True, slots=True)
class FormulaSites:
    """The formulas of one view in an order in which they can be computed: intermediates, factors, components.

    `cycles` holds the intermediates that need one another, as written. `known` are the names that any formula may use,
    lower case → as written; None when there is no fields.yaml, so that no name can be called unknown.
    """

    view: RuleView
    sites: tuple[Site, ...]
    cycles: tuple[tuple[str, ...], ...]
    known: Mapping[str, str]
    complete: bool

    def names_for(self, site: Site) -> Mapping[str, str]:
        """What the formula of `site` may name; a component's formula sees its own factors first."""
        if site.kind != "component":
            return self.known
        factors = self.view.rules.components[site.key[0]].factors
        return {**self.known, **{name.lower(): name for name in factors}}


def collect_sites(
    view: RuleView, fields: Fields | None, tables: Mapping[str, LookupTable] | None = None
) -> FormulaSites:
    """All formulas of the view, parsed."""
    intermediates, cycles = _ordered_intermediates(view)
    rules = view.rules
    names = [*(fields.fields if fields else ()), *rules.formulas, *rules.lists, *table_names(tables or {})]
    return FormulaSites(
        view=view,
        sites=(*intermediates, *_factor_sites(view), *_component_sites(view)),
        cycles=cycles,
        known={name.lower(): name for name in names},
        complete=fields is not None,
    )


def _site(view: RuleView, kind: SiteKind, key: tuple[str, ...], path: DocumentPath, text: str) -> Site:
    try:
        return Site(kind, key, path, text, parse(text, view.dialect))
    except FormulaSyntaxError as error:
        return Site(kind, key, path, text, None, error)


def _ordered_intermediates(view: RuleView) -> tuple[list[Site], tuple[tuple[str, ...], ...]]:
    sites = {
        name.lower(): _site(view, "intermediate", (name,), ("formulas", name), text)
        for name, text in view.rules.formulas.items()
    }
    order = order_by_use({name: lower_names(site) for name, site in sites.items()})
    cycles = tuple(tuple(sites[name].key[0] for name in cycle) for cycle in order.cycles)
    return [sites[name] for name in order.names], cycles


def _factor_sites(view: RuleView) -> Iterator[Site]:
    for component, body in view.rules.components.items():
        for name, factor in body.factors.items():
            if factor.formula is not None:
                path = ("components", component, "factors", name, "formula")
                yield _site(view, "factor", (component, name), path, factor.formula)


def _component_sites(view: RuleView) -> Iterator[Site]:
    for name, body in view.rules.components.items():
        if body.formula is not None:
            yield _site(view, "component", (name,), ("components", name, "formula"), body.formula)


def parsed(site: Site) -> Formula:
    """The tree of a formula that parses."""
    assert site.formula is not None
    return site.formula


def lower_names(site: Site) -> frozenset[str]:
    """The names that the formula uses, in lower case; none when it does not parse."""
    return _lower_names(site.text, site.formula.dialect) if site.formula else frozenset()


@remembered(16_384)
def _lower_names(text: str, dialect: Dialect) -> frozenset[str]:
    """By text: every check asks, for the base and for each vertical."""
    return frozenset(name.lower() for name, _, _ in names_used(parse(text, dialect)))
