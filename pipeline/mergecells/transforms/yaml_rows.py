"""Edits of table rows carried out on the source tree of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.errors import MergecellsError
from mergecells.domain.scoring import Rules
from mergecells.domain.tables import AddRow, Column, MoveRow, RowKey, SetCell, TableSpec, TableValue
from mergecells.transforms.table_specs import ITEM, REMOVE
from mergecells.transforms.yaml_insert import (
    as_block,
    empty_like,
    insert_entry,
    new_entry,
    set_scalar,
    spacing_between,
    take_out,
)
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw

Step = tuple[Collection, Entry]


@dataclass(frozen=True, slots=True)
class Place:
    """A row in the tree: the entries from the top of the file down to the row, each with the collection it is in."""

    steps: tuple[Step, ...]

    @property
    def parent(self) -> Collection:
        return self.steps[-1][0]

    @property
    def entry(self) -> Entry:
        return self.steps[-1][1]


def row_path(spec: TableSpec, key: RowKey) -> tuple[str, ...]:
    """The names from the top of the file to a row; a blank last key stands for the parent node."""
    names = dict(zip(spec.keys, key, strict=True))
    path = [names[part[1:-1]] if part.startswith("{") else part for part in spec.row_path]
    if path[-1] == ITEM:
        path[-1] = key[-1]
    return tuple(path[:-2]) if is_parent_row(spec, key) else tuple(path)


def is_parent_row(spec: TableSpec, key: RowKey) -> bool:
    return spec.optional_last_key and not key[-1]


def find_row(tree: SourceTree, spec: TableSpec, key: RowKey) -> Place | None:
    return find_path(tree, row_path(spec, key))


def find_path(tree: SourceTree, path: tuple[str, ...]) -> Place | None:
    steps: list[Step] = []
    collection: Collection | None = tree.root
    for name in path:
        entry = collection.find(name) if collection else None
        if collection is None or entry is None:
            return None
        steps.append((collection, entry))
        collection = tree.inside(entry) if len(steps) < len(path) else None
    return Place(tuple(steps))


def container(tree: SourceTree, spec: TableSpec, path: tuple[str, ...]) -> Collection:
    """The collection at `path` that takes rows, made where it is missing or empty."""
    collection = tree.root
    for depth, name in enumerate(path):
        is_mapping = not (spec.row_path[-1] == ITEM and depth == len(path) - 1)
        entry = collection.find(name)
        if entry is None:
            entry = new_entry(tree, collection, name, Raw("", None))
            insert_entry(tree, collection, entry, _container_index(tree, collection, name))
        inner = tree.inside(entry)
        if inner is None or (not inner.entries and inner.is_flow and not collection.is_flow):
            if inner is None and isinstance(entry.content, Raw) and entry.content.plain is not None:
                raise MergecellsError(f"{tree.file}: {'.'.join(path[: depth + 1])} holds a value where rows belong.")
            inner = as_block(tree, collection, entry, is_mapping=is_mapping)
        collection = inner
    return collection


def _container_index(tree: SourceTree, collection: Collection, name: str) -> int:
    """The top keys of the rules keep the model's order; all others go last."""
    order = list(Rules.model_fields) if tree.file == RULES_FILE and collection is tree.root else []
    return _ordered_index(collection, name, order)


def _ordered_index(collection: Collection, name: str, order: list[str]) -> int:
    """After the nearest key that comes before `name` in `order`; else before the first that comes after it."""
    names = [entry.name for entry in collection.entries]
    if name not in order:
        return len(names)
    rank = order.index(name)
    before = [names.index(other) for other in reversed(order[:rank]) if other in names]
    if before:
        return before[0] + 1
    after = [names.index(other) for other in order[rank + 1 :] if other in names]
    return after[0] if after else len(names)


def add_row(tree: SourceTree, spec: TableSpec, edit: AddRow) -> None:
    """Inserts a row in the style of its siblings, or fills the parent's own row where the parent is there already."""
    path = row_path(spec, edit.key)
    place = find_path(tree, path)
    if place is None:
        parent = container(tree, spec, path[:-1])
        entry = new_entry(tree, parent, path[-1], Raw("null", None))
        like = _sibling(tree, spec, edit, parent)
        if spec.row_path[-1] == ITEM:
            set_scalar(tree, parent, entry, edit.key[-1], like.content.text() if like else "")
        elif _is_scalar_row(spec):
            entry.content = Raw("", None)
        elif edit.cells.get(REMOVE) is not True or not spec.removable:
            _give_columns(tree, spec, parent, entry, like)
        insert_entry(tree, parent, entry, _index_after(parent, edit.after))
        place = Place(((parent, entry),))
        _fill(tree, spec, place, edit.cells, like)
    else:
        _fill(tree, spec, place, edit.cells, None)


def _is_scalar_row(spec: TableSpec) -> bool:
    return len(spec.columns) == 1 and not spec.columns[0].path


def _fill(tree: SourceTree, spec: TableSpec, place: Place, cells: Mapping[str, TableValue], like: Entry | None) -> None:
    for column in spec.columns:
        value = cells.get(column.title)
        if value is not None and not (column.title == REMOVE and value is not True):
            set_in_row(tree, spec, place, column, value, like)
    _settle_row(tree, spec, place)


def _settle_row(tree: SourceTree, spec: TableSpec, place: Place) -> None:
    """A row in block style without a single cell is written `{}`."""
    inner = place.entry.content
    if isinstance(inner, Collection) and not inner.entries and not inner.is_flow:
        settle_empty(tree, place.parent, place.entry)
    del spec


def _give_columns(tree: SourceTree, spec: TableSpec, parent: Collection, entry: Entry, like: Entry | None) -> None:
    """Makes the new row an empty mapping, block or flow as `like`; without one, flow unless rows are nested."""
    model = tree.peek(like) if like is not None else None
    nested = any(len(column.path) > 1 for column in spec.columns) or spec.row_path[-1] == "{component}"
    if parent.is_flow or (model is not None and model.is_flow) or (model is None and not nested):
        entry.content = empty_like(model if model is not None and model.is_flow else None, 0)
        entry.tail = entry.tail or ("" if parent.is_flow else tree.newline)
        return
    entry.tail = tree.newline
    as_block(tree, parent, entry, is_mapping=True)
    if model is not None and isinstance(entry.content, Collection) and not entry.content.is_flow:
        entry.content.column = model.column


def _sibling(tree: SourceTree, spec: TableSpec, edit: AddRow, parent: Collection) -> Entry | None:
    """The row whose style a new row takes: the one before it, else any beside it, else any under another parent."""
    if edit.after is not None:
        before = parent.find(edit.after[-1])
        if before is not None:
            return before
    if parent.entries:
        return parent.entries[0]
    if len(spec.keys) == 2 and not is_parent_row(spec, edit.key):
        return _cousin(tree, spec)
    return None


def _cousin(tree: SourceTree, spec: TableSpec) -> Entry | None:
    top = find_path(tree, spec.row_path[:1])
    parents = tree.inside(top.entry) if top else None
    for parent in parents.entries if parents else ():
        inner: Collection | None = tree.peek(parent)
        for name in spec.row_path[2:-1]:
            found = inner.find(name) if inner else None
            inner = tree.peek(found) if found else None
        if inner is not None and inner.entries:
            return inner.entries[0]
    return None


def _index_after(parent: Collection, after: RowKey | None) -> int:
    if after is None or not after[-1]:
        return 0 if after is None or parent.entries else len(parent.entries)
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
    target = _index_after(parent, edit.after)
    current = _index_of(parent, entry)
    if target in (current, current + 1):
        return
    spacing = spacing_between(tree, parent)
    take_out(parent, entry)
    insert_entry(tree, parent, entry, target - 1 if target > current else target, spacing)


def set_cell(tree: SourceTree, spec: TableSpec, edit: SetCell) -> None:
    place = find_row(tree, spec, edit.key)
    if place is None:
        raise MergecellsError(f"Internal error: {spec.tab} has no row {' / '.join(edit.key)} to set {edit.column} in.")
    column = next(column for column in spec.columns if column.title == edit.column)
    value = None if edit.value == "" else edit.value
    set_in_row(tree, spec, place, column, value, None)


def set_in_row(
    tree: SourceTree, spec: TableSpec, place: Place, column: Column, value: TableValue, like: Entry | None
) -> None:
    """Sets, adds or removes one scalar of a row."""
    parent, entry = place.parent, place.entry
    if spec.removable and column.title == REMOVE:
        _set_removed(tree, parent, entry, value is True)
        return
    if not column.path:
        set_scalar(tree, parent, entry, value, like.content.text() if like is not None and like is not entry else "")
        return
    orders = _orders(spec, column)
    for depth, name in enumerate(column.path[:-1]):
        step = _row_mapping(tree, parent, entry, create=value is not None, like=like)
        if step is None:
            return
        found = step.find(name)
        if found is None:
            if value is None:
                return
            found = new_entry(tree, step, name, Raw("{}", None))
            insert_entry(tree, step, found, _ordered_index(step, name, orders[depth]))
        like = _inner(tree, like, name)
        parent, entry = step, found
    inner = _row_mapping(tree, parent, entry, create=value is not None, like=like)
    if inner is not None:
        _set_key(tree, inner, column.path[-1], value, orders[-1], _inner(tree, like, column.path[-1]))


def _orders(spec: TableSpec, column: Column) -> list[list[str]]:
    """For each level of a column's path the keys that may stand there, in the order of the columns."""
    levels = []
    for depth in range(len(column.path)):
        names = [c.path[depth] for c in spec.columns if len(c.path) > depth and c.path[:depth] == column.path[:depth]]
        levels.append(list(dict.fromkeys(names)))
    return levels


def _inner(tree: SourceTree, like: Entry | None, name: str) -> Entry | None:
    inner = tree.peek(like) if like is not None else None
    return inner.find(name) if inner is not None else None


def _row_mapping(
    tree: SourceTree, parent: Collection, entry: Entry, *, create: bool, like: Entry | None
) -> Collection | None:
    inner = tree.inside(entry)
    if inner is None and create:
        model = tree.peek(like) if like is not None else None
        block = model is not None and model.entries and not model.is_flow and not parent.is_flow
        if block:
            return as_block(tree, parent, entry, is_mapping=True)
        if not entry.content.text():
            entry.mid = entry.mid.rstrip(" ") + " "
        entry.content = inner = empty_like(model, 0)
    return inner


def _set_key(
    tree: SourceTree, inner: Collection, name: str, value: TableValue, order: list[str], like: Entry | None
) -> None:
    entry = inner.find(name)
    if entry is not None and value is None:
        take_out(inner, entry, keep_lead=True)
    elif entry is not None:
        set_scalar(tree, inner, entry, value)
    elif value is not None:
        entry = new_entry(tree, inner, name, Raw("", None))
        set_scalar(tree, inner, entry, value, _quotes_of(like))
        insert_entry(tree, inner, entry, _ordered_index(inner, name, order))


def _quotes_of(like: Entry | None) -> str:
    source = like.content.text() if like is not None else ""
    return source if source[:1] in ("'", '"') else ""


def _set_removed(tree: SourceTree, parent: Collection, entry: Entry, removed: bool) -> None:
    is_null = isinstance(entry.content, Raw) and entry.content.plain is None and tree.peek(entry) is None
    if removed == is_null:
        return
    settle_empty(tree, parent, entry, "null" if removed else "{}")


def settle_empty(tree: SourceTree, parent: Collection, entry: Entry, source: str = "{}") -> None:
    """Writes an entry's value as `{}`, `[]` or null on the line of its key; comments after the key stay."""
    content = entry.content
    plain: Any = {"{}": {}, "[]": [], "null": None}[source]
    below = ""
    if isinstance(content, Collection) and not content.is_flow:
        below = content.head + content.rest if not content.entries else ""
    if content.text().endswith("\n") or not content.text() or below:
        comment = entry.mid.partition(":")[2] if parent.is_mapping else entry.mid
        entry.tail = (comment if "\n" in comment else "") + below + entry.tail
    if parent.is_mapping:
        entry.mid = ": "
    entry.content = Raw(source, plain)
    if not parent.is_flow and not entry.tail:
        entry.tail = tree.newline
