"""XLOOKUP, XMATCH and HLOOKUP.

A search with mode 2 or -2, which a sheet does by halves in a sorted list, goes through the list from its start or end:
the answer is the same where a sheet defines one.
"""

from __future__ import annotations

from typing import Final

from mergecells.formula.arguments import table_of
from mergecells.formula.comparison import compare
from mergecells.formula.functions.lookup import Pair, first_equal, item, last_not_above
from mergecells.formula.lookup_index import line_index
from mergecells.formula.registry import function
from mergecells.formula.values import NA, REF, VALUE, Array, ErrorValue, Fault, Scalar, Value, to_number
from mergecells.formula.wildcards import matches

LEFT_OUT: Final[Pair] = (None, False)
"""An argument that is not there, or empty between two commas; a blank name is `(None, True)`."""

_SEARCHES: Final = {1: False, -1: True, 2: False, -2: True}


def option(pair: Pair, otherwise: float) -> float:
    """A number that has a default when it is left out. Raises Fault: #VALUE! for an array of several cells."""
    if pair == LEFT_OUT:
        return otherwise
    value = pair[0]
    if type(value) is Array:
        if len(value) != 1:
            raise Fault(VALUE)
        value = value.cells[0]
    return to_number(value)


def place(wanted: Scalar, cells: tuple[Scalar, ...], mode: float, search: float) -> int:
    """The index of the match. Modes: 0 equal, -1 or the next smaller, 1 or the next larger, 2 with wildcards.

    Raises Fault: #N/A when nothing matches, #VALUE! for an unknown mode.
    """
    backwards = _SEARCHES.get(int(search))
    if backwards is None or mode not in (0.0, -1.0, 1.0, 2.0):
        raise Fault(VALUE)
    order = range(len(cells) - 1, -1, -1) if backwards else range(len(cells))
    if mode == 2.0 and type(wanted) is str:
        found = next((i for i in order if type(c := cells[i]) is str and matches(wanted, c)), None)
    else:
        found = _nearest(wanted, cells, order, int(mode) if mode != 2.0 else 0)
    if found is None:
        raise Fault(NA)
    return found


def place_in(wanted: Scalar, table: Array, mode: float, search: float) -> int:
    """`place` among the cells of an array, by its index where that can tell."""
    exact = mode == 0.0 or (mode == 2.0 and type(wanted) is not str)
    index = line_index(table) if exact and int(search) in _SEARCHES else None
    places = index.same_type(wanted) if index else None
    if places is None:
        return place(wanted, table.cells, mode, search)
    order = reversed(places) if _SEARCHES[int(search)] else places
    found = next((i for i in order if compare(table.cells[i], wanted) == 0), None)
    if found is None:
        raise Fault(NA)
    return found


def _nearest(wanted: Scalar, cells: tuple[Scalar, ...], order: range, side: int) -> int | None:
    """The first equal value of the same type, else the nearest on a side (-1 smaller, 1 larger, 0 none)."""
    best: int | None = None
    for index in order:
        cell = cells[index]
        if type(cell) is not type(wanted):
            continue
        difference = compare(cell, wanted)
        if difference == 0:
            return index
        if difference == side and (best is None or compare(cell, cells[best]) == -side):
            best = index
    return best


@function(
    "XMATCH(value, list, [match], [search])",
    "vrrr",
    "n",
    "lookup",
    "The position in a list: match 0 equal, -1 or next smaller, 1 or next larger, 2 wildcards; search -1 from the end.",
    optional=2,
)
def _xmatch(wanted: Scalar, pair: Pair, match: Pair = LEFT_OUT, search: Pair = LEFT_OUT) -> float:
    table = table_of(pair[0])
    if min(table.height, table.width) > 1:
        raise Fault(VALUE)
    return place_in(wanted, table, option(match, 0.0), option(search, 1.0)) + 1.0


@function(
    "XLOOKUP(value, list, results, [otherwise], [match], [search])",
    "vrrrrr",
    "v",
    "lookup",
    "The result at the place of a value in a list; match and search as in XMATCH.",
    optional=3,
)
def _xlookup(
    wanted: Scalar,
    pair: Pair,
    results_pair: Pair,
    otherwise: Pair = LEFT_OUT,
    match: Pair = LEFT_OUT,
    search: Pair = LEFT_OUT,
) -> Value:
    table, results = table_of(pair[0]), table_of(results_pair[0])
    lines = _lines(table, results)
    try:
        index = place_in(wanted, table, option(match, 0.0), option(search, 1.0))
    except Fault as fault:
        if fault.error != NA or otherwise == LEFT_OUT:
            raise
        return _raised(otherwise[0])
    line = lines[index]
    if len(line) == 1:
        return _raised(line[0])
    return Array([line]) if table.width == 1 else Array.column(line)


def _lines(table: Array, results: Array) -> tuple[tuple[Scalar, ...], ...]:
    """The rows of the results for a list that is a column, their columns for one that is a row. #VALUE! on a misfit."""
    if table.width == 1 and results.height == table.height:
        return results.rows
    if table.height == 1 and results.width == table.width:
        return tuple(zip(*results.rows, strict=True))
    raise Fault(VALUE)


def _raised(value: Value) -> Value:
    if type(value) is ErrorValue:
        raise Fault(value)
    return value


@function(
    "HLOOKUP(value, table, row, [sorted])",
    "vrnb",
    "v",
    "lookup",
    "The value of a row in the column whose first cell matches.",
    optional=1,
)
def _hlookup(wanted: Scalar, pair: Pair, row: float, is_sorted: bool = True) -> Value:
    table = table_of(pair[0])
    if row < 1:
        raise Fault(VALUE)
    if row >= table.height + 1:
        raise Fault(REF)
    keys = table.rows[0]
    return item(table.rows[int(row) - 1], last_not_above(wanted, keys) if is_sorted else first_equal(wanted, keys))
