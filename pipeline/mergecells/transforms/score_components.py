"""The components' points as one generated function: the part of scoring that runs for every factor of every lead.

The source holds nothing of the user's: formulas, weights and names are parameters, so rules of one shape (how many
factors each component has, which of them have a formula) share one code object, and a reload that changes formulas or
weights compiles nothing here. One function for all, because Python speeds up a call whose target stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from mergecells.formula import Value
from mergecells.transforms.score_values import share, share_of_field

if TYPE_CHECKING:
    from mergecells.transforms.score_program import ComponentProgram

Points: TypeAlias = Callable[[Mapping[str, Value], float, list[str]], float]
"""One component's points from a lead's values, the date's serial number, and the list that issues are appended to."""
AllPoints: TypeAlias = Callable[[Mapping[str, Value], float, list[str]], dict[str, float]]

_MOST: Final = 200
"""Factors up to which a function is generated: Python's compiler takes 0.1 ms for each, holding every other thread."""

_FORMULA: Final = "(r if type(r := f{i}(N, D)) is float and 0.0 <= r <= 1.0 else odd(r, l{i}, I))"
_FIELD: Final = "(0.0 if (r := N.get(k{i})) is None or r is False else 1.0 if r is True else field(r))"
_ROUNDED: Final = (
    "w / 1e9 if 0.0 < p{i} < 1e4 and -0.49 < (s := p{i} * 1e9) - (w := int(s + 0.5)) < 0.49 else round(p{i}, 9)"
)
"""As `score_values.without_noise`, in half its time: away from a tie the nearest whole number is the right one, and the
quotient of two exact numbers is the float nearest to the decimal."""

_Shape: TypeAlias = "tuple[tuple[bool, ...] | None, ...]"
"""For each component, which factors have a formula; None where the component has one itself."""


def compile_points(
    components: Sequence[ComponentProgram], own: Callable[[ComponentProgram], Points]
) -> AllPoints | None:
    """The points of each component by its name, free of noise; None for too many factors.

    `own` gives the function of a component with a formula.
    """
    if sum(len(component.factors) for component in components) > _MOST or len(components) > _MOST:
        return None
    shape = tuple(
        None if part.compute else tuple(factor.compute is not None for factor in part.factors) for part in components
    )
    defaults: list[Any] = []
    for component in components:
        if component.compute is not None:
            defaults += (component.name, own(component))
            continue
        defaults += (component.name, component.points)
        for factor in component.factors:
            defaults += (factor.weight, factor.compute, factor.label) if factor.compute else (factor.weight, factor.key)
    return cast(AllPoints, FunctionType(_template(shape).__code__, _GLOBALS, "points", tuple(defaults)))


@lru_cache(maxsize=256)
def _template(shape: _Shape) -> FunctionType:
    parameters, lines, results, count = ["N", "D", "I"], [], [], 0
    for place, factors in enumerate(shape):
        parameters += (f"n{place}", f"c{place}")
        if factors is None:
            lines.append(f" p{place} = c{place}(N, D, I)\n")
            results.append(f"n{place}: p{place}")
            continue
        terms = ["0.0"]
        for has_formula in factors:
            parameters += (f"w{count}", f"f{count}", f"l{count}") if has_formula else (f"w{count}", f"k{count}")
            terms.append(f"w{count} * {(_FORMULA if has_formula else _FIELD).format(i=count)}")
            count += 1
        lines.append(f" p{place} = c{place} * ({' + '.join(terms)})\n")
        results.append(f"n{place}: {_ROUNDED.format(i=place)}")
    source = f"def points({', '.join(parameters)}):\n{''.join(lines)} return {{{', '.join(results)}}}\n"
    scope: dict[str, Any] = {}
    exec(compile(source, "<components>", "exec"), _GLOBALS, scope)  # noqa: S102
    return cast(FunctionType, scope["points"])


def _odd(result: Value, label: str, issues: list[str]) -> float:
    value, odd = share(result)
    if odd:
        issues.append(f"{label} {odd}")
    return value


_GLOBALS: Final[dict[str, Any]] = {
    "__builtins__": {"type": type, "float": float, "int": int, "round": round},
    "odd": _odd,
    "field": share_of_field,
}
