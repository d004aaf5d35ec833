"""Rules that look at several rows of the scoring rules: weights that sum to 1, tiers in order.

Source of each rule: the contract's section on `scoring/rules.yaml`. A vertical's merged result keeps the same rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from mergecells.domain.configset import ConfigSet
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Component, Factor
from mergecells.transforms.locate import Locator
from mergecells.transforms.name_check import check_config_names, check_view_names
from mergecells.transforms.reference_check import check_references, check_view_references, fitting_verticals
from mergecells.transforms.rule_view import RuleView, base_view, merged_views
from mergecells.transforms.table_check import check_tables

WEIGHT_TOLERANCE = 0.005
# Sums of decimal fractions carry binary rounding: 0.335 + 0.66 must count as exactly 0.005 off.
_ROUNDING = 1e-9


def check_rules(
    config: ConfigSet,
    locator: Locator,
    incomplete: frozenset[DocumentPath] = frozenset(),
    merged: Sequence[RuleView] | None = None,
) -> list[Finding]:
    """Every broken cross-row rule of the base rules, of each vertical's merged rules, of fields and examples.

    `merged`: the verticals' rules, from a caller that has merged them already.
    """
    findings = [*check_config_names(config, locator), *check_references(config, locator)]
    findings += check_tables(config.rules.tables, locator)
    findings += _check_view(config, base_view(config, locator, incomplete))
    if not incomplete:
        views = merged_views(config, locator, fitting_verticals(config)) if merged is None else merged
        for view in views:
            findings += _check_view(config, view)
    return list(without_echoes(findings))


def _check_view(config: ConfigSet, view: RuleView) -> Iterator[Finding]:
    yield from _check_weights(view)
    yield from _check_tiers(view)
    yield from check_view_names(config, view)
    yield from check_view_references(config, view)


def without_echoes(findings: Iterable[Finding]) -> Iterator[Finding]:
    """A merged rule set repeats what is wrong in the base: each place and code is told once, the base's words first."""
    told: set[tuple[str, str | None, int | None, int | None]] = set()
    for finding in findings:
        place = (finding.code, finding.file, finding.line, finding.column)
        if finding.message.startswith("In vertical ") and place in told:
            continue
        told.add(place)
        yield finding


def _check_weights(view: RuleView) -> Iterator[Finding]:
    components = view.rules.components
    yield from _check_sum(view, ("components",), components, "component weights")
    for name, component in components.items():
        path = ("components", name, "factors")
        yield from _check_sum(view, path, component.factors, f"factor weights of {name}")


def _check_sum(
    view: RuleView, path: DocumentPath, parts: Mapping[str, Component] | Mapping[str, Factor], what: str
) -> Iterator[Finding]:
    total = math.fsum(part.weight for part in parts.values())
    if path in view.incomplete or abs(total - 1) <= WEIGHT_TOLERANCE + _ROUNDING:
        return
    missing = round(1 - total, 6)
    advice = f"Add {missing:g}" if missing > 0 else f"Take away {-missing:g}"
    yield view.finding(
        "rule.weight-sum",
        f"The {what} sum to {total:.6g}, not 1.",
        f"{advice} so that they sum to 1 (within {WEIGHT_TOLERANCE:g}).",
        path,
        key=True,
        block=tuple((*path, name, "weight") for name in parts),
    )


def _check_tiers(view: RuleView) -> Iterator[Finding]:
    if ("tiers",) in view.incomplete:
        return
    tiers = list(view.rules.tiers.items())
    for (above, higher), (below, lower) in pairwise(tiers):
        if lower.min >= higher.min:
            yield view.finding(
                "rule.tier-order",
                f"Tier {below} starts at {lower.min:g}, which is not below tier {above} above it ({higher.min:g}).",
                "List tiers from the best to the lowest, each with a smaller min.",
                ("tiers", below, "min"),
            )
    lowest_name, lowest = min(tiers, key=lambda item: item[1].min)
    if lowest.min != 0:
        yield view.finding(
            "rule.tier-missing",
            f"No tier covers scores below {lowest.min:g}.",
            f"Set the min of the lowest tier ({lowest_name}) to 0, or add a tier with min 0.",
            ("tiers", lowest_name, "min"),
        )
