"""Matrices: products, determinants, inverses. Rectangles of numbers only, as in a sheet."""

from __future__ import annotations

from typing import Final

from mergecells.formula.arguments import table_of
from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.lookup_modes import option
from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import MAX_CELLS, NUM, VALUE, Array, ErrorValue, Fault

_LARGEST: Final = 64
"""Rows of a matrix that MDETERM and MINVERSE take: their work grows with the third power."""

_STEPS_PER_CELL: Final = 16
"""Multiplications at the cost of computing one array cell."""

Rows = list[list[float]]


def _numbers(pair: Pair) -> Rows:
    """Raises Fault: an error in the matrix, #VALUE! for anything else that is no number."""
    table = table_of(pair[0])
    for cell in table:
        if type(cell) is ErrorValue:
            raise Fault(cell)
        if type(cell) is not float:
            raise Fault(VALUE)
    return [[cell for cell in row if type(cell) is float] for row in table.rows]


def _square(pair: Pair) -> Rows:
    rows = _numbers(pair)
    if len(rows) != len(rows[0]):
        raise Fault(VALUE)
    if len(rows) > _LARGEST:
        raise Fault(NUM)
    return rows


def _product_cost(one: Pair, other: Pair) -> int:
    left, right = one[0], other[0]
    return len(left) * right.width // _STEPS_PER_CELL if type(left) is Array and type(right) is Array else 1


def _inverse_cost(matrix: Pair) -> int:
    value = matrix[0]
    return 2 * value.width**3 // _STEPS_PER_CELL if type(value) is Array and value.width <= _LARGEST else 1


@function("MMULT(matrix, matrix)", "rr", "v", "math", "The product of two matrices.", cost=_product_cost)
def _mmult(one: Pair, other: Pair) -> Array:
    left, right = _numbers(one), _numbers(other)
    if len(left[0]) != len(right):
        raise Fault(VALUE)
    if len(left) * len(right[0]) > MAX_CELLS:
        raise Fault(NUM)
    columns = list(zip(*right, strict=True))
    return Array([[total([a * b for a, b in zip(row, column, strict=True)]) for column in columns] for row in left])


@function("MUNIT(size)", "r", "v", "math", "The unit matrix of a size.")
def _munit(size: Pair) -> Array:
    number = option(size, 0.0)
    if not number >= 1:
        raise Fault(VALUE)
    if number * number > MAX_CELLS:
        raise Fault(NUM)
    return Array([[float(row == column) for column in range(int(number))] for row in range(int(number))])


def _eliminate(rows: Rows) -> float:
    """Gauss-Jordan with pivots, in place, on the columns of the left square. Gives the determinant, 0 if singular."""
    determinant = 1.0
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda row: abs(rows[row][column]))
        if rows[pivot][column] == 0.0:
            return 0.0
        if pivot != column:
            rows[column], rows[pivot] = rows[pivot], rows[column]
            determinant = -determinant
        determinant *= rows[column][column]
        rows[column] = [cell / rows[column][column] for cell in rows[column]]
        for row in range(len(rows)):
            factor = rows[row][column]
            if row != column and factor != 0.0:
                rows[row] = [cell - factor * other for cell, other in zip(rows[row], rows[column], strict=True)]
    return determinant


@function(
    "MDETERM(matrix)", "r", "n", "math", "The determinant of a square matrix, 64 rows at most.", cost=_inverse_cost
)
def _mdeterm(matrix: Pair) -> float:
    return finite(_eliminate(_square(matrix)))


@function(
    "MINVERSE(matrix)",
    "r",
    "v",
    "math",
    "The inverse of a square matrix, 64 rows at most; #NUM! without one.",
    cost=_inverse_cost,
)
def _minverse(matrix: Pair) -> Array:
    rows = _square(matrix)
    size = len(rows)
    both = [[*row, *(float(place == at) for place in range(size))] for at, row in enumerate(rows)]
    if _eliminate(both) == 0.0:
        raise Fault(NUM)
    return Array([[finite(cell) for cell in row[size:]] for row in both])
