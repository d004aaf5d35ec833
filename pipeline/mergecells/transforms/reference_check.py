"""What names another thing must name one that exists: fields, tiers, verticals, and what a vertical overrides.

Also the values of the lead: a sample or an example's value has the type that its field states.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Iterator, Mapping

from mergecells.domain.configset import EXAMPLES_FILE, FIELDS_FILE, ConfigSet, vertical_file
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.manifest import MANIFEST_NAME
from mergecells.domain.scoring import ComponentChange, Example, Examples, Fields, LeadField, Rules, Vertical
from mergecells.transforms.locate import Locator
from mergecells.transforms.rule_view import RuleView

UNKNOWN = "rule.unknown-reference"


def suggestion(name: str, known: Iterable[str]) -> str:
    """`Did you mean X?` for the closest known name, or what there is to choose from."""
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"Did you mean {lowered[close[0]]}?"
    shown = ", ".join(sorted(names)[:8])
    return f"Known here: {shown}{', …' if len(names) > 8 else ''}." if names else "None is defined."


def fitting_verticals(config: ConfigSet) -> list[str]:
    """The verticals whose overrides fit the base rules, so that there is a merged result to check."""
    rules = config.rules.rules
    return [name for name, vertical in config.rules.verticals.items() if not any(_misfits(rules, vertical))]


def check_references(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    """Verticals against the base rules; examples and samples against fields, tiers and verticals."""
    for name, vertical in config.rules.verticals.items():
        for path, message, hint in _misfits(config.rules.rules, vertical):
            yield locator.finding(UNKNOWN, message, hint, (vertical_file(name), path), key=True)
    if config.rules.fields:
        yield from check_samples(config.rules.fields, locator)
    at = (MANIFEST_NAME, ("checks", "evaluation_date"))
    yield from _check_date(locator, at, config.manifest.checks.evaluation_date)
    if config.rules.examples:
        yield from check_example_date(config.rules.examples, locator)
    yield from _check_examples(config, locator)


def check_samples(fields: Fields, locator: Locator, file: str = FIELDS_FILE) -> Iterator[Finding]:
    """The sample lead's values have the types of their fields."""
    for name, field in fields.fields.items():
        yield from _check_value(locator, (file, ("fields", name, "sample")), name, field, field.sample)


def check_example_date(examples: Examples, locator: Locator, file: str = EXAMPLES_FILE) -> Iterator[Finding]:
    """The examples' evaluation date exists."""
    yield from _check_date(locator, (file, ("date",)), examples.date)


def check_view_references(config: ConfigSet, view: RuleView) -> Iterator[Finding]:
    """A factor without a formula takes the field of its name; without fields.yaml that cannot be judged."""
    if not config.rules.fields:
        return
    fields = config.rules.fields.fields
    known = {name.lower() for name in fields}
    for component, body in view.rules.components.items():
        for name, factor in body.factors.items():
            if factor.formula is None and name.lower() not in known:
                yield view.finding(
                    UNKNOWN,
                    f"The factor {name} of {component} has no formula, and no field has its name.",
                    f"Give it a formula, or add the field to {FIELDS_FILE}. {suggestion(name, fields)}",
                    ("components", component, "factors", name),
                    key=True,
                )


Misfit = tuple[DocumentPath, str, str]
"""Path in the vertical's file, message, hint."""


def _misfits(rules: Rules, vertical: Vertical) -> Iterator[Misfit]:
    for section, there, changes in (
        ("tiers", rules.tiers, vertical.tiers),
        ("lists", rules.lists, vertical.lists),
        ("formulas", rules.formulas, vertical.formulas),
    ):
        for name, change in changes.items():
            if change is None and name not in there:
                yield _removes_nothing((section, name), section.removesuffix("s"), name, there)
    for name, component in vertical.components.items():
        yield from _component_misfits(rules, name, component)
    for section, total, all_changes in (
        ("tiers", rules.tiers, vertical.tiers),
        ("components", rules.components, vertical.components),
    ):
        yield from _empties((section,), section, total, all_changes)


def _component_misfits(rules: Rules, name: str, change: ComponentChange | None) -> Iterator[Misfit]:
    path = ("components", name)
    base = rules.components.get(name)
    if change is None:
        if base is None:
            yield _removes_nothing(path, "component", name, rules.components)
        return
    if base is None and change.weight is None:
        hint = f"Give it a weight to add it. {suggestion(name, rules.components)}"
        yield path, f"The base rules have no component {name} to change.", hint
        return
    there = base.factors if base else {}
    for factor, body in change.factors.items():
        if factor in there:
            continue
        at = (*path, "factors", factor)
        if body is None:
            yield _removes_nothing(at, f"factor of {name}", factor, there)
        elif body.weight is None:
            hint = f"Give it a weight to add it. {suggestion(factor, there)}"
            yield at, f"The component {name} has no factor {factor} to change.", hint
    yield from _empties(path, f"factors of {name}", there, change.factors)


def _removes_nothing(path: DocumentPath, kind: str, name: str, there: Iterable[str]) -> Misfit:
    return path, f"There is no {kind} {name} to remove.", suggestion(name, there)


def _empties(
    path: DocumentPath, what: str, there: Mapping[str, object], changes: Mapping[str, object | None]
) -> Iterator[Misfit]:
    left = {name for name in there if name not in changes} | {n for n, change in changes.items() if change is not None}
    if not left:
        yield path, f"The vertical leaves no {what}.", "Keep or add at least one."


def _check_examples(config: ConfigSet, locator: Locator) -> Iterator[Finding]:
    if not config.rules.examples:
        return
    fitting = frozenset(fitting_verticals(config))
    fields = config.rules.fields
    by_name = {key.lower(): (key, field) for key, field in fields.fields.items()} if fields else {}
    for name, example in config.rules.examples.examples.items():
        path = ("examples", name)
        verticals = config.rules.verticals
        if example.vertical is not None and example.vertical not in verticals:
            message = f"The example {name} names the vertical {example.vertical}, which does not exist."
            at = (EXAMPLES_FILE, (*path, "vertical"))
            yield locator.finding(UNKNOWN, message, suggestion(example.vertical, verticals), at)
        elif example.vertical is None or example.vertical in fitting:
            yield from _check_example_tier(config, locator, name, example)
        if fields:
            yield from _check_example_lead(by_name, locator, name, example)


def _check_example_tier(config: ConfigSet, locator: Locator, name: str, example: Example) -> Iterator[Finding]:
    # The tiers alone: merging a whole vertical for each of its examples was half the time of all checks here.
    changes = config.rules.verticals[example.vertical].tiers if example.vertical is not None else {}
    tiers = [tier for tier, body in {**config.rules.rules.tiers, **changes}.items() if body is not None]
    if example.tier not in tiers:
        message = f"The example {name} expects the tier {example.tier}, which does not exist."
        at = (EXAMPLES_FILE, ("examples", name, "tier"))
        yield locator.finding(UNKNOWN, message, suggestion(example.tier, tiers), at)


def _check_example_lead(
    fields: Mapping[str, tuple[str, LeadField]], locator: Locator, name: str, example: Example
) -> Iterator[Finding]:
    """`fields`: those of the lead with their names, by these in lower case."""
    for key, value in example.lead.items():
        at = (EXAMPLES_FILE, ("examples", name, "lead", key))
        known = fields.get(key.lower())
        if known is None:
            message = f"The example {name} sets {key}, which is not a field of the lead."
            hint = suggestion(key, [written for written, _ in fields.values()])
            yield locator.finding(UNKNOWN, message, hint, at, key=True)
        else:
            yield from _check_value(locator, at, key, known[1], value)


def _check_value(
    locator: Locator, at: tuple[str, DocumentPath], name: str, field: LeadField, value: float | bool | str | None
) -> Iterator[Finding]:
    if value is None or _fits(field, value):
        return
    yield locator.finding(
        "rule.field-type",
        f"{name} is a field of type {field.type}, and {value!r} is not one.",
        "Write a date as YYYY-MM-DD." if field.type == "date" else "Change the value, or the field's type.",
        at,
    )


def _fits(field: LeadField, value: float | bool | str) -> bool:
    if field.type == "boolean":
        return isinstance(value, bool)
    if field.type == "number":
        return not isinstance(value, bool | str)
    return isinstance(value, str) and (field.type == "text" or is_date(value))


def is_date(text: str) -> bool:
    """True for a date that exists, written as YYYY-MM-DD."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_date(locator: Locator, at: tuple[str, DocumentPath], text: str | None) -> Iterator[Finding]:
    if text is not None and not is_date(text):
        yield locator.finding("rule.invalid-date", f"There is no date {text}.", "Write it as YYYY-MM-DD.", at)
