"""Functions that stack, cut and reshape arrays. Source: Microsoft support, the page of each; Google: FLATTEN,
ARRAYFORMULA and ARRAY_CONSTRAIN (support.google.com/docs/table/25273).
"""

from __future__ import annotations

from collections.abc import Sequence

from mergecells.formula.arguments import table_of
from mergecells.formula.functions.lookup import Pair
from mergecells.formula.functions.lookup_modes import LEFT_OUT, option
from mergecells.formula.registry import function
from mergecells.formula.values import CALC, MAX_CELLS, NA, NUM, VALUE, Array, ErrorValue, Fault, Scalar, Value

Line = tuple[Scalar, ...]


def made(rows: Sequence[Sequence[Scalar]]) -> Array:
    """An array of a function's own. Raises Fault: #CALC! for nothing, #NUM! for too many cells."""
    if not rows or not rows[0]:
        raise Fault(CALC)
    if len(rows) * len(rows[0]) > MAX_CELLS:
        raise Fault(NUM)
    return Array(rows)


def flipped(table: Array) -> Array:
    """Rows as columns."""
    return Array(tuple(zip(*table.rows, strict=True)))


def padding(pair: Pair) -> Scalar:
    """What fills up rows: #N/A unless given. Raises Fault: #VALUE! for an array."""
    if pair == LEFT_OUT:
        return NA
    value = pair[0]
    if type(value) is Array:
        raise Fault(VALUE)
    return value  # type: ignore[return-value]


def _ordered(pair: Pair, ignore: Pair, by_column: Pair) -> list[Scalar]:
    table = table_of(pair[0])
    cells = flipped(table).cells if option(by_column, 0.0) else table.cells
    mode = option(ignore, 0.0)
    if mode not in (0.0, 1.0, 2.0, 3.0):
        raise Fault(VALUE)
    kept = [c for c in cells if not (mode in (1.0, 3.0) and c is None)]
    kept = [c for c in kept if not (mode in (2.0, 3.0) and type(c) is ErrorValue)]
    if not kept:
        raise Fault(CALC)
    return kept


@function(
    "TOCOL(list, [ignore], [by_column])",
    "rrr",
    "v",
    "lookup",
    "All cells as one column; ignore 1 blanks, 2 errors, 3 both.",
    optional=2,
)
def _tocol(pair: Pair, ignore: Pair = LEFT_OUT, by_column: Pair = LEFT_OUT) -> Value:
    return made([(cell,) for cell in _ordered(pair, ignore, by_column)])


@function(
    "TOROW(list, [ignore], [by_column])",
    "rrr",
    "v",
    "lookup",
    "All cells as one row; ignore 1 blanks, 2 errors, 3 both.",
    optional=2,
)
def _torow(pair: Pair, ignore: Pair = LEFT_OUT, by_column: Pair = LEFT_OUT) -> Value:
    return made([_ordered(pair, ignore, by_column)])


@function("FLATTEN(list, …)", "r", "v", "lookup", "All cells of all lists as one column.", repeats=1)
def _flatten(*pairs: Pair) -> Value:
    return made([(cell,) for pair in pairs for cell in _cells(pair)])


def _cells(pair: Pair) -> tuple[Scalar, ...]:
    """The cells of an argument, an error among them."""
    value = pair[0]
    return value.cells if type(value) is Array else (value,)  # type: ignore[return-value]


def _grown(table: Array, height: int, width: int, pad: Scalar) -> list[Line]:
    rows = [(*row, *(pad,) * (width - table.width)) for row in table.rows]
    return [*rows, *((pad,) * width for _ in range(height - table.height))]


def _stack(tables: Sequence[Array]) -> Array:
    width = max(table.width for table in tables)
    if width * sum(table.height for table in tables) > MAX_CELLS:
        raise Fault(NUM)
    return made([row for table in tables for row in _grown(table, table.height, width, NA)])


@function("VSTACK(list, …)", "r", "v", "lookup", "Lists below one another; what is missing is #N/A.", repeats=1)
def _vstack(*pairs: Pair) -> Value:
    return _stack([_as_table(pair) for pair in pairs])


@function("HSTACK(list, …)", "r", "v", "lookup", "Lists beside one another; what is missing is #N/A.", repeats=1)
def _hstack(*pairs: Pair) -> Value:
    return flipped(_stack([flipped(_as_table(pair)) for pair in pairs]))


def _as_table(pair: Pair) -> Array:
    value = pair[0]
    return value if type(value) is Array else Array([[value]])  # type: ignore[list-item]


def _whole(pair: Pair) -> int | None:
    """A count that may be left out."""
    if pair == LEFT_OUT:
        return None
    return int(max(-1e9, min(1e9, option(pair, 0.0))))


def _taken(lines: Sequence[Line], count: int | None) -> Sequence[Line]:
    if count is None:
        return lines
    return lines[:count] if count >= 0 else lines[count:]


def _dropped(lines: Sequence[Line], count: int | None) -> Sequence[Line]:
    if not count:
        return lines
    return lines[count:] if count > 0 else lines[:count]


@function(
    "TAKE(list, rows, [columns])", "rrr", "v", "lookup", "The first rows and columns; below 0 the last.", optional=1
)
def _take(pair: Pair, rows: Pair, columns: Pair = LEFT_OUT) -> Value:
    table = made(_taken(table_of(pair[0]).rows, _whole(rows)))
    return flipped(made(_taken(flipped(table).rows, _whole(columns))))


@function(
    "DROP(list, rows, [columns])",
    "rrr",
    "v",
    "lookup",
    "Without the first rows and columns; below 0 the last.",
    optional=1,
)
def _drop(pair: Pair, rows: Pair, columns: Pair = LEFT_OUT) -> Value:
    table = made(_dropped(table_of(pair[0]).rows, _whole(rows)))
    return flipped(made(_dropped(flipped(table).rows, _whole(columns))))


def _chosen(lines: Sequence[Line], numbers: Sequence[Pair]) -> list[Line]:
    found = []
    for pair in numbers:
        for cell in _cells(pair):
            at = int(max(-1e9, min(1e9, option((cell, False), 0.0))))
            if not 1 <= abs(at) <= len(lines):
                raise Fault(VALUE)
            found.append(lines[at - 1 if at > 0 else at])
            if len(found) * len(lines[0]) > MAX_CELLS:
                raise Fault(NUM)
    return found


@function("CHOOSEROWS(list, row, …)", "rr", "v", "lookup", "Rows by number; below 0 from the end.", repeats=1)
def _chooserows(pair: Pair, *numbers: Pair) -> Value:
    return made(_chosen(table_of(pair[0]).rows, numbers))


@function("CHOOSECOLS(list, column, …)", "rr", "v", "lookup", "Columns by number; below 0 from the end.", repeats=1)
def _choosecols(pair: Pair, *numbers: Pair) -> Value:
    return flipped(made(_chosen(flipped(table_of(pair[0])).rows, numbers)))


@function(
    "EXPAND(list, rows, [columns], [pad])",
    "rrrr",
    "v",
    "lookup",
    "Grown to a size; #N/A where no pad is given.",
    optional=2,
)
def _expand(pair: Pair, rows: Pair, columns: Pair = LEFT_OUT, pad: Pair = LEFT_OUT) -> Value:
    table = table_of(pair[0])
    tall, wide = _whole(rows), _whole(columns)
    height = table.height if tall is None else tall
    width = table.width if wide is None else wide
    if height < table.height or width < table.width:
        raise Fault(VALUE)
    if height * width > MAX_CELLS:
        raise Fault(NUM)
    return made(_grown(table, height, width, padding(pad)))


def _wrapped(pair: Pair, count: Pair, pad: Pair) -> list[list[Scalar]]:
    table, length = table_of(pair[0]), int(min(option(count, 0.0), MAX_CELLS))
    if min(table.height, table.width) > 1:
        raise Fault(VALUE)
    if length < 1:
        raise Fault(NUM)
    filler = padding(pad)
    rows = [list(table.cells[start : start + length]) for start in range(0, len(table), length)]
    if len(rows) > 1:
        rows[-1] += [filler] * (length - len(rows[-1]))
    return rows


@function("WRAPROWS(list, count, [pad])", "rrr", "v", "lookup", "A list in rows of so many cells.", optional=1)
def _wraprows(pair: Pair, count: Pair, pad: Pair = LEFT_OUT) -> Value:
    return made(_wrapped(pair, count, pad))


@function("WRAPCOLS(list, count, [pad])", "rrr", "v", "lookup", "A list in columns of so many cells.", optional=1)
def _wrapcols(pair: Pair, count: Pair, pad: Pair = LEFT_OUT) -> Value:
    return flipped(made(_wrapped(pair, count, pad)))


def _one_value(value: Value) -> Value:
    if type(value) is ErrorValue:
        raise Fault(value)
    return value


@function("ARRAYFORMULA(value)", "r", "v", "lookup", "The value itself: operators work cell by cell here without it.")
def _arrayformula(pair: Pair) -> Value:
    return _one_value(pair[0])


@function("ARRAY_CONSTRAIN(list, rows, columns)", "rrr", "v", "lookup", "The first rows and columns.")
def _array_constrain(pair: Pair, rows: Pair, columns: Pair) -> Value:
    height, width = _whole(rows) or 0, _whole(columns) or 0
    if height < 1 or width < 1:
        raise Fault(NUM)
    return made([row[:width] for row in table_of(pair[0]).rows[:height]])


@function(
    "SINGLE(value)",
    "r",
    "v",
    "lookup",
    "As @ before a value: of an array its first cell. A list of several is #VALUE!, as a name stands in no row of it.",
)
def _single(pair: Pair) -> Value:
    value, is_reference = pair
    if type(value) is not Array:
        return _one_value(value)
    if is_reference and len(value) > 1:
        raise Fault(VALUE)
    return _one_value(value.cells[0])
