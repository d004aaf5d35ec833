"""Operations on single values, spread over arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from mergecells.formula.values import NA, Array, Fault, Scalar, Value


def spread(operation: Callable[..., Value], operands: Sequence[Value], charge: Callable[[int], None]) -> Value:
    """Apply to single values, or cell by cell: a row and a column make a rectangle, what one side lacks is #N/A.

    `charge` is told how many cells will be computed, and stops the evaluation when they are too many.
    """
    if not any(type(operand) is Array for operand in operands):
        return guarded(operation, operands)
    tables = [operand if type(operand) is Array else Array([[cast(Scalar, operand)]]) for operand in operands]
    height, width = max(t.height for t in tables), max(t.width for t in tables)
    charge(height * width)
    return Array(
        [
            [cast(Scalar, guarded(operation, [cell_at(t, row, column) for t in tables])) for column in range(width)]
            for row in range(height)
        ]
    )


def guarded(operation: Callable[..., Value], operands: Sequence[Value]) -> Value:
    """The result, an error value among them."""
    try:
        return operation(*operands)
    except Fault as fault:
        return fault.error


def cell_at(table: Array, row: int, column: int) -> Scalar:
    """The cell that stands there when the table is spread; #N/A where it ends."""
    if table.height == 1:
        row = 0
    if table.width == 1:
        column = 0
    return table.rows[row][column] if row < table.height and column < table.width else NA
