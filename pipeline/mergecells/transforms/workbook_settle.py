"""What a spreadsheet program rewrites on its own is no edit: such cells go back to the text of the base files."""

from __future__ import annotations

import dataclasses
import unicodedata

from mergecells.domain.tables import Column, Row, Table, Tables, TableValue
from mergecells.transforms.workbook_formulas import same_formula


def settle_tables(ours: Tables, base: Tables) -> dict[str, Table]:
    """`ours` with the base's value wherever the two differ only in what saving changes.

    That is: spaces and case in formulas, the 16th digit of a number, line ends, trailing line breaks, and how accents
    are stored.
    """
    return {tab: _settle_table(table, base.get(tab)) for tab, table in ours.items()}


def _settle_table(table: Table, base: Table | None) -> Table:
    if base is None:
        return table
    rows = {}
    for key, row in table.rows.items():
        old = base.rows.get(row.former_key or key)
        rows[key] = _settle_row(row, old, table) if old is not None else row
    return Table(table.spec, rows)


def _settle_row(row: Row, old: Row, table: Table) -> Row:
    changed = {
        column.title: old.cells[column.title]
        for column in table.spec.columns
        if column.title in row.cells
        and column.title in old.cells
        and row.cells[column.title] != old.cells[column.title]
        and _is_same(column, row.cells[column.title], old.cells[column.title])
    }
    return dataclasses.replace(row, cells={**row.cells, **changed}) if changed else row


def _is_same(column: Column, one: TableValue, other: TableValue) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return same_formula(one, other) if column.kind == "formula" else _plain(one) == _plain(other)
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, int | float) and isinstance(other, int | float):
        return f"{float(one):.15g}" == f"{float(other):.15g}"
    # A text of line breaks alone shows as a blank cell.
    return one is None and isinstance(other, str) and not other.strip("\r\n")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n"))
