"""FILTER, SEQUENCE, SORT, UNIQUE and rounding as Google Sheets has them. Source: support.google.com/docs/answer/3093197
(FILTER), 9368244 (SEQUENCE), 3093150 (SORT), 10522653 (UNIQUE), 3093440 (ROUND), 3093471 (CEILING), 3093487 (FLOOR).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key

from mergecells.formula.arguments import items_of, table_of
from mergecells.formula.comparison import compare
from mergecells.formula.functions.arrays import sequence, unique_lines
from mergecells.formula.functions.criteria import identity
from mergecells.formula.functions.lookup import Pair
from mergecells.formula.functions.lookup_modes import LEFT_OUT, option
from mergecells.formula.functions.math import finite
from mergecells.formula.functions.rounding import ROUND_DOWN, ROUND_UP, ceiling, floor, round_decimal, round_half_away
from mergecells.formula.functions.shapes import flipped
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, VALUE, Array, ErrorValue, Fault, Scalar, Value, to_boolean

Line = tuple[Scalar, ...]


@function(
    "FILTER(list, keep, …)",
    "rr",
    "v",
    "lookup",
    "Rows or columns for which all conditions hold; #N/A without any.",
    repeats=1,
    google=True,
)
def _filter(pair: Pair, *conditions: Pair) -> Value:
    table = table_of(pair[0])
    keeps = [table_of(condition[0]) for condition in conditions]
    if all(keep.width == 1 and keep.height == table.height for keep in keeps):
        return Array(_kept(table.rows, keeps))
    if all(keep.height == 1 and keep.width == table.width for keep in keeps):
        return flipped(Array(_kept(flipped(table).rows, keeps)))
    raise Fault(NA)


def _kept(lines: tuple[Line, ...], keeps: list[Array]) -> list[Line]:
    chosen = [line for line, *cells in zip(lines, *keeps, strict=True) if all(map(_holds, cells))]
    if not chosen:
        raise Fault(NA)
    return chosen


def _holds(cell: Scalar) -> bool:
    """A condition that is an error or a text drops its row in Google Sheets."""
    return type(cell) not in (ErrorValue, str) and to_boolean(cell)


@function(
    "SEQUENCE(rows, [columns], [start], [step])",
    "rrrr",
    "v",
    "lookup",
    "Numbers in a row or column, 20,000 at most; #NUM! for a size below 1.",
    optional=3,
    google=True,
)
def _sequence(rows: Pair, columns: Pair = LEFT_OUT, start: Pair = LEFT_OUT, step: Pair = LEFT_OUT) -> Value:
    height, width = option(rows, 1.0), option(columns, 1.0)
    if height < 1 or width < 1:
        raise Fault(NUM)
    return sequence(height, width, option(start, 1.0), option(step, 1.0))


@function(
    "SORT(list, [column, upwards], …)",
    "rrr",
    "v",
    "lookup",
    "Sorted by columns, each upwards if TRUE.",
    optional=2,
    repeats=1,
    google=True,
)
def _sort(pair: Pair, *orders: Pair) -> Value:
    return Array(_sorted(table_of(pair[0]), orders))


def _sorted(table: Array, orders: tuple[Pair, ...]) -> list[Line]:
    """Rows by pairs of a column and whether it goes upwards; equal rows keep their order. Errors are no keys."""
    lines = list(table.rows)
    keys = list(zip(orders[::2], orders[1::2], strict=False)) or [(LEFT_OUT, LEFT_OUT)]
    if len(orders) % 2:
        raise Fault(VALUE)
    for column, upwards in reversed(keys):
        up = True if upwards == LEFT_OUT else to_boolean(upwards[0])
        cells = _column(table, column)
        failed = next((cell for cell in cells if type(cell) is ErrorValue), None)
        if failed is not None:
            raise Fault(failed)
        by = dict(zip(map(id, table.rows), cells, strict=True))
        by_value = cmp_to_key(compare)
        lines.sort(key=lambda line, by=by: by_value(by[id(line)]), reverse=not up)  # type: ignore[misc]
        lines.sort(key=lambda line, by=by: by[id(line)] is None)  # type: ignore[misc]
    return lines


@function(
    "SORTN(list, [count], [ties], [column, upwards], …)",
    "rrrrr",
    "v",
    "lookup",
    "The first rows when sorted; ties 1: with all that equal the last, 2: each row once, 3: these with all equals.",
    optional=4,
    repeats=1,
)
def _sortn(pair: Pair, number: Pair = LEFT_OUT, ties: Pair = LEFT_OUT, *orders: Pair) -> Value:
    table, most, mode = table_of(pair[0]), option(number, 1.0), option(ties, 0.0)
    if not most >= 1 or mode not in (0.0, 1.0, 2.0, 3.0):
        raise Fault(VALUE)
    every = tuple(each for column in range(table.width) for each in ((column + 1.0, False), (True, False)))
    lines = _sorted(table, orders or every)
    return Array(_first(lines, [_line_key(line) for line in lines], int(most), int(mode)))


def _line_key(line: Line) -> tuple[object, ...]:
    return tuple(map(identity, line))


def _first(lines: list[Line], keys: list[tuple[object, ...]], most: int, mode: int) -> list[Line]:
    """`mode` 0 the first lines, 1 also equals of the last, 2 the first different ones, 3 these with all equals."""
    if mode < 2:
        last = keys[min(most, len(keys)) - 1]
        return [
            line for at, (line, key) in enumerate(zip(lines, keys, strict=True)) if at < most or (mode and key == last)
        ]
    kept = set(list(dict.fromkeys(keys))[:most])
    seen: set[object] = set()
    chosen = []
    for line, key in zip(lines, keys, strict=True):
        if key in kept and (mode == 3 or key not in seen):
            chosen.append(line)
        seen.add(key)
    return chosen


def _column(table: Array, column: Pair) -> tuple[Scalar, ...]:
    value = column[0]
    if type(value) is Array:
        if len(value) != table.height:
            raise Fault(VALUE)
        return value.cells
    number = option(column, 1.0)
    if not 1 <= number < table.width + 1:
        raise Fault(VALUE)
    return tuple(row[int(number) - 1] for row in table.rows)


@function(
    "UNIQUE(list, [by_column], [once])", "rrr", "v", "lookup", "Each row once; case counts.", optional=2, google=True
)
def _unique(pair: Pair, by_column: Pair = LEFT_OUT, once: Pair = LEFT_OUT) -> Value:
    return unique_lines(pair, by_column, once, NA, case_counts=True)


@function("ROUND(number, [digits])", "nn", "n", "math", "Rounded half away from zero.", optional=1, google=True)
def _round(number: float, digits: float = 0.0) -> float:
    return round_half_away(number, digits)


@function("ROUNDUP(number, [digits])", "nn", "n", "math", "Rounded away from zero.", optional=1, google=True)
def _roundup(number: float, digits: float = 0.0) -> float:
    return round_decimal(number, digits, ROUND_UP)


@function("ROUNDDOWN(number, [digits])", "nn", "n", "math", "Rounded towards zero.", optional=1, google=True)
def _rounddown(number: float, digits: float = 0.0) -> float:
    return round_decimal(number, digits, ROUND_DOWN)


@function("CEILING(number, [factor])", "nn", "n", "math", "Up to a multiple of the factor.", optional=1, google=True)
def _ceiling(number: float, factor: float = 1.0) -> float:
    return ceiling(number, factor)


@function("FLOOR(number, [factor])", "nn", "n", "math", "Down to a multiple of the factor.", optional=1, google=True)
def _floor(number: float, factor: float = 1.0) -> float:
    return floor(number, factor)


@function("COUNTUNIQUE(value, …)", "r", "n", "statistics", "How many different values; blanks do not count.", repeats=1)
def _countunique(*pairs: Pair) -> float:
    return float(len({identity(cell) for pair in pairs for cell in items_of(pair)[0] if cell not in (None, "")}))


@function(
    "AVERAGE.WEIGHTED(list, weights, …)",
    "rr",
    "n",
    "statistics",
    "The mean with weights; #DIV/0! without weight.",
    repeats=2,
)
def _average_weighted(*pairs: Pair) -> float:
    values = weights = 0.0
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        for value, weight in _weighed(one, other):
            values, weights = values + value * weight, weights + weight
    if weights == 0.0:
        raise Fault(DIV0)
    return finite(values / finite(weights))


def _weighed(one: Pair, other: Pair) -> Iterator[tuple[float, float]]:
    """Numbers and their weights; what has no number in one of the two does not count."""
    first, second = table_of(one[0]), table_of(other[0])
    if len(first) != len(second):
        raise Fault(VALUE)
    for value, weight in zip(first, second, strict=True):
        for cell in (value, weight):
            if type(cell) is ErrorValue:
                raise Fault(cell)
        if type(value) is float and type(weight) is float:
            if weight < 0.0:
                raise Fault(NUM)
            yield value, weight
