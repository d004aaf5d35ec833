"""Looking values up in lists and inline arrays."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, cast

from mergecells.formula.arguments import table_of
from mergecells.formula.comparison import compare
from mergecells.formula.lookup_index import line_index
from mergecells.formula.registry import function
from mergecells.formula.values import NA, REF, VALUE, Array, ErrorValue, Fault, Scalar, Value
from mergecells.formula.wildcards import has_wildcards, matches

Pair = tuple[Value, bool]


def last_not_above(wanted: Scalar, cells: tuple[Scalar, ...]) -> int:
    """The index of the last value of the same type that is not above `wanted`, in a list sorted upwards; else #N/A."""
    if wanted is None:
        wanted = 0.0
    kind = type(wanted)
    places = [index for index, cell in enumerate(cells) if type(cell) is kind]
    low, high = 0, len(places)
    while low < high:
        middle = (low + high) // 2
        if compare(cells[places[middle]], wanted) <= 0:
            low = middle + 1
        else:
            high = middle
    if not low:
        raise Fault(NA)
    return places[low - 1]


def first_equal(wanted: Scalar, cells: tuple[Scalar, ...]) -> int:
    """The index of the first equal value; `*` and `?` in a text are wildcards. Raises Fault(#N/A)."""
    if wanted is None:
        wanted = 0.0
    if type(wanted) is str and (has_wildcards(wanted) or "~" in wanted):
        found = (index for index, cell in enumerate(cells) if type(cell) is str and matches(wanted, cell))
    else:
        found = (i for i, cell in enumerate(cells) if type(cell) is type(wanted) and compare(cell, wanted) == 0)
    index = next(found, None)
    if index is None:
        raise Fault(NA)
    return index


_SPECIAL: Final = frozenset("*?~")


def first_equal_in(wanted: Scalar, table: Array, column: int | None = None) -> int:
    """`first_equal` among all cells of an array, or in one of its columns, by its index where that can tell."""
    cells = table.cells if column is None else table.columns[column]
    if type(wanted) is str and (has_wildcards(wanted) or "~" in wanted):
        return first_equal(wanted, cells)
    index = line_index(table, column)
    places = index.same_type(0.0 if wanted is None else wanted) if index else None
    if places is None:
        return first_equal(wanted, cells)
    found = next((place for place in places if compare(cells[place], 0.0 if wanted is None else wanted) == 0), None)
    if found is None:
        raise Fault(NA)
    return found


@function(
    "LOOKUP(value, list, [results])",
    "vrr",
    "v",
    "lookup",
    "In a list sorted upwards, the last value not above the one wanted; its result.",
    optional=1,
)
def _lookup(wanted: Scalar, table_pair: Pair, results_pair: Pair | None = None) -> Value:
    table = table_of(table_pair[0])
    if results_pair is None:
        keys, results = _split(table)
    else:
        keys, results = table.cells, table_of(results_pair[0]).cells
        if min(table.height, table.width) > 1:
            keys = _split(table)[0]
    if len(keys) > len(results):
        results += (NA,) * (len(keys) - len(results))
    if type(wanted) is float and table.all_numbers:
        index = bisect_right(cast("tuple[float, ...]", keys), wanted) - 1
        if index >= 0 and (index + 1 == len(keys) or cast(float, keys[index + 1]) > wanted * (1 + 1e-13)):
            return item(results, index)
    return item(results, last_not_above(wanted, keys))


def _split(table: Array) -> tuple[tuple[Scalar, ...], tuple[Scalar, ...]]:
    """The array form: keys in the first column and results in the last, or rows if it is wider than high."""
    lines = table.rows if table.width > table.height else table.columns
    return lines[0], lines[-1]


def item(results: tuple[Scalar, ...], index: int) -> Scalar:
    """The value at an index. Raises Fault: #REF! beyond the end, or the error that stands there."""
    if index >= len(results):
        raise Fault(REF)
    value = results[index]
    if type(value) is ErrorValue:
        raise Fault(value)
    return value


@function("MATCH(value, list, [type])", "vrn", "n", "lookup", "The position in a list: 1 sorted, 0 exact.", optional=1)
def _match(wanted: Scalar, pair: Pair, kind: float = 1.0) -> float:
    table = table_of(pair[0])
    if min(table.height, table.width) > 1:
        raise Fault(NA)
    if kind == 0:
        return first_equal_in(wanted, table) + 1.0
    if kind > 0:
        return last_not_above(wanted, table.cells) + 1.0
    return _last_not_below(wanted, table.cells) + 1.0


def _last_not_below(wanted: Scalar, cells: tuple[Scalar, ...]) -> int:
    """In a list sorted downwards."""
    if wanted is None:
        wanted = 0.0
    found = -1
    for index, cell in enumerate(cells):
        if type(cell) is not type(wanted):
            continue
        if compare(cell, wanted) < 0:
            break
        found = index
    if found < 0:
        raise Fault(NA)
    return found


@function("INDEX(list, row, [column])", "rnn", "v", "lookup", "The value at a row and column, from 1.", optional=1)
def _index(pair: Pair, row: float, column: float | None = None) -> Value:
    table = table_of(pair[0])
    if column is None:
        row, column = (1.0, row) if table.height == 1 else (row, 1.0 if table.width == 1 else 0.0)
        if column == 0.0 and pair[1]:
            raise Fault(REF)  # of a rectangle of cells Excel asks for the column; of an array it gives the whole row
    if row < 0 or column < 0:
        raise Fault(VALUE)
    if int(row) == 0 or int(column) == 0:
        return _line(table, int(row), int(column))
    if row >= table.height + 1 or column >= table.width + 1:
        raise Fault(REF)
    return table.rows[int(row) - 1][int(column) - 1]


def _line(table: Array, row: int, column: int) -> Value:
    """Row 0 means all rows of a column, column 0 all columns of a row."""
    if row > table.height or column > table.width:
        raise Fault(REF)
    rows = table.rows if row == 0 else (table.rows[row - 1],)
    return Array(rows if column == 0 else [[line[column - 1]] for line in rows])


@function(
    "VLOOKUP(value, table, column, [sorted])",
    "vrnb",
    "v",
    "lookup",
    "The value of a column in the row whose first cell matches.",
    optional=1,
)
def _vlookup(wanted: Scalar, pair: Pair, column: float, is_sorted: bool = True) -> Value:
    table = table_of(pair[0])
    if column < 1:
        raise Fault(VALUE)
    if column >= table.width + 1:
        raise Fault(REF)
    row = last_not_above(wanted, table.columns[0]) if is_sorted else first_equal_in(wanted, table, 0)
    return item(table.rows[row], int(column) - 1)


def vlookup_text(wanted: str, table: Value, column: float) -> Value:
    """VLOOKUP of an exact text in a table that is searched often: by its index alone where that tells."""
    if type(table) is Array and wanted and 1.0 <= column < table.width + 1 and not _SPECIAL.intersection(wanted):
        index = line_index(table, 0)
        if index is not None:
            row = index.first_text(wanted)
            if row is None:
                raise Fault(NA)
            return item(table.rows[row], int(column) - 1)
    return _vlookup(wanted, (table, True), column, False)


@function("ROWS(list)", "r", "n", "lookup", "How many rows.")
def _rows(pair: Pair) -> float:
    return float(table_of(pair[0]).height)


@function("COLUMNS(list)", "r", "n", "lookup", "How many columns.")
def _columns(pair: Pair) -> float:
    return float(table_of(pair[0]).width)
