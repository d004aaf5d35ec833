"""What stands in or below a row that says `remove`: the file holds null there, so it would have no place."""

from __future__ import annotations

from collections.abc import Iterator

from mergecells.domain.findings import Finding
from mergecells.domain.tables import Row, RowKey, Table, Tables
from mergecells.transforms.table_specs import REMOVE


def check_removed(tables: Tables) -> list[Finding]:
    """`workbook.removed` for each cell beside `remove`, and for each row below a row that is removed."""
    removable = [table for table in tables.values() if table.spec.removable]
    return [finding for table in removable for finding in _check_table(table)]


def _check_table(table: Table) -> Iterator[Finding]:
    removed = {key for key, row in table.rows.items() if row.cells.get(REMOVE) is True}
    for key, row in table.rows.items():
        parent = (*key[:-1], "")
        if table.spec.optional_last_key and key[-1] and parent in removed:
            yield _finding(
                table, row, table.spec.keys[-1], f"{_name(key)} stands below {_name(parent)}, which is removed."
            )
        elif key in removed:
            for title, value in row.cells.items():
                if title != REMOVE and value not in (None, ""):
                    yield _finding(table, row, title, f"{_name(key)} is removed, so its {title} has no place.")


def _finding(table: Table, row: Row, title: str, message: str) -> Finding:
    cell = row.refs.get(title)
    return Finding(
        code="workbook.removed",
        message=f"Tab {table.spec.tab}: {message}",
        hint="Clear `remove`, or clear what stands in and below the removed row.",
        file=table.spec.place,
        cell=str(cell) if cell else None,
    )


def _name(key: RowKey) -> str:
    return repr(" / ".join(part for part in key if part))
