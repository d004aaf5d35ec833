"""Parsed files → Tables: the form in which a tab and its part of a file are compared, merged and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.domain.configset import Document
from mergecells.domain.tables import Column, Row, RowKey, Table, TableSpec, TableValue
from mergecells.transforms.prompt_types import BODY, prompt_documents, shown_body
from mergecells.transforms.table_diff import diff_tables, same_value
from mergecells.transforms.table_specs import ITEM, REMOVE, table_specs

__all__ = ["REMOVE", "diff_tables", "item_key", "item_value", "same_value", "table_specs", "tables_from_documents"]


def tables_from_documents(specs: Mapping[str, TableSpec], documents: Mapping[str, Document]) -> dict[str, Table]:
    """One table for each spec; without rows where the file or its part is missing or has another shape.

    Blank text and a missing key are both None. Where a sequence repeats an item, the later row is left out.
    """
    return {
        tab: _table_of_files(spec, documents) if spec.is_per_file else _table(spec, documents.get(spec.file))
        for tab, spec in specs.items()
    }


def item_key(value: TableValue) -> str:
    """The text by which a sequence's item is known: `3` for 3 and for 3.0, `TRUE` for true; `item_value` turns it back.

    A text that would be one of those has an apostrophe before it, as in a spreadsheet: `'3`; `007` needs none.
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str) and (value.startswith("'") or _typed(value) is not None):
        return f"'{value}"
    return "" if value is None else str(value)


def item_value(key: str) -> TableValue:
    """The item that `key` stands for, with its type."""
    if key.startswith("'"):
        return key[1:]
    typed = _typed(key)
    return key if typed is None else typed


def _typed(text: str) -> float | bool | None:
    """The number or truth value whose key is exactly `text`; None for a text."""
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if not text or not text.isascii() or text[-1] not in "0123456789" or text[0] not in "-0123456789":
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    if text not in (repr(number), str(int(number)) if number.is_integer() else ""):
        return None
    return int(number) if number.is_integer() else number


def _table(spec: TableSpec, document: Document | None) -> Table:
    rows: dict[RowKey, Row] = {}
    if document is not None:
        for key, node in _nodes(spec, document.value, spec.row_path, ()):
            rows.setdefault(key, Row(key, {column.title: cell_value(spec, node, column) for column in spec.columns}))
    return Table(spec, rows)


def _table_of_files(spec: TableSpec, documents: Mapping[str, Document]) -> Table:
    """One row for each prompt; its text is beside the front matter in the document's value."""
    rows: dict[RowKey, Row] = {}
    for name, document in sorted(prompt_documents(documents).items()):
        cells = {column.title: cell_value(spec, document.value, column) for column in spec.columns}
        body = cells.get(BODY)
        rows[name,] = Row((name,), {**cells, BODY: shown_body(body) if isinstance(body, str) else None})
    return Table(spec, rows)


def _nodes(spec: TableSpec, node: Any, path: tuple[str, ...], key: RowKey) -> Iterator[tuple[RowKey, Any]]:
    """Every row's key and node, in the order of the file."""
    if not path:
        yield key, node
    elif path == (ITEM,):
        if isinstance(node, list):
            yield from (((*key, item_key(item)), item) for item in node if not isinstance(item, dict | list))
    elif isinstance(node, dict):
        if path[0].startswith("{"):
            for name, child in node.items():
                yield from _named(spec, child, path[1:], (*key, name))
        elif path[0] in node:
            yield from _nodes(spec, node[path[0]], path[1:], key)


def _named(spec: TableSpec, node: Any, path: tuple[str, ...], key: RowKey) -> Iterator[tuple[RowKey, Any]]:
    if spec.optional_last_key and len(key) == len(spec.keys) - 1 and has_own_row(spec, node):
        yield (*key, ""), node
    yield from _nodes(spec, node, path, key)


def has_own_row(spec: TableSpec, node: Any) -> bool:
    """Whether a parent node shows as a row of its own: it is removed, states something, or holds no other rows."""
    if not isinstance(node, dict):
        return True
    inner = node.get(spec.row_path[-2])
    holds_rows = isinstance(inner, dict) and bool(inner)
    return not holds_rows or any(cell_value(spec, node, column) is not None for column in spec.columns)


def cell_value(spec: TableSpec, node: Any, column: Column) -> TableValue:
    """One cell of a row's node; None where it is missing, blank text, or no scalar."""
    if spec.removable and column.title == REMOVE:
        return True if node is None else None
    for segment in column.path:
        node = node.get(segment) if isinstance(node, dict) else None
    if node == "" or isinstance(node, dict | list):
        return None
    value: TableValue = node
    return value
