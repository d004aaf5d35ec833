"""A vertical's overrides laid over the base rules: null removes, a known key changes, a new key adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from mergecells.domain.errors import ConfigRejectedError
from mergecells.domain.findings import Finding
from mergecells.domain.scoring import Component, ComponentChange, Factor, FactorChange, Rules, Tier, Vertical

T = TypeVar("T")


def resolve_vertical(rules: Rules, vertical: Vertical) -> Rules:
    """The base rules with the overrides applied; the base itself where the vertical changes nothing.

    Kept keys stay in the base's order and new ones follow, save a new tier, which goes above the first lower one.
    Raises ConfigRejectedError when a new component or factor has no weight, a component is left without factors, or
    nothing is left of the tiers or components; removing what is not there is harmless.
    """
    changed: dict[str, Any] = {}
    if vertical.tiers:
        changed["tiers"] = _tiers(rules.tiers, vertical.tiers)
    if vertical.lists:
        changed["lists"] = _override(rules.lists, vertical.lists)
    if vertical.formulas:
        changed["formulas"] = _override(rules.formulas, vertical.formulas)
    if vertical.components:
        changed["components"] = _components(rules.components, vertical.components)
    for section in ("tiers", "components"):
        if section in changed and not changed[section]:
            raise _misfit(f"The vertical leaves no {section}.", "Keep or add at least one.")
    return rules.model_copy(update=changed) if changed else rules


def _override(base: Mapping[str, T], changes: Mapping[str, T | None]) -> dict[str, T]:
    merged: dict[str, T | None] = {**base, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _tiers(base: Mapping[str, Tier], changes: Mapping[str, Tier | None]) -> dict[str, Tier]:
    """Only new tiers are put in their place: a changed minimum that breaks the order must stay visible to the check."""
    kept = {name: tier for name, tier in _override(base, changes).items() if name in base}
    ordered = list(kept.items())
    for name, tier in changes.items():
        if tier is not None and name not in base:
            at = next((i for i, (_, other) in enumerate(ordered) if other.min < tier.min), len(ordered))
            ordered.insert(at, (name, tier))
    return dict(ordered)


def _components(base: Mapping[str, Component], changes: Mapping[str, ComponentChange | None]) -> dict[str, Component]:
    merged = dict(base)
    for name, change in changes.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = _component(name, base.get(name), change)
    return merged


def _component(name: str, base: Component | None, change: ComponentChange) -> Component:
    weight = change.weight if change.weight is not None or base is None else base.weight
    if weight is None:
        raise _misfit(f"The base rules have no component {name} to change.", "Give it a weight to add it.")
    factors = dict(base.factors) if base else {}
    for key, factor in change.factors.items():
        if factor is None:
            factors.pop(key, None)
        else:
            factors[key] = _factor(name, key, factors.get(key), factor)
    if not factors:
        raise _misfit(f"The vertical leaves no factors of {name}.", "Keep one, or remove the component with null.")
    return Component(
        weight=weight,
        description=_first(change.description, base.description if base else None, ""),
        formula=change.formula if change.formula is not None else (base.formula if base else None),
        factors=factors,
    )


def _factor(component: str, name: str, base: Factor | None, change: FactorChange) -> Factor:
    weight = change.weight if change.weight is not None or base is None else base.weight
    if weight is None:
        raise _misfit(f"The component {component} has no factor {name} to change.", "Give it a weight to add it.")
    return Factor(
        weight=weight,
        formula=change.formula if change.formula is not None else (base.formula if base else None),
        description=_first(change.description, base.description if base else None, ""),
    )


def _first(*texts: str | None) -> str:
    return next(text for text in texts if text is not None)


def _misfit(message: str, hint: str) -> ConfigRejectedError:
    return ConfigRejectedError(message, (Finding(code="rule.unknown-reference", message=message, hint=hint),), hint)
