"""Functions that make an array of arrays. Only what another function sums up or picks from can be a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from mergecells.formula.arguments import table_of
from mergecells.formula.comparison import compare
from mergecells.formula.functions.lookup import Pair
from mergecells.formula.functions.lookup_modes import LEFT_OUT, option
from mergecells.formula.registry import function
from mergecells.formula.values import CALC, MAX_CELLS, NUM, VALUE, Array, ErrorValue, Fault, Scalar, Value, fold
from mergecells.formula.values import to_boolean as boolean

Line = tuple[Scalar, ...]


def _lines(table: Array, by_column: Pair) -> tuple[Line, ...]:
    """Rows, or columns when the option says so."""
    return tuple(zip(*table.rows, strict=True)) if option(by_column, 0.0) else table.rows


def _table(lines: Sequence[Line], by_column: Pair) -> Array:
    return Array(tuple(zip(*lines, strict=True)) if option(by_column, 0.0) else lines)


@function("TRANSPOSE(list)", "r", "v", "lookup", "Rows as columns.")
def _transpose(pair: Pair) -> Value:
    return Array(tuple(zip(*table_of(pair[0]).rows, strict=True)))


@function(
    "FILTER(list, keep, [otherwise])",
    "rrr",
    "v",
    "lookup",
    "The rows or columns whose condition is TRUE; #CALC! without any.",
    optional=1,
)
def _filter(pair: Pair, keep_pair: Pair, otherwise: Pair = LEFT_OUT) -> Value:
    table, keep = table_of(pair[0]), table_of(keep_pair[0])
    if keep.width == 1 and keep.height == table.height:
        by_column: Pair = (0.0, False)
    elif keep.height == 1 and keep.width == table.width:
        by_column = (1.0, False)
    else:
        raise Fault(VALUE)
    chosen = [boolean(cell) for cell in keep]
    kept = [line for line, wanted in zip(_lines(table, by_column), chosen, strict=True) if wanted]
    if kept:
        return _table(kept, by_column)
    if otherwise == LEFT_OUT:
        raise Fault(CALC)
    if type(otherwise[0]) is ErrorValue:
        raise Fault(otherwise[0])
    return otherwise[0]


@function(
    "SORT(list, [index], [order], [by_column])",
    "rrrr",
    "v",
    "lookup",
    "Sorted by a column, order 1 upwards or -1 downwards; equal rows keep their order.",
    optional=3,
)
def _sort(pair: Pair, index: Pair = LEFT_OUT, order: Pair = LEFT_OUT, by_column: Pair = LEFT_OUT) -> Value:
    lines = _lines(table_of(pair[0]), by_column)
    column, direction = option(index, 1.0), option(order, 1.0)
    if not 1 <= column < len(lines[0]) + 1 or direction not in (1.0, -1.0):
        raise Fault(VALUE)
    at = int(column) - 1
    for line in lines:
        cell = line[at]
        if type(cell) is ErrorValue:
            raise Fault(cell)
    filled = [line for line in lines if line[at] is not None]
    blank = [line for line in lines if line[at] is None]
    filled.sort(key=_sort_key(at), reverse=direction < 0)
    return _table([*filled, *blank], by_column)


@function(
    "SORTBY(list, keys, [order], …)",
    "rrr",
    "v",
    "lookup",
    "The rows or columns in the order of other lists; order 1 upwards or -1 downwards.",
    optional=1,
    repeats=1,
)
def _sortby(pair: Pair, *keys: Pair) -> Value:
    """Sorted by the last key first: each sorting keeps what the one before did among equals."""
    table = table_of(pair[0])
    keyed = [table_of(key[0]) for key in keys[::2]]
    orders = [option(order, 1.0) for order in keys[1::2]] + [1.0] * (len(keys) % 2)
    across: Pair = (float(keyed[0].height == 1 and keyed[0].width == table.width and table.height != 1), False)
    lines = _lines(table, across)
    places = list(range(len(lines)))
    for key, order in reversed(list(zip(keyed, orders, strict=True))):
        if len(key) != len(lines) or min(key.height, key.width) > 1 or order not in (1.0, -1.0):
            raise Fault(VALUE)
        places = _placed(places, key.cells, order)
    return _table([lines[place] for place in places], across)


def _placed(places: list[int], cells: Line, order: float) -> list[int]:
    """Blanks last, whatever the order."""
    by_value = cmp_to_key(compare)
    for cell in cells:
        if type(cell) is ErrorValue:
            raise Fault(cell)
    filled = [place for place in places if cells[place] is not None]
    filled.sort(key=lambda place: by_value(cells[place]), reverse=order < 0)
    return [*filled, *(place for place in places if cells[place] is None)]


def _sort_key(at: int) -> Callable[[Line], Any]:
    by_value = cmp_to_key(compare)
    return lambda line: by_value(line[at])


@function(
    "UNIQUE(list, [by_column], [once])",
    "rrr",
    "v",
    "lookup",
    "Each row once, without regard to case; with once, only rows that occur once.",
    optional=2,
)
def _unique(pair: Pair, by_column: Pair = LEFT_OUT, once: Pair = LEFT_OUT) -> Value:
    return unique_lines(pair, by_column, once, CALC, case_counts=False)


def unique_lines(pair: Pair, by_column: Pair, once: Pair, nothing: ErrorValue, *, case_counts: bool) -> Value:
    """UNIQUE; `nothing` is the error for no result."""
    seen: dict[tuple[Any, ...], list[Line]] = {}
    for line in _lines(table_of(pair[0]), by_column):
        key = tuple((type(cell), cell) for cell in line) if case_counts else tuple(map(_identity, line))
        seen.setdefault(key, []).append(line)
    only = bool(option(once, 0.0))
    kept = [lines[0] for lines in seen.values() if len(lines) == 1 or not only]
    if not kept:
        raise Fault(nothing)
    return _table(kept, by_column)


def _identity(cell: Scalar) -> tuple[type, object]:
    """1 and TRUE are different, `a` and `A` are not."""
    return type(cell), fold(cell) if type(cell) is str else cell


@function(
    "SEQUENCE(rows, [columns], [start], [step])",
    "rrrr",
    "v",
    "lookup",
    "Numbers in a row or column, 20,000 at most.",
    optional=3,
)
def _sequence(rows: Pair, columns: Pair = LEFT_OUT, start: Pair = LEFT_OUT, step: Pair = LEFT_OUT) -> Value:
    """An array without cells is #CALC!, a negative size #VALUE!."""
    height, width = option(rows, 1.0), option(columns, 1.0)
    if int(height) < 0 or int(width) < 0:
        raise Fault(VALUE)
    if not int(height) or not int(width):
        raise Fault(CALC)
    return sequence(height, width, option(start, 1.0), option(step, 1.0))


def sequence(height: float, width: float, first: float, each: float) -> Value:
    """Numbers row by row. Raises Fault: #NUM! for more cells than an array may have."""
    if height > MAX_CELLS or width > MAX_CELLS or int(height) * int(width) > MAX_CELLS:
        raise Fault(NUM)
    across = int(width)
    numbers = [first + each * place for place in range(int(height) * across)]
    if numbers[-1] - numbers[-1] != 0.0:  # infinite
        raise Fault(NUM)
    rest = iter(numbers)
    return Array(list(zip(*[rest] * across, strict=True)))
