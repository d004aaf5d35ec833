"""What xlcalculator 0.5 is asked, and when its answer counts. The one place that knows its weaknesses.

It is one independent engine where it is able, never the only one. It reads blanks and error values as it likes, takes
TRUE for a number, compares texts with numbers in its own order, and knows neither IFERROR nor inline arrays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mergecells.domain.locations import column_letters
from mergecells.formula import Array, ErrorValue, Value, evaluate, functions_used, names_used
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    ErrorLiteral,
    Formula,
    Node,
    Number,
    Omitted,
    Percent,
    Text,
    walk,
)
from mergecells.transforms.formula_engines import Calculation
from mergecells.transforms.formula_results import Result

COUNTS = ""
_MISSING = "xlcalculator does not have it"

FUNCTION_SUPPORT: Mapping[str, str] = {}
"""Function → "" when xlcalculator's answer counts, else why it does not. A function not listed does not count."""

_PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*\Z|\Z")
_ARITHMETIC = frozenset("+-*/^")
_COMPARISONS = frozenset(("=", "<>", "<", ">", "<=", ">="))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A result's formula in the form that xlcalculator can read."""

    calculation: Calculation


def rewrite(result: Result) -> Rewritten | str:
    """The calculation to ask for, or why the engine is not asked."""
    formula = result.site.formula
    assert formula
    reason = _refusal(formula, result.inputs, result.value)
    if reason:
        return reason
    cells: list[tuple[str, float | str | bool]] = []
    replacements: list[tuple[int, int, str]] = []
    places: dict[str, str] = {}
    for name, start, end in names_used(formula):
        key = name.lower()
        if key not in places:
            places[key] = _place(cells, len(places) + 1, result.inputs[key])
        replacements.append((start, end, places[key]))
    for node in walk(formula.root):
        if isinstance(node, Text) and not _PLAIN_TEXT.match(node.value):
            # Texts with `:`, `!` or `%` in a formula break the loading of the whole workbook; in a cell they are data.
            place = _place(cells, len(places) + 1, node.value)
            places[f'"{node.start}'] = place
            replacements.append((node.start, node.end, place))
    return Rewritten(Calculation(_splice(formula.text, replacements), tuple(cells)))


def _refusal(formula: Formula, inputs: Mapping[str, Value], value: Value) -> str:
    for name, _, _ in functions_used(formula):
        reason = FUNCTION_SUPPORT.get(name.upper(), _MISSING)
        if reason:
            return f"{name.upper()}: {reason}"
    for node in walk(formula.root):
        if isinstance(node, ArrayLiteral | ErrorLiteral | Omitted):
            return "an inline array, an error value or an argument left out"
        if isinstance(node, Percent) and not isinstance(node.operand, Number):
            return "a percent sign after anything but a number"
    if isinstance(value, ErrorValue | Array):
        return "an error value or array as the result"
    return next((reason for item in inputs.values() if (reason := _refused_input(item))), "")


def _refused_input(value: Value) -> str:
    if value is None or value == "":
        return "a blank input"
    if isinstance(value, ErrorValue):
        return "an error value as an input"
    if isinstance(value, str) and value.startswith("="):
        return "an input that reads like a formula"
    if isinstance(value, Array):
        return next((reason for item in value.cells if (reason := _refused_input(item))), "")
    return ""


def _place(cells: list[tuple[str, float | str | bool]], column: int, value: Value) -> str:
    """Put a value (a list as a block) into its own column; the address that stands for it."""
    letters = column_letters(column)
    items = value.cells if isinstance(value, Array) else (value,)
    for row, item in enumerate(items, start=1):
        assert isinstance(item, float | int | str)
        cells.append((f"{letters}{row}", item))
    return f"{letters}1:{letters}{len(items)}" if isinstance(value, Array) else f"{letters}1"


def _splice(text: str, replacements: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(replacements, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def known_weakness(result: Result) -> str:
    """Why a different answer of the engine does not count: an operation on it that the engine is known to get wrong."""
    formula = result.site.formula
    assert formula
    for node in walk(formula.root):
        if isinstance(node, Binary):
            reason = _weak_operation(node, list(_operands(node, result)))
            if reason:
                return reason
    return ""


def _operands(node: Binary, result: Result) -> Iterator[Value]:
    for operand in (node.left, node.right):
        part: Node = operand
        yield evaluate(Formula("", part, False), result.inputs, result.scenario.date)


def _weak_operation(node: Binary, operands: list[Value]) -> str:
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in operands]
    if node.op in _ARITHMETIC and not all(numbers):
        return "arithmetic on something other than numbers"
    if node.op in _COMPARISONS and type(operands[0]) is not type(operands[1]):
        return "a comparison of different kinds of values"
    if node.op in _COMPARISONS and all(numbers) and _almost_equal(*operands):
        return "a comparison of numbers that differ by rounding only"
    return "an array in an operation" if any(isinstance(value, Array) for value in operands) else ""


def _almost_equal(one: Value, other: Value) -> bool:
    assert isinstance(one, int | float)
    assert isinstance(other, int | float)
    return one != other and abs(one - other) <= 1e-12 * max(abs(one), abs(other))
