"""The checks that a service runs itself before it trusts YAML: all that needs no outside program and no workbook."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.domain.configset import ConfigSet, Document
from mergecells.domain.findings import Finding, sort_findings
from mergecells.transforms.formula_check import check_formula_texts
from mergecells.transforms.formula_sites import collect_sites
from mergecells.transforms.locate import Locator
from mergecells.transforms.reference_check import fitting_verticals
from mergecells.transforms.rule_check import check_rules, without_echoes
from mergecells.transforms.rule_view import base_view, merged_views


def check_light(config: ConfigSet, documents: Mapping[str, Document]) -> list[Finding]:
    """Cross-row rules and formulas (syntax, names, functions, circles), for the base and every vertical."""
    locator = Locator(documents)
    findings = check_rules(config, locator)
    views = [base_view(config, locator), *merged_views(config, locator, fitting_verticals(config))]
    formulas = [finding for view in views for finding in check_formula_texts(collect_sites(view, config.rules.fields))]
    return sort_findings([*findings, *without_echoes(formulas)])
