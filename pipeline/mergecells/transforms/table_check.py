"""Lookup tables: keys that a lookup can tell apart, cells of their column's type, a size that formulas can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mergecells.domain.configset import table_file
from mergecells.domain.findings import Finding
from mergecells.domain.locations import DocumentPath
from mergecells.domain.scoring import FieldType, LookupTable, Scalar
from mergecells.formula.values import MAX_CELLS, MAX_TEXT, fold
from mergecells.transforms.locate import Locator
from mergecells.transforms.lookup_tables import key_value
from mergecells.transforms.reference_check import is_date, suggestion

_KINDS = {"number": "a number", "boolean": "TRUE or FALSE", "date": "a date such as 2024-02-29"}
_RESERVED = ("_key",)
"""Titles of columns that the workbook keeps for itself."""


def check_tables(tables: Mapping[str, LookupTable], locator: Locator) -> Iterator[Finding]:
    """What is wrong in the tables of a config."""
    for name, table in tables.items():
        yield from check_table(name, table, locator, table_file(name))


def check_table(name: str, table: LookupTable, locator: Locator, file: str) -> Iterator[Finding]:
    """What is wrong in one table, whatever the others hold."""
    yield from _check_columns(name, table, locator, file)
    yield from _check_keys(name, table, locator, file)
    for key, cells in table.rows.items():
        for column, value in cells.items():
            yield from _check_cell(name, table, locator, (file, ("rows", key, column)), value)
    size = len(table.columns) * len(table.rows)
    if size > MAX_CELLS:
        yield locator.finding(
            "table.too-large",
            f"The table {name} has {size:,} cells ({len(table.rows):,} rows of {len(table.columns)}); "
            f"formulas can hold {MAX_CELLS:,}.",
            "Split it, or leave out columns that no formula needs.",
            (file, ("rows",)),
            key=True,
        )


def _check_columns(name: str, table: LookupTable, locator: Locator, file: str) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for column in table.columns:
        at = (file, ("columns", column))
        other = first.setdefault(column.lower(), column)
        if other != column:
            message = f"The column {column} of {name} differs from {other} only in upper and lower case."
            yield locator.finding("rule.duplicate-name", message, "Rename one of them.", at, key=True)
        if column.lower() in _RESERVED:
            message = f"The workbook needs a column {column} for itself."
            yield locator.finding("rule.bad-name", message, "Rename it.", at, key=True)


def _check_keys(name: str, table: LookupTable, locator: Locator, file: str) -> Iterator[Finding]:
    kind = table.columns[table.key].type
    first: dict[str, str] = {}
    for key in table.rows:
        at = (file, ("rows", key))
        if not _is_key(key, kind):
            yield locator.finding(
                "table.cell-type",
                f"The key {key!r} of {name} is not {_KINDS[kind]} (its column {table.key} is of type {kind}).",
                _key_hint(key, kind),
                at,
                key=True,
            )
        other = first.setdefault(fold(key), key)
        if other != key:
            yield locator.finding(
                "table.duplicate-key",
                f"The keys {other!r} and {key!r} of {name} are the same to a lookup, which finds the first only.",
                "Lookups do not tell upper from lower case: remove or rename one of them.",
                at,
                key=True,
            )


def _is_key(key: str, kind: FieldType) -> bool:
    if kind == "text":
        return True
    return _is_day(key) if kind == "date" else not isinstance(key_value(key, kind), str)


def _key_hint(key: str, kind: FieldType) -> str:
    if kind == "number":
        try:
            plain = f"{float(key):.15g}"
        except ValueError:
            return "Write a number, or give the column the type text."
        # 1e3 and 1000 would be two keys of one number.
        return f'Write it as "{plain}".' if not isinstance(key_value(plain, kind), str) else "Use fewer digits."
    return 'Write "TRUE" or "FALSE".' if kind == "boolean" else "Write a date as YYYY-MM-DD."


def _check_cell(
    name: str, table: LookupTable, locator: Locator, at: tuple[str, DocumentPath], value: Scalar
) -> Iterator[Finding]:
    column = str(at[1][-1])
    body = table.columns.get(column)
    if body is None or column == table.key:
        others = [each for each in table.columns if each != table.key]
        problem = "is its key, which stands before the colon" if body else "it does not have"
        message = f"A row of {name} has a cell for {column}, which {problem}."
        hint = "Remove the cell." if body else suggestion(column, others)
        yield locator.finding("table.unknown-column", message, hint, at, key=True)
    elif isinstance(value, str) and len(value) > MAX_TEXT:
        message = f"The cell {column} of {name} has {len(value):,} characters; {MAX_TEXT:,} fit into one."
        yield locator.finding("table.cell-type", message, "Shorten it.", at)
    elif value is not None and value != "" and not _fits(value, body.type):
        hint = "Write a date as YYYY-MM-DD." if body.type == "date" else "Change the value, or the column's type."
        shown = "TRUE" if value is True else "FALSE" if value is False else repr(value)[:60]
        message = f"The column {column} of {name} is of type {body.type}, and {shown} is not one."
        yield locator.finding("table.cell-type", message, hint, at)


def _fits(value: float | bool | str, kind: FieldType) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, str):
        return kind == "text" or (kind == "date" and _is_day(value))
    return kind == "number"


def _is_day(text: str) -> bool:
    """A date that a cell can hold: sheets begin with 1900, and keep what is earlier as a text."""
    return is_date(text) and text >= "1900"
