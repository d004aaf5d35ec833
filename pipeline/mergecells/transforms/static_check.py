"""What a reviewer would want to know about formulas, without any lead: branches that nothing takes, types that do not
go together, factors that cannot reach what their weight promises, tiers that nobody can get.

Each is a warning: the rules run, but hardly as meant. Only what is certain is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Fields
from mergecells.formula.abstract import ARRAY, BOOLEAN, NUMBER
from mergecells.formula.parser import GOOGLE_WRAPPER
from mergecells.transforms.formula_analysis import AnalysisMemo, ViewAnalysis, analyse_view, score_bounds
from mergecells.transforms.formula_results import Result, failing_sites
from mergecells.transforms.formula_sites import FormulaSites, Site
from mergecells.transforms.range_witness import Observed, find_witness, may_leave
from mergecells.transforms.rule_check import WEIGHT_TOLERANCE

_NEARLY: float = 1e-9
_POINTS_NEARLY: float = 1e-6


def check_static(
    sites: FormulaSites, fields: Fields | None, results: Sequence[Result], observed: Observed, memo: AnalysisMemo
) -> Iterator[Finding]:
    """All static findings of one view. `results` are those for the leads that the config states; of a formula that
    has a finding for one of them only the causes are told."""
    analysis = analyse_view(sites, fields, memo)
    failing = failing_sites(results)
    inputs = {result.site.path: result.inputs for result in reversed(results)}
    for site in sites.sites:
        if site.path not in analysis.values:
            continue
        yield from _remarks(sites, site, analysis)
        if site in failing or site.kind == "intermediate":
            continue
        found = list(_bound(sites, site, analysis))
        yield from found
        if not found and site.kind == "factor" and may_leave(analysis, site, observed):
            witness = find_witness(analysis, site, inputs.get(site.path, {}), observed)
            if witness:
                yield _leaves(sites, site, witness)
    yield from _tiers(sites, analysis)


def _remarks(sites: FormulaSites, site: Site, analysis: ViewAnalysis) -> Iterator[Finding]:
    inner = GOOGLE_WRAPPER in site.text.upper()
    for remark in analysis.values[site.path].remarks:
        yield sites.view.finding(
            f"formula.{remark.kind}",
            f"In the formula of {site.label}: {remark.message}",
            remark.hint,
            site.path,
            severity="warning",
            offset=None if inner else remark.position,
        )


def _bound(sites: FormulaSites, site: Site, analysis: ViewAnalysis) -> Iterator[Finding]:
    """A factor or component that always gives the same, or never as much as its weight promises."""
    value = analysis.values[site.path].value
    points = _points(sites, site)
    if not value.kinds & (NUMBER | BOOLEAN) or value.kinds & ARRAY or not points:
        return
    shares = (
        analysis.components[site.key[0]] if site.kind == "component" else analysis.factors[site.key[0], site.key[1]]
    )
    low, high = shares
    if high - low <= _NEARLY:
        message = (
            f"The formula of {site.label} always gives {high:.6g}: it adds {high * points:.4g} points to every lead."
        )
        hint = "Let it depend on the lead, or take it out."
    elif high < 1 - _NEARLY and not _in_formula(sites, site):
        message = (
            f"The formula of {site.label} never exceeds {high:.6g}: at most {high * points:.4g} of the "
            f"{points:.4g} points that its weight promises."
        )
        hint = "Scale it so that the best lead gets 1, or lower the weight."
    else:
        return
    yield sites.view.finding("formula.bound", message, hint, site.path, severity="warning")


def _points(sites: FormulaSites, site: Site) -> float:
    component = sites.view.rules.components[site.key[0]]
    return 100 * component.weight * (component.factors[site.key[1]].weight if site.kind == "factor" else 1.0)


def _in_formula(sites: FormulaSites, site: Site) -> bool:
    """Whether a component's own formula decides what the factor counts for, and not its weight."""
    return site.kind == "factor" and sites.view.rules.components[site.key[0]].formula is not None


def _leaves(sites: FormulaSites, site: Site, witness: str) -> Finding:
    return sites.view.finding(
        "formula.bound",
        f"The formula of {site.label} can leave 0..1: {witness}.",
        "Cut it with MIN(1,…) and MAX(0,…); production does so and names the lead in its issues.",
        site.path,
        severity="warning",
    )


def _tiers(sites: FormulaSites, analysis: ViewAnalysis) -> Iterator[Finding]:
    view = sites.view
    if view.incomplete or not _weights_are_whole(sites):
        return
    low, high = score_bounds(analysis)
    tiers = sorted(view.rules.tiers.items(), key=lambda item: -item[1].min)
    found: list[tuple[str, str]] = []
    for name, tier in tiers:
        if tier.min > high + _POINTS_NEARLY:
            found.append(
                (name, f"the highest score that the rules can give is {high:.4g}, and it starts at {tier.min:g}")
            )
    for (above, higher), (name, _) in pairwise(tiers):
        if higher.min <= low - _POINTS_NEARLY:
            found.append(
                (name, f"the lowest score that the rules can give is {low:.4g}, and {above} starts at {higher.min:g}")
            )
    for name, why in found:
        path: DocumentPath = ("tiers", name, "min")
        hint = "Move the limits of the tiers, or change what the factors can give."
        yield view.finding(
            "rule.tier-unreachable", f"No lead can get tier {name}: {why}.", hint, path, severity="warning"
        )


def _weights_are_whole(sites: FormulaSites) -> bool:
    """With weights that do not sum to 1 every bound of the score is off; that has its own finding."""
    components = sites.view.rules.components.values()
    groups = [[part.weight for part in components], *([f.weight for f in part.factors.values()] for part in components)]
    return all(abs(math.fsum(weights) - 1) <= WEIGHT_TOLERANCE + _NEARLY for weights in groups)
