"""What is stated and never counts: names that nothing uses, weights of 0, entries that stand twice in a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mergecells.domain.configset import FIELDS_FILE, RULES_FILE, ConfigSet, table_file, vertical_file
from mergecells.domain.findings import Finding
from mergecells.transforms.formula_sites import FormulaSites, lower_names
from mergecells.transforms.locate import Locator
from mergecells.transforms.lookup_tables import table_names
from mergecells.transforms.rule_view import RuleView

UNUSED = "rule.unused"


def check_unused(config: ConfigSet, locator: Locator, views: Sequence[FormulaSites]) -> Iterator[Finding]:
    """Fields, tables, lists and intermediates that no formula of base or verticals names; weights that never count."""
    used = {name for sites in views for name in _used(sites)}
    rules = config.rules
    if rules.fields:
        outcome = config.manifest.impact.outcome if config.manifest.impact else None
        for name, field in rules.fields.fields.items():
            if name.lower() not in used and (field.column or name) != outcome:
                message = f"No formula and no factor uses the field {name}."
                hint = "Use it in a factor, or remove it."
                at = (FIELDS_FILE, ("fields", name))
                yield locator.finding(UNUSED, message, hint, at, key=True, severity="warning")
    for name, table in rules.tables.items():
        if used.isdisjoint(each.lower() for each in table_names({name: table})):
            message, hint = f"No formula uses the table {name}.", "Look values up in it, or remove the file."
            yield locator.finding(UNUSED, message, hint, (table_file(name), ("columns",)), key=True, severity="warning")
    for sites in views:
        yield from _unused_names(sites.view, used)
        yield from _weightless(sites)


def _used(sites: FormulaSites) -> Iterator[str]:
    """Names that formulas use; a factor without a formula uses the field of its name. A name that stands for a factor
    in a component's formula is that factor's."""
    components = sites.view.rules.components
    for site in sites.sites:
        own = {name.lower() for name in components[site.key[0]].factors} if site.kind == "component" else set()
        yield from lower_names(site) - own
    for body in components.values():
        for name, factor in body.factors.items():
            if factor.formula is None:
                yield name.lower()


def _unused_names(view: RuleView, used: set[str]) -> Iterator[Finding]:
    for section, kind, names in (
        ("lists", "list", view.rules.lists),
        ("formulas", "intermediate", view.rules.formulas),
    ):
        for name in names:
            if name.lower() not in used:
                message, hint = f"No formula uses the {kind} {name}.", "Use it, or remove it."
                yield view.finding(UNUSED, message, hint, (section, name), key=True, severity="warning")


def _weightless(sites: FormulaSites) -> Iterator[Finding]:
    """Components and factors that never count: a weight of 0, or a component's formula that leaves a factor out."""
    view = sites.view
    named = {site.key[0]: lower_names(site) for site in sites.sites if site.kind == "component" and site.formula}
    for component, body in view.rules.components.items():
        path = ("components", component)
        if body.weight == 0:
            message = f"The component {component} has the weight 0, so it never counts."
            yield view.finding(
                "rule.zero-weight", message, "Give it a weight, or remove it.", (*path, "weight"), severity="warning"
            )
        for factor, stated in body.factors.items():
            at = (*path, "factors", factor)
            if body.formula is None and stated.weight == 0:
                message = f"The factor {factor} of {component} has the weight 0, so it never counts."
                yield view.finding(
                    "rule.zero-weight", message, "Give it a weight, or remove it.", (*at, "weight"), severity="warning"
                )
            if component in named and factor.lower() not in named[component]:
                message = f"The formula of {component} does not use its factor {factor}, so the factor never counts."
                yield view.finding(UNUSED, message, "Use it there, or remove it.", at, key=True, severity="warning")


def check_duplicate_entries(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """List entries that differ in case only: formulas compare without case, so the second says nothing."""
    lists = {(RULES_FILE, name): entries for name, entries in config.rules.rules.lists.items()}
    for vertical, body in config.rules.verticals.items():
        lists |= {
            (vertical_file(vertical), name): entries for name, entries in body.lists.items() if entries is not None
        }
    for (file, name), entries in lists.items():
        seen: dict[object, str | float | bool] = {}
        for index, entry in enumerate(entries):
            folded = (type(entry) is bool, entry.lower() if isinstance(entry, str) else entry)
            if folded in seen:
                message = f"The list {name} holds {entry} twice" + (
                    "." if entry == seen[folded] else f": as {seen[folded]}."
                )
                hint = "Remove one; formulas compare without regard to case."
                at = (file, ("lists", name, index))
                yield locator.finding("rule.duplicate-entry", message, hint, at, severity="warning")
            seen.setdefault(folded, entry)
