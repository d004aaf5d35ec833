"""Values worth trying for a field: those that a formula compares with and their neighbours, blanks, wrong types."""

from __future__ import annotations

import calendar
import datetime
import math
from collections.abc import Iterable, Iterator, Mapping

from mergecells.domain.scoring import FieldType
from mergecells.formula import Array, Formula, Value, to_serial
from mergecells.formula.nodes import ArrayLiteral, Binary, Call, Lambda, Name, Node, Number, Percent, Text, Unary, walk
from mergecells.formula.number_text import parse_number
from mergecells.transforms.formula_inline import inline

MOST_CONSTANTS = 24
"""Constants of one formula that are tried for one field; a longer list is taken evenly."""


def neighbours(value: float) -> tuple[float, ...]:
    """A number, and the numbers one step below and above: whole ones by 1, and all in their fifteenth digit."""
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 14) if value else 1e-14
    whole = (value - 1, value + 1) if value.is_integer() else ()
    return (value, *whole, round_15(value - step), round_15(value + step))


def round_15(value: float) -> float:
    """The number that a sheet shows in 15 digits."""
    return float(f"{value:.15g}")


def constants_beside(formulas: Iterable[Formula], fixed: Mapping[str, Value]) -> dict[str, list[float | str]]:
    """Name → constants in the smallest part of a formula that holds both, those of lists that are named included."""
    found: dict[str, dict[float | str, None]] = {}
    for formula in formulas:
        _collect(inline(formula.root), fixed, found)
    return {name: _evenly(list(values)) for name, values in found.items()}


def _collect(
    root: Node, fixed: Mapping[str, Value], found: dict[str, dict[float | str, None]]
) -> tuple[set[str], list[float | str]]:
    """Names, and the constants that still stand beside no name, of one part of a tree."""
    if isinstance(root, Name):
        value = fixed.get(root.key)
        return (set(), _cells(value)) if isinstance(value, Array) else ({root.key}, [])
    if isinstance(root, Number | Text):
        return set(), [root.value]
    if isinstance(root, ArrayLiteral):
        return set(), _cells(root.value)
    names: set[str] = set()
    constants: list[float | str] = []
    for child in _children(root):
        below, free = _collect(child, fixed, found)
        names |= below
        constants += free
    if not names:
        return names, constants
    for name in names:
        found.setdefault(name, {}).update(dict.fromkeys(constants))
    return names, []


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Unary | Percent):
        return (node.operand,)
    if isinstance(node, Lambda):
        return (node.body,)
    return node.arguments if isinstance(node, Call) else ()


def _cells(value: Array) -> list[float | str]:
    return [cell for cell in value.cells if isinstance(cell, float | str)]


def _evenly(values: list[float | str]) -> list[float | str]:
    if len(values) <= MOST_CONSTANTS:
        return values
    return [values[index * len(values) // MOST_CONSTANTS] for index in range(MOST_CONSTANTS)]


def values_to_try(
    kind: FieldType | None, sample: Value, constants: list[float | str], date: datetime.date
) -> list[Value]:
    """Each once, the likeliest to matter first; `kind` None: nothing states the field's type."""
    numbers = [value for value in constants if isinstance(value, float)]
    texts = [value for value in constants if isinstance(value, str)]
    tried: list[Value] = [sample, None]
    if kind == "date":
        tried += [*_dates(date), *numbers, "soon", True, -1.0, 0.0]
    elif kind == "boolean":
        tried += [True, False, 1.0, "yes", "TRUE"]
    elif kind == "text" or (kind is None and texts):
        tried += [*_texts(texts), *numbers[:2], 12.0, True]
    else:
        tried += [each for value in numbers for each in neighbours(value)]
        tried += [0.0, 1.0, -1.0, 0.1, 1e7, *(each for each in texts if parse_number(each) is None), "n/a", "12", True]
    return distinct(tried)


def distinct(values: Iterable[Value]) -> list[Value]:
    """Each once: 1 and TRUE are equal to Python and not to a spreadsheet."""
    return list({(type(value), value): value for value in values}.values())


def _dates(date: datetime.date) -> Iterator[float]:
    """The evaluation date and its neighbours, ends of months, a leap day, and a year before and after."""
    last = date.replace(day=calendar.monthrange(date.year, date.month)[1])
    before = date.replace(day=1) - datetime.timedelta(days=1)
    for day in (date, last, before, datetime.date(2024, 2, 29)):
        yield float(to_serial(day))
    today = float(to_serial(date))
    yield from (today - 1, today + 1, today - 365, today + 366, today - 0.5)


def _texts(constants: list[str]) -> Iterator[str]:
    """The constants themselves, in other case, with blanks around, inside of another text, and joined by a sign."""
    words = [text for text in constants if any(letter.isalnum() for letter in text)]
    signs = [text for text in constants if text and text not in words]
    yield from words
    for text in words:
        yield from (text.swapcase(), f"{text} ", f"x{text}y")
    for sign in signs:
        yield from (sign, f"x{sign}", f"ab{sign}cd")
        yield from (f"x{sign}{text.strip()}" for text in words[:6])
    yield from ("", " ", "Zürich", "a?*~b")


def names_in(node: Node) -> frozenset[str]:
    """The keys of all names below `node`."""
    return frozenset(each.key for each in walk(node) if isinstance(each, Name))
