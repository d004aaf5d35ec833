"""Rows taken out of the source tree, and what is left of collections that lost their last row."""

from __future__ import annotations

from mergecells.domain.tables import RowKey, TableSpec
from mergecells.transforms.table_specs import ITEM
from mergecells.transforms.tables import has_own_row
from mergecells.transforms.yaml_cells import CellWriter, settle
from mergecells.transforms.yaml_insert import take_out
from mergecells.transforms.yaml_places import Place, find_row, is_parent_row, rows_below
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry


class RowRemoval:
    """All deletes of one file: first looked up by their old keys, then carried out together."""

    def __init__(self, tree: SourceTree) -> None:
        self.tree = tree
        self.planned: list[tuple[TableSpec, RowKey, Place]] = []
        self.shrunk: list[tuple[TableSpec, Place]] = []

    def plan(self, spec: TableSpec, key: RowKey) -> None:
        place = find_row(self.tree, spec, key)
        if place is not None:
            self.planned.append((spec, key, place))

    def carry_out(self) -> None:
        for spec, key, place in self.planned:
            if any(entry not in collection.entries for collection, entry in place.steps[:-1]):
                continue
            if is_parent_row(spec, key) and rows_below(self.tree, spec, place.entry):
                self._clear(spec, place)
            else:
                take_out(place.parent, place.entry)
                self.shrink(spec, place)

    def _clear(self, spec: TableSpec, place: Place) -> None:
        """The parent's own row goes, the rows under it stay."""
        for column in spec.columns:
            if column.path:
                CellWriter(self.tree, spec).write(place, column, None)

    def shrink(self, spec: TableSpec, place: Place) -> None:
        """Remembers a place that lost a row, to look at when all edits are done."""
        if len(place.steps) > 1:
            self.shrunk.append((spec, place))

    def settle(self) -> None:
        """An emptied list or vertical's component goes altogether; other emptied collections become `{}`."""
        for spec, place in self.shrunk:
            if place.parent.entries:
                continue
            if spec.row_path[-1] == ITEM or spec.optional_last_key:
                self._prune(spec, place.steps[:-1])
        _settle_blocks(self.tree, self.tree.root)

    def _prune(self, spec: TableSpec, steps: tuple[tuple[Collection, Entry], ...]) -> None:
        collection, entry = steps[-1]
        if entry not in collection.entries:
            return
        take_out(collection, entry)
        if spec.optional_last_key and len(steps) > 1 and steps[-2][1] in steps[-2][0].entries:
            parents, parent = steps[-2]
            value = parent.content.value()
            if not value or (isinstance(value, dict) and not _states_something(spec, value)):
                take_out(parents, parent)


def _states_something(spec: TableSpec, value: dict[str, object]) -> bool:
    probe = {**value, spec.row_path[-2]: {"any": None}}
    return has_own_row(spec, probe) or any(key != spec.row_path[-2] for key in value)


def _settle_blocks(tree: SourceTree, collection: Collection) -> None:
    """Blocks without entries cannot be written: `{}` or `[]` takes their place."""
    for inner in collection.entries:
        content = inner.content
        if not isinstance(content, Collection):
            continue
        if content.entries or content.is_flow:
            _settle_blocks(tree, content)
        else:
            settle(tree, collection, inner, "{}" if content.is_mapping else "[]")
    if collection is tree.root and not collection.entries and not collection.is_flow:
        collection.head += "{}" + tree.newline
