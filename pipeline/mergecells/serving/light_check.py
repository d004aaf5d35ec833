"""The checks that a service runs itself before it trusts YAML: all that needs no outside program and no workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mergecells.domain.configset import ConfigSet, Document
from mergecells.domain.findings import Finding, sort_findings
from mergecells.transforms.call_check import check_calls_light
from mergecells.transforms.formula_check import check_formula_texts
from mergecells.transforms.formula_sites import FormulaSites, collect_sites
from mergecells.transforms.locate import Locator
from mergecells.transforms.reference_check import fitting_verticals
from mergecells.transforms.rule_check import check_rules, without_echoes
from mergecells.transforms.rule_view import RuleView, base_view, merged_views


def check_light(config: ConfigSet, documents: Mapping[str, Document]) -> list[Finding]:
    """Cross-row rules and formulas (syntax, names, functions, circles), for the base and every vertical."""
    locator = Locator(documents)
    merged = merged_views(config, locator, fitting_verticals(config))
    findings = check_rules(config, locator, merged=merged)
    findings += check_calls_light(config, locator)
    return sort_findings([*findings, *without_echoes(_check_formulas(config, base_view(config, locator), merged))])


def _check_formulas(config: ConfigSet, base: RuleView, merged: Sequence[RuleView]) -> Iterator[Finding]:
    fields, tables = config.rules.fields, config.rules.tables
    base_sites = collect_sites(base, fields, tables)
    wrong = list(check_formula_texts(base_sites))
    yield from wrong
    for view in merged:
        sites = collect_sites(view, fields, tables)
        yield from check_formula_texts(sites if wrong else _not_in(base_sites, sites))


def _not_in(base: FormulaSites, merged: FormulaSites) -> FormulaSites:
    """The sites of a vertical that a base without findings does not answer for: a formula that may use the same names
    is as good as it was there. A component's formula sees factors of its own, so it is always looked at."""
    if merged.known.keys() != base.known.keys():
        return merged
    good = {site.text for site in base.sites if site.kind != "component"}
    left = tuple(site for site in merged.sites if site.kind == "component" or site.text not in good)
    return replace(merged, sites=left)
