"""Names: no two that a formula could not tell apart, and none that a spreadsheet reads as something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, ConfigSet, table_file, vertical_file
from mergecells.domain.findings import Finding, Severity
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import Fields
from mergecells.formula import FUNCTIONS
from mergecells.formula.tokens import is_cell_address
from mergecells.transforms.locate import Locator
from mergecells.transforms.lookup_tables import column_name
from mergecells.transforms.rule_view import RuleView

_R1C1 = re.compile(r"(?:[Rr][0-9]*)?(?:[Cc][0-9]*)?\Z")


def unusable_name(name: str) -> str | None:
    """What a spreadsheet takes `name` for instead of a defined name, None when it is usable."""
    if name.upper() in ("TRUE", "FALSE"):
        return "the value " + name.upper()
    if _R1C1.match(name):
        return "a cell in R1C1 notation"
    return f"the cell {name.upper()}" if is_cell_address(name) else None


def check_config_names(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """Fields, examples, lookup tables and verticals: the names that are the same in every merged rule set."""
    if config.rules.fields:
        yield from check_field_names(config.rules.fields, locator)
    if config.rules.examples:
        yield from _same_but_for_case(locator, EXAMPLES_FILE, ("examples",), config.rules.examples.examples, "example")
    yield from _check_tab_names(config, locator)
    yield from _check_table_names(config, locator)


def check_field_names(fields: Fields, locator: Locator, file: str = FIELDS_FILE) -> Iterator[Finding]:
    """The fields of the lead become defined names."""
    yield from _same_but_for_case(locator, file, ("fields",), fields.fields, "field")
    for name in fields.fields:
        yield from _check_usable(locator, (file, ("fields", name)), name, "field")


def check_view_names(config: ConfigSet, view: RuleView) -> Iterator[Finding]:
    """Tiers, components, factors, intermediates and lists of one rule set."""
    rules = view.rules
    for section, kind, names in (
        ("tiers", "tier", rules.tiers),
        ("components", "component", rules.components),
        ("formulas", "intermediate", rules.formulas),
        ("lists", "list", rules.lists),
    ):
        yield from _twins_in_view(view, (section,), names, kind)
    for component, body in rules.components.items():
        yield from _twins_in_view(view, ("components", component, "factors"), body.factors, f"factor of {component}")
        if body.formula:
            for factor in body.factors:
                path = ("components", component, "factors", factor)
                yield from _check_usable(view.locator, view.at(path), factor, "factor")
    for section, kind, used in (("formulas", "intermediate", rules.formulas), ("lists", "list", rules.lists)):
        for name in used:
            yield from _check_usable(view.locator, view.at((section, name)), name, kind)
    yield from _check_shared_namespace(config, view)


def _check_shared_namespace(config: ConfigSet, view: RuleView) -> Iterator[Finding]:
    """Fields, intermediates, lists and tables become defined names of one workbook, so they share one namespace.

    A factor may have the name of a field: that is how a factor without a formula takes the field's value.
    """
    taken = {name.lower(): what for name, _, what in _table_names(config)}
    taken |= {name.lower(): f"field {name}" for name in (config.rules.fields.fields if config.rules.fields else ())}
    for section, kind, names in (
        ("formulas", "intermediate", view.rules.formulas),
        ("lists", "list", view.rules.lists),
    ):
        for name in names:
            other = taken.get(name.lower())
            if other and not other.startswith(kind):
                yield view.finding(
                    "rule.duplicate-name",
                    f"The {kind} {name} has the name of the {other}; a formula could mean either.",
                    "Rename one of them.",
                    (section, name),
                    key=True,
                )
            taken.setdefault(name.lower(), f"{kind} {name}")


def _twins_in_view(view: RuleView, path: DocumentPath, names: Iterable[str], kind: str) -> Iterator[Finding]:
    for name, first in _twins(names):
        message, hint = _twin_words(kind, name, first)
        yield view.finding("rule.duplicate-name", message, hint, (*path, name), key=True)


def _same_but_for_case(
    locator: Locator, file: str, path: DocumentPath, names: Iterable[str], kind: str
) -> Iterator[Finding]:
    for name, first in _twins(names):
        message, hint = _twin_words(kind, name, first)
        yield locator.finding("rule.duplicate-name", message, hint, (file, (*path, name)), key=True)


def _twins(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name that repeats an earlier one but for upper and lower case, with that earlier one."""
    first_of: dict[str, str] = {}
    for name in names:
        first = first_of.setdefault(name.casefold(), name)
        if first != name:
            yield name, first


def _twin_words(kind: str, name: str, first: str) -> tuple[str, str]:
    return (
        f"The {kind} {name} differs from {first} only in upper and lower case.",
        "Spreadsheets do not tell such names apart: rename one of them.",
    )


def _check_usable(locator: Locator, at: tuple[str, DocumentPath], name: str, kind: str) -> Iterator[Finding]:
    reading = unusable_name(name)
    severity: Severity = "error"
    if not reading and name.upper() in FUNCTIONS:
        reading, severity = f"the function {name.upper()}", "warning"
    if reading:
        yield locator.finding(
            "rule.bad-name",
            f"The {kind} {name} has a name that a spreadsheet reads as {reading}.",
            f"Rename it, to {name}_value for instance.",
            at,
            key=True,
            severity=severity,
        )


def _check_tab_names(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """Every table and vertical gets a tab of its own; the reader has refused the names of built-in tabs already."""
    taken = {tab.tab.lower(): f"the tab {tab.tab} of the manifest" for tab in config.manifest.tabs}
    files = [(f"the lookup table {name}", name, table_file(name)) for name in config.rules.tables]
    files += [(f"the vertical {name}", name, vertical_file(name)) for name in config.rules.verticals]
    for what, name, file in files:
        other = taken.setdefault(name.lower(), what)
        if other != what:
            message = f"{what[:1].upper()}{what[1:]} and {other} would have the same tab."
            yield locator.finding("rule.duplicate-name", message, "Rename one of them.", (file, ()))


def _check_table_names(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """A table and its columns become defined names: none may be that of a field, or of another table's column."""
    for name in config.rules.tables:
        yield from _check_usable(locator, (table_file(name), ()), name, "lookup table")
    fields = config.rules.fields.fields if config.rules.fields else {}
    taken = {name.lower(): f"field {name}" for name in fields}
    for used, at, what in _table_names(config):
        other = taken.setdefault(used.lower(), what)
        if other != what:
            message = f"Formulas would call the {what} {used}, which is the name of the {other}, too."
            yield locator.finding("rule.duplicate-name", message, "Rename one of them.", at, key=True)


def _table_names(config: ConfigSet) -> Iterator[tuple[str, tuple[str, DocumentPath], str]]:
    """Each name of a lookup table, the place that gives rise to it, and what it names."""
    for name, table in config.rules.tables.items():
        yield name, (table_file(name), ()), f"lookup table {name}"
        for column in table.columns:
            at = (table_file(name), ("columns", column))
            yield column_name(name, column), at, f"column {column} of the lookup table {name}"
