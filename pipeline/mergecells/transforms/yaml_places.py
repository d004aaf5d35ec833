"""Where a table's rows stand in the source tree, and the collections that take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mergecells.domain.configset import RULES_FILE
from mergecells.domain.errors import MergecellsError
from mergecells.domain.scoring import Rules
from mergecells.domain.tables import RowKey, TableSpec
from mergecells.transforms.table_specs import ITEM
from mergecells.transforms.yaml_insert import as_block, insert_entry, new_entry
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
    if path[-1:] == [ITEM]:
        path[-1] = key[-1]
    return tuple(path[:-2]) if is_parent_row(spec, key) else tuple(path)


def is_parent_row(spec: TableSpec, key: RowKey) -> bool:
    return spec.optional_last_key and not key[-1]


def find_row(tree: SourceTree, spec: TableSpec, key: RowKey) -> Place | None:
    return find_path(tree, row_path(spec, key))


def find_path(tree: SourceTree, path: Sequence[str]) -> Place | None:
    steps: list[Step] = []
    collection: Collection | None = tree.root
    if not path:  # the file itself is the row
        return Place(((Collection([], True, False), Entry("", "", "", tree.root)),))
    for name in path:
        entry = collection.find(name) if collection else None
        if collection is None or entry is None:
            return None
        steps.append((collection, entry))
        collection = tree.inside(entry) if len(steps) < len(path) else None
    return Place(tuple(steps))


def container(tree: SourceTree, spec: TableSpec, path: Sequence[str]) -> Collection:
    """The collection at `path` that takes rows, made where it is missing or empty."""
    collection = tree.root
    for depth, name in enumerate(path):
        entry = collection.find(name)
        if entry is None:
            entry = new_entry(tree, collection, name, Raw("", None))
            insert_entry(tree, collection, entry, _container_index(tree, collection, name))
        inner = tree.inside(entry)
        if inner is None and isinstance(entry.content, Raw) and entry.content.plain is not None:
            raise MergecellsError(f"{tree.file}: {'.'.join(path[: depth + 1])} holds a value where rows belong.")
        if inner is None and spec.removable and depth and entry.content.text():
            message = f"{tree.file}: {name} is removed (its `remove` is TRUE), so it cannot have rows of its own."
            raise MergecellsError(message, "Clear `remove` of the component, or the rows below it.")
        if inner is None or (not inner.entries and inner.is_flow and not collection.is_flow):
            is_mapping = not (spec.row_path[-1] == ITEM and depth == len(path) - 1)
            inner = as_block(tree, collection, entry, is_mapping=is_mapping)
        collection = inner
    return collection


def _container_index(tree: SourceTree, collection: Collection, name: str) -> int:
    """The top keys of the rules keep the model's order; all others go last."""
    order = list(Rules.model_fields) if tree.file == RULES_FILE and collection is tree.root else []
    return ordered_index(collection, name, order)


def ordered_index(collection: Collection, name: str, order: Sequence[str]) -> int:
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


def rows_below(tree: SourceTree, spec: TableSpec, parent: Entry) -> list[Entry]:
    """The rows under the parent that a table's first key names."""
    depth = spec.row_path.index("{" + spec.keys[0] + "}")
    inner = tree.inside(parent)
    for name in spec.row_path[depth + 1 : -1]:
        found = inner.find(name) if inner is not None else None
        inner = tree.inside(found) if found is not None else None
    return inner.entries if inner is not None else []
