"""Rows that get another key: the key's token changes, or the row's lines go under another parent."""

from __future__ import annotations

from dataclasses import dataclass

from mergecells.domain.tables import RowKey, TableSpec
from mergecells.transforms.table_specs import ITEM
from mergecells.transforms.yaml_insert import flow_text, insert_entry, key_like, new_entry, set_scalar, take_out
from mergecells.transforms.yaml_rows import Place, container, find_row, is_parent_row, row_path
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw


@dataclass(frozen=True, slots=True)
class _Rename:
    spec: TableSpec
    key: RowKey
    new_key: RowKey
    place: Place


class RowRenaming:
    """All renames of one file, looked up by their old keys and then carried out at once: swaps work."""

    def __init__(self, tree: SourceTree) -> None:
        self.tree = tree
        self.planned: list[_Rename] = []

    def plan(self, spec: TableSpec, key: RowKey, new_key: RowKey) -> None:
        place = find_row(self.tree, spec, key)
        if place is not None:
            self.planned.append(_Rename(spec, key, new_key, place))

    def carry_out(self) -> None:
        for rename in sorted(self.planned, key=lambda rename: len(rename.place.steps)):
            if len(rename.key) > 1 and rename.key[:-1] != rename.new_key[:-1]:
                self._under_new_parent(rename)
            elif not is_parent_row(rename.spec, rename.key):
                self._rename_entry(rename.place.parent, rename.place.entry, rename.new_key[-1])

    def _rename_entry(self, parent: Collection, entry: Entry, name: str) -> None:
        if entry.name == name:
            return
        if parent.is_mapping:
            entry.key = key_like(name, entry.key, in_flow=parent.is_flow)
        else:
            set_scalar(self.tree, parent, entry, name)
        entry.name = name
        parent.changed()

    def _under_new_parent(self, rename: _Rename) -> None:
        """The parent was renamed, is renamed here with all its rows, or the row moves to another parent."""
        depth = _parent_depth(rename.spec, rename.key)
        parents, parent = rename.place.steps[depth]
        wanted = rename.new_key[0]
        if parent.name != wanted:
            if parents.find(wanted) is None and self._all_go(rename, parent):
                self._rename_entry(parents, parent, wanted)
            else:
                self._relocate(rename)
                return
        if not is_parent_row(rename.spec, rename.key):
            self._rename_entry(rename.place.parent, rename.place.entry, rename.new_key[-1])

    def _all_go(self, rename: _Rename, parent: Entry) -> bool:
        """Every row under the parent is renamed to the same new parent."""
        together = [
            other
            for other in self.planned
            if other.spec.tab == rename.spec.tab
            and other.key[0] == rename.key[0]
            and other.new_key[0] == rename.new_key[0]
        ]
        rows = rename.place.parent.entries if not is_parent_row(rename.spec, rename.key) else []
        moving = {id(other.place.entry) for other in together}
        own = all(column.path[0] not in _names(self.tree, parent) for column in rename.spec.columns if column.path)
        parent_goes = own or id(parent) in moving or not rename.spec.optional_last_key
        return all(id(row) in moving for row in rows) and parent_goes

    def _relocate(self, rename: _Rename) -> None:
        spec, place = rename.spec, rename.place
        if is_parent_row(spec, rename.key):
            return
        take_out(place.parent, place.entry)
        path = row_path(spec, rename.new_key)
        parent = container(self.tree, spec, path[:-1])
        entry = place.entry
        fits = not parent.is_flow and not place.parent.is_flow and parent.column == place.parent.column
        if not fits:
            value = entry.content.value()
            entry = new_entry(self.tree, parent, entry.name, Raw(flow_text(value), value))
        entry.gap = ""
        insert_entry(self.tree, parent, entry, len(parent.entries))
        self._rename_entry(parent, entry, rename.new_key[-1])


def _parent_depth(spec: TableSpec, key: RowKey) -> int:
    """Which step of a place is the parent that the first key names."""
    del key
    segments = [part for part in spec.row_path if part != ITEM]
    return next(index for index, part in enumerate(segments) if part == "{" + spec.keys[0] + "}")


def _names(tree: SourceTree, entry: Entry) -> set[str]:
    inner = tree.peek(entry)
    return {child.name for child in inner.entries} if inner is not None else set()
