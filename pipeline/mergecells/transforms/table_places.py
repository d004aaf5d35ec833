"""Where a table's row or cell stands in its file."""

from __future__ import annotations

from typing import Any

from mergecells.domain.configset import Document
from mergecells.domain.locations import DocumentPath, FileLocation
from mergecells.domain.tables import RowKey, TableSpec
from mergecells.transforms.table_specs import ITEM
from mergecells.transforms.tables import item_key


def document_path(spec: TableSpec, value: Any, key: RowKey) -> DocumentPath:
    """The path of a row's node; for an item of a sequence with its index in `value`, the file's top level."""
    names = {"{" + title + "}": part for title, part in zip(spec.keys, key, strict=True)}
    path = tuple(names.get(part, part) for part in spec.row_path)
    if spec.optional_last_key and not key[-1]:
        return path[:-2]
    if path[-1:] != (ITEM,):
        return path
    for part in path[:-1]:
        value = value.get(part) if isinstance(value, dict) else None
    items = [item_key(item) for item in value if not isinstance(item, dict | list)] if isinstance(value, list) else []
    return (*path[:-1], items.index(key[-1])) if key[-1] in items else path[:-1]


def row_location(spec: TableSpec, document: Document | None, key: RowKey, column: str = "") -> FileLocation | None:
    """The place of a cell, or of the row's key without a column; the row's where the cell is blank."""
    if document is None:
        return None
    path = document_path(spec, document.value, key)
    found = next((c.path for c in spec.columns if c.title == column), None)
    if found and (*path, *found) in document.value_positions:
        return document.locate((*path, *found))
    return document.locate_key(path)
