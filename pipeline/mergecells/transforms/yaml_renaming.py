"""Rows that get another key: the key's token changes, or the row's lines go under another parent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mergecells.domain.tables import AddRow, RowKey, TableSpec
from mergecells.transforms.tables import cell_value, item_value
from mergecells.transforms.yaml_cells import CellWriter
from mergecells.transforms.yaml_insert import flow_text, insert_entry, key_like, new_entry, set_scalar, take_out
from mergecells.transforms.yaml_places import Place, container, find_row, is_parent_row, row_path, rows_below
from mergecells.transforms.yaml_removal import RowRemoval
from mergecells.transforms.yaml_rows import add_row
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw


@dataclass(frozen=True, slots=True)
class _Rename:
    spec: TableSpec
    key: RowKey
    new_key: RowKey
    place: Place

    @property
    def together(self) -> tuple[str, str, str]:
        """Renames of one table from one parent to another."""
        return self.spec.tab, self.key[0], self.new_key[0]


class RowRenaming:
    """All renames of one file, looked up by their old keys and then carried out at once: swaps work."""

    def __init__(self, tree: SourceTree, specs: Mapping[str, TableSpec], removal: RowRemoval) -> None:
        self.tree = tree
        self.removal = removal
        self.row_paths = {spec.row_path for spec in specs.values() if spec.file == tree.file}
        self.planned: list[_Rename] = []
        self.moving: dict[tuple[str, str, str], set[int]] = defaultdict(set)

    def plan(self, spec: TableSpec, key: RowKey, new_key: RowKey) -> None:
        place = find_row(self.tree, spec, key)
        if place is not None:
            rename = _Rename(spec, key, new_key, place)
            self.planned.append(rename)
            self.moving[rename.together].add(id(place.entry))

    def carry_out(self) -> None:
        """Parents before their rows, so that a renamed component's factors find it renamed."""
        for rename in sorted(self.planned, key=lambda rename: len(rename.spec.row_path)):
            if len(rename.key) == 1:
                self._rename_entry(rename.place.parent, rename.place.entry, rename.new_key[-1])
            elif self._brought_along(rename):
                if not is_parent_row(rename.spec, rename.key):
                    self._rename_entry(rename.place.parent, rename.place.entry, rename.new_key[-1])
            elif is_parent_row(rename.spec, rename.key):
                self._relocate_own_row(rename)
            else:
                self._relocate(rename)

    def _rename_entry(self, parent: Collection, entry: Entry, name: str) -> None:
        if entry.name == name:
            return
        if parent.is_mapping:
            entry.key = key_like(name, entry.key, in_flow=parent.is_flow)
        else:
            set_scalar(self.tree, parent, entry, item_value(name))
        entry.name = name
        parent.changed()

    def _brought_along(self, rename: _Rename) -> bool:
        """The parent has the new name already, or gets it here because all its rows go to that name."""
        depth = rename.spec.row_path.index("{" + rename.spec.keys[0] + "}")
        parents, parent = rename.place.steps[depth]
        wanted = rename.new_key[0]
        if parent.name == wanted:
            return True
        if parents.find(wanted) is not None or not self._all_go(rename, parent, depth):
            return False
        self._rename_entry(parents, parent, wanted)
        return True

    def _all_go(self, rename: _Rename, parent: Entry, depth: int) -> bool:
        """Every row under the parent goes to one new parent, and no other tab has the parent as its row."""
        spec = rename.spec
        if spec.row_path[: depth + 1] in self.row_paths:
            return False
        moving = self.moving[rename.together]
        below = rows_below(self.tree, spec, parent)
        stays = [entry for entry in below if id(entry) not in moving]
        states = spec.optional_last_key and (not below or _states_something(self.tree, spec, parent))
        return not stays and (not states or id(parent) in moving)

    def _relocate(self, rename: _Rename) -> None:
        """The row's lines go to the end of another parent, which is made when it is not there."""
        place = rename.place
        take_out(place.parent, place.entry)
        self.removal.shrink(rename.spec, place)
        path = row_path(rename.spec, rename.new_key)
        parent, entry = container(self.tree, rename.spec, path[:-1]), place.entry
        if parent.is_flow or place.parent.is_flow or parent.column != place.parent.column:
            value = entry.content.value()
            entry = new_entry(self.tree, parent, entry.name, Raw(flow_text(value), value))
        entry.gap = ""
        insert_entry(self.tree, parent, entry, len(parent.entries))
        self._rename_entry(parent, entry, path[-1])

    def _relocate_own_row(self, rename: _Rename) -> None:
        """What a component itself states goes to another one; its factors stay."""
        spec, place = rename.spec, rename.place
        value = place.entry.content.value()
        cells = {column.title: cell_value(spec, value, column) for column in spec.columns}
        if rows_below(self.tree, spec, place.entry):
            for column in spec.columns:
                if column.path:
                    CellWriter(self.tree, spec).write(place, column, None)
        else:
            take_out(place.parent, place.entry)
        add_row(self.tree, spec, AddRow(spec.tab, rename.new_key, cells))


def _states_something(tree: SourceTree, spec: TableSpec, parent: Entry) -> bool:
    inner = tree.peek(parent)
    names = {child.name for child in inner.entries} if inner is not None else set()
    return any(column.path[0] in names for column in spec.columns if column.path)
