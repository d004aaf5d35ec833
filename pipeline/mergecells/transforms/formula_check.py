"""Every formula of the rules: can it be read, does it name what exists, does production compute what it uses.

What it computes is checked in `formula_results`, and whether engines agree in `engine_check`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.findings import Finding
from mergecells.domain.scoring import Dialect
from mergecells.formula import names_used, parse, unsupported
from mergecells.formula.analysis import NameUse, Unsupported
from mergecells.formula.dialects import PROGRAMS, Foreign, foreign_functions
from mergecells.formula.remembered import remembered
from mergecells.transforms.formula_sites import FormulaSites, Site
from mergecells.transforms.reference_check import suggestion


@remembered(16_384)
def _uses(text: str, dialect: Dialect) -> tuple[tuple[NameUse, ...], tuple[Unsupported, ...], tuple[Foreign, ...]]:
    """What a formula that parses names, and what of it is refused; kept across reloads, which change few formulas."""
    formula = parse(text, dialect)
    return names_used(formula), unsupported(formula), foreign_functions(formula)


def check_formula_texts(sites: FormulaSites) -> Iterator[Finding]:
    """Syntax, names, functions and circles of one rule set."""
    for site in sites.sites:
        if site.problem:
            yield _syntax(sites, site)
        else:
            yield from _unknown_names(sites, site)
            yield from _unsupported(sites, site)
            yield from _foreign(sites, site)
    for cycle in sites.cycles:
        yield _circle(sites, cycle)


def _syntax(sites: FormulaSites, site: Site) -> Finding:
    assert site.problem
    return sites.view.finding(
        "formula.syntax",
        f"The formula of {site.label} cannot be read at character {site.problem.position + 1}: {site.problem.message}.",
        site.problem.hint,
        site.path,
        offset=site.problem.position,
    )


def _unknown_names(sites: FormulaSites, site: Site) -> Iterator[Finding]:
    if not sites.complete or not site.formula:
        return
    known, told = sites.names_for(site), set[str]()
    for name, start, _ in _uses(site.text, sites.view.dialect)[0]:
        if name.lower() in known or name.lower() in told:
            continue
        told.add(name.lower())
        yield sites.view.finding(
            "formula.unknown-name",
            f"The formula of {site.label} uses {name}, which is no {_reach(site)} (character {start + 1}).",
            suggestion(name, known.values()),
            site.path,
            offset=start,
        )


def _reach(site: Site) -> str:
    own = "factor of it, " if site.kind == "component" else ""
    return f"{own}field, intermediate, list or lookup table"


_READS_OUTSIDE = frozenset(("HYPERLINK", "IMAGE", "SPARKLINE", "CALL", "QUERY", "DETECTLANGUAGE", "GOOGLETRANSLATE"))
"""Refused with the volatile ones, though their results do not change by themselves."""


def _unsupported(sites: FormulaSites, site: Site) -> Iterator[Finding]:
    for use in _uses(site.text, sites.view.dialect)[1]:
        volatile = use.kind == "volatile" and use.name not in _READS_OUTSIDE
        yield sites.view.finding(
            "formula.volatile" if volatile else "formula.unsupported-function",
            f"The formula of {site.label} uses {use.name} (character {use.position + 1}): {use.reason}.",
            "Use a field of the lead instead." if volatile else "`mergecells formula functions` lists what there is.",
            site.path,
            offset=use.position,
        )


def _foreign(sites: FormulaSites, site: Site) -> Iterator[Finding]:
    dialect = sites.view.dialect
    other = "google" if dialect == "excel" else "excel"
    for use in _uses(site.text, dialect)[2]:
        instead = f"Use {use.instead}, or say" if use.instead else "Say"
        yield sites.view.finding(
            "formula.other-dialect",
            f"The formula of {site.label} uses {use.name} (character {use.position + 1}), which only {PROGRAMS[other]} "
            f"has: in {PROGRAMS[dialect]} the cell shows #NAME?.",
            f"{instead} `formulas: {{dialect: {other}}}` in mergecells.yaml if the workbook is for {PROGRAMS[other]}.",
            site.path,
            severity="warning",
            offset=use.position,
        )


def _circle(sites: FormulaSites, cycle: tuple[str, ...]) -> Finding:
    shown = " → ".join((*cycle, cycle[0]))
    message = f"The intermediate {cycle[0]} uses itself." if len(cycle) == 1 else f"These need one another: {shown}."
    return sites.view.finding("formula.circular", message, "Break the circle.", ("formulas", cycle[0]), key=True)
