"""Explanation → plain text for a terminal: the largest first, a bar for each, the formula and its place below."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.explanation import (
    ComponentExplanation,
    Explanation,
    FactorExplanation,
    FormulaUse,
    ShownValue,
    SourcePlace,
    TierExplanation,
)
from mergecells.domain.revision import short
from mergecells.transforms.markdown_escape import visible

_BAR = 20
_LONGEST_FORMULA = 400
_LONGEST_VALUE = 60
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render_explanation_text(explanation: Explanation, title: str = "", colour: bool = False) -> str:
    """`title` says which lead it is. Everything that comes from cells is spelled out where it is not printable."""
    lines = [*_head(explanation, title, colour)]
    for component in sorted(explanation.components, key=lambda one: -one.points):
        lines += ["", *_component(component, colour)]
    if explanation.intermediates:
        lines += ["", _bold("Intermediate values", colour)]
        for one in explanation.intermediates:
            lines.append(f"  {visible(one.name)} = {value_text(one.formula.result)}")
            lines += _formula(one.formula, colour, shown_result=False)
    if explanation.issues:
        lines += ["", _bold("Issues", colour), *(f"  {visible(issue)}" for issue in explanation.issues)]
    return "\n".join([*lines, "", _dim("Cells are those of the workbook as `mergecells fill` lays it out.", colour)])


def _head(explanation: Explanation, title: str, colour: bool) -> Iterator[str]:
    where = f", vertical {visible(explanation.vertical)}" if explanation.vertical else ""
    tier = explanation.tier
    head = f"{visible(title)}: " if title else ""
    yield _bold(f"{head}{explanation.score:.2f} points, tier {_tier_name(tier)}", colour)
    yield f"at {short(explanation.revision)}, as of {explanation.date}{where}"
    above = explanation.next_tier
    if above is None:
        yield "It is the best tier."
    else:
        yield f"Tier {_tier_name(above)} starts at {above.min:g}: {above.points_missing:.2f} points are missing."
        chances = _chances(explanation)
        if chances:
            yield "Most to gain: " + ", ".join(f"{visible(name)} {points:+.2f}" for name, points in chances)


def _tier_name(tier: TierExplanation) -> str:
    """`A`, or `B “Call this week.”`: a label that repeats the name says nothing."""
    label = tier.label if tier.label != tier.name else tier.description
    return f"{visible(tier.name)} “{visible(label, _LONGEST_VALUE)}”" if label else visible(tier.name)


def _chances(explanation: Explanation) -> list[tuple[str, float]]:
    """Where the most points are left, the largest first."""
    left = [
        (f"{component.name}.{factor.name}", factor.max_points - factor.points)
        for component in explanation.components
        for factor in component.factors
        if factor.max_points is not None and factor.points is not None
    ]
    left += [(one.name, one.max_points - one.points) for one in explanation.components if one.formula is not None]
    return [chance for chance in sorted(left, key=lambda one: -one[1])[:3] if chance[1] >= 0.005]


def _component(component: ComponentExplanation, colour: bool) -> Iterator[str]:
    name = visible(component.name)
    share = "" if component.share is None else f"  {component.share:.0%} of the score"
    bar = _bar(component.points, component.max_points)
    head = f"{name:<28} {bar} {component.points:6.2f} of {component.max_points:5.2f}{share}"
    yield _bold(head, colour)
    yield _dim(f"  weight {component.weight:g}{_at(component.weight_place)}", colour)
    if component.formula is not None:
        yield from _formula(component.formula, colour)
        if component.method == "shapley":
            yield _dim("    its factors' points are Shapley values: the formula does not add them up", colour)
            if component.own_points:
                yield f"  {'(with all factors 0)':<26} {' ' * _BAR} {component.own_points:6.2f}"
    for factor in sorted(component.factors, key=lambda one: -(one.points or 0.0)):
        yield from _factor(factor, component, colour)


def _factor(factor: FactorExplanation, component: ComponentExplanation, colour: bool) -> Iterator[str]:
    name, most = visible(factor.name), factor.max_points
    points = f"{factor.points:6.2f}" if factor.points is not None else " " * 6
    of = f" of {most:5.2f}" if most is not None else " " * 9
    bar = _bar(factor.points or 0.0, most if most is not None else component.max_points)
    weight = f" × weight {factor.weight:g}" if component.formula is None else ""
    yield f"  {name:<26} {bar} {points}{of}  value {factor.value:.4g}{weight}"
    if factor.formula is not None:
        yield from _formula(factor.formula, colour)
    else:
        shown = value_text(factor.field) if factor.field else "blank"
        yield _dim(f"    the lead's {name} = {shown}; weight{_at(factor.weight_place)}", colour)


def _formula(formula: FormulaUse, colour: bool, *, shown_result: bool = True) -> Iterator[str]:
    result = f"  → {value_text(formula.result)}" if shown_result else ""
    yield _dim(f"    {visible(formula.text, _LONGEST_FORMULA)}{result}", colour)
    told = [f"{visible(one.name)} = {value_text(one.value)}" for one in formula.inputs]
    if told:
        yield _dim(f"    {', '.join(told)}", colour)
    if formula.place is not None:
        yield _dim(f"   {_at(formula.place)}", colour)


def value_text(value: ShownValue) -> str:
    """`12`, `"Software"`, `TRUE`, `2024-02-29`, `blank`, `#N/A`, `5 values`."""
    if value.kind == "blank" or value.value is None:
        return "blank"
    if value.kind == "text":
        return f'"{visible(str(value.value), _LONGEST_VALUE)}"'
    if value.kind == "boolean":
        return str(value.value).upper()
    return f"{value.value:.10g}" if value.kind == "number" else str(value.value)


def _at(place: SourcePlace | None) -> str:
    if place is None:
        return ""
    whose = f", of vertical {visible(place.vertical)}" if place.vertical else ""
    return f" {visible(str(place))}{whose}"


def _bar(points: float, most: float) -> str:
    full = round(min(max(points / most if most else 0.0, 0.0), 1.0) * _BAR)
    return "█" * full + "░" * (_BAR - full)


def _bold(text: str, colour: bool) -> str:
    return f"{_BOLD}{text}{_OFF}" if colour else text


def _dim(text: str, colour: bool) -> str:
    return f"{_DIM}{text}{_OFF}" if colour else text
