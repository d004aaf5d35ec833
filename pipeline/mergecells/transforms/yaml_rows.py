"""Rows added and moved, and cells set, on the source tree of a file."""

from __future__ import annotations

from mergecells.domain.errors import MergecellsError
from mergecells.domain.tables import AddRow, MoveRow, RowKey, SetCell, TableSpec
from mergecells.transforms.table_specs import ITEM, REMOVE
from mergecells.transforms.tables import item_value
from mergecells.transforms.yaml_cells import CellWriter, settle
from mergecells.transforms.yaml_insert import (
    as_block,
    empty_like,
    insert_entry,
    new_entry,
    set_scalar,
    spacing_between,
    take_out,
)
from mergecells.transforms.yaml_places import Place, container, find_path, find_row, is_parent_row, row_path
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw


def set_cell(tree: SourceTree, spec: TableSpec, edit: SetCell) -> None:
    """Sets one cell. Raises MergecellsError when the row or the column is not there."""
    place = find_row(tree, spec, edit.key)
    column = next((column for column in spec.columns if column.title == edit.column), None)
    if place is None or column is None:
        what = "row" if place is None else "column"
        name = " / ".join(edit.key)
        raise MergecellsError(f"Internal error: {spec.tab} has no {what} to set {edit.column} of {name} in.")
    CellWriter(tree, spec).write(place, column, None if edit.value == "" else edit.value)


def add_row(tree: SourceTree, spec: TableSpec, edit: AddRow) -> None:
    """Inserts a row in the style of its siblings; a row that is there already (a component with factors) is filled."""
    path = row_path(spec, edit.key)
    place, like = find_path(tree, path), None
    if place is None:
        parent = container(tree, spec, path[:-1])
        like = _sibling(tree, spec, edit, parent)
        entry = _new_row(tree, spec, edit, parent, like)
        index = len(parent.entries) if is_parent_row(spec, edit.key) else _index_after(parent, edit.after)
        insert_entry(tree, parent, entry, index)
        place = Place(((parent, entry),))
    writer = CellWriter(tree, spec, like)
    for column in spec.columns:
        value = edit.cells.get(column.title)
        if value is not None and value != "" and not (spec.removable and column.title == REMOVE and value is not True):
            writer.write(place, column, value)
    inner = place.entry.content
    if isinstance(inner, Collection) and not inner.entries and not inner.is_flow:
        settle(tree, place.parent, place.entry)


def _new_row(tree: SourceTree, spec: TableSpec, edit: AddRow, parent: Collection, like: Entry | None) -> Entry:
    """A row without cells yet: an item, an empty scalar, an empty mapping, or null where it says `remove`."""
    name = row_path(spec, edit.key)[-1]
    entry = new_entry(tree, parent, name, Raw("null", None))
    if spec.row_path[-1] == ITEM:
        set_scalar(tree, parent, entry, item_value(name), like.content.text() if like else "")
    elif len(spec.columns) == 1 and not spec.columns[0].path:
        entry.content = Raw("", None)
    elif not (spec.removable and edit.cells.get(REMOVE) is True):
        _make_mapping(tree, spec, parent, entry, like)
    return entry


def _make_mapping(tree: SourceTree, spec: TableSpec, parent: Collection, entry: Entry, like: Entry | None) -> None:
    """Block or flow as `like`; without one, flow unless the rows hold mappings themselves."""
    model = tree.peek(like) if like is not None else None
    nested = any(len(column.path) > 1 for column in spec.columns) or spec.row_path[-1] == "{component}"
    flow_model = model if model is not None and model.is_flow else None
    if parent.is_flow or flow_model or (model is None and not nested):
        entry.content = empty_like(flow_model)
        return
    block = as_block(tree, parent, entry, is_mapping=True)
    if model is not None:
        block.column = model.column


def _sibling(tree: SourceTree, spec: TableSpec, edit: AddRow, parent: Collection) -> Entry | None:
    """The row whose style a new row takes: the one before it, else any beside it, else any under another parent."""
    before = parent.find(edit.after[-1]) if edit.after is not None else None
    if before is not None:
        return before
    if parent.entries:
        return parent.entries[0]
    return _cousin(tree, spec) if len(spec.keys) == 2 and not is_parent_row(spec, edit.key) else None


def _cousin(tree: SourceTree, spec: TableSpec) -> Entry | None:
    top = find_path(tree, spec.row_path[:1])
    parents = tree.inside(top.entry) if top else None
    for parent in parents.entries if parents else ():
        inner = tree.peek(parent)
        for name in spec.row_path[2:-1]:
            found = inner.find(name) if inner else None
            inner = tree.peek(found) if found else None
        if inner is not None and inner.entries:
            return inner.entries[0]
    return None


def _index_after(parent: Collection, after: RowKey | None) -> int:
    """Where a row after `after` goes; a parent's own row (a blank last key) stands above them all."""
    if after is None or not after[-1]:
        return 0
    previous = parent.find(after[-1])
    return _index_of(parent, previous) + 1 if previous is not None else len(parent.entries)


def _index_of(parent: Collection, entry: Entry) -> int:
    if parent.entries and parent.entries[-1] is entry:
        return len(parent.entries) - 1
    return parent.entries.index(entry)


def move_row(tree: SourceTree, spec: TableSpec, edit: MoveRow) -> None:
    """Moves a row's lines with their comment to the place after `after`; nothing changes when it stands there."""
    place = find_row(tree, spec, edit.key)
    if place is None:
        return
    parent, entry = place.parent, place.entry
    target, current = _index_after(parent, edit.after), _index_of(parent, entry)
    if target in (current, current + 1):
        return
    spacing = spacing_between(tree, parent)
    take_out(parent, entry)
    insert_entry(tree, parent, entry, target - 1 if target > current else target, spacing)
