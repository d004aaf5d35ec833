"""Lookup tables as formulas see them: the body and each column as an array, made once for all leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from mergecells.domain.scoring import FieldType, LookupTable, Scalar
from mergecells.formula import Array, Value, to_value
from mergecells.formula.values import Scalar as Cell
from mergecells.transforms.score_values import read_typed
from mergecells.transforms.tables import item_value


def column_name(table: str, column: str) -> str:
    """What formulas call one column of a table."""
    return f"{table}_{column}"


def table_names(tables: Mapping[str, LookupTable]) -> Iterator[str]:
    """Every name that formulas may use of the tables, as written."""
    for name, table in tables.items():
        yield name
        yield from (column_name(name, column) for column in table.columns)


def table_values(tables: Mapping[str, LookupTable]) -> dict[str, Value]:
    """Lower-case name → array: rows x columns without titles for a table, one column for each of its columns.

    A table without rows is one blank row, as in the workbook; one of more than 20,000 cells is #NUM!.
    """
    values: dict[str, Value] = {}
    for name, table in tables.items():
        body = to_value(list(_rows(table)) or [[None] * len(table.columns)])
        values[name.lower()] = body
        for index, column in enumerate(table.columns):
            cells = Array.column(body.columns[index]) if isinstance(body, Array) else body
            values[column_name(name, column).lower()] = cells
    return values


def _rows(table: LookupTable) -> Iterator[list[Cell]]:
    kinds = [column.type for column in table.columns.values()]
    others = list(table.columns)[1:]
    for key, cells in table.rows.items():
        yield [_cell(key_value(key, kinds[0]), kinds[0])] + [
            _cell(cells.get(name), kind) for name, kind in zip(others, kinds[1:], strict=True)
        ]


def key_value(key: str, kind: FieldType) -> Scalar:
    """The cell that a row's key stands for; a key that is none of its column's type stays the text that it is."""
    if kind in ("text", "date"):
        return key
    value = item_value(key)
    return value if isinstance(value, bool) == (kind == "boolean") and not isinstance(value, str) else key


def _cell(value: Scalar, kind: FieldType) -> Cell:
    """A blank text is a blank cell, as a workbook shows it; a date is its serial number."""
    return None if value == "" else cast(Cell, read_typed(value, kind))
