"""One cell of a row written to the source tree: set, added in the order of the columns, or taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mergecells.domain.errors import MergecellsError
from mergecells.domain.tables import Column, TableSpec, TableValue
from mergecells.transforms.table_specs import REMOVE
from mergecells.transforms.yaml_insert import as_block, empty_like, insert_entry, new_entry, set_scalar, take_out
from mergecells.transforms.yaml_places import Place, ordered_index
from mergecells.transforms.yaml_source import SourceTree
from mergecells.transforms.yaml_tree import Collection, Entry, Raw

_ROWS_BELOW = "factors"
"""What a component states itself reads best above its factors."""


@dataclass(frozen=True, slots=True)
class CellWriter:
    """Writes cells of one table. `like` is a row whose style new keys take."""

    tree: SourceTree
    spec: TableSpec
    like: Entry | None = None

    def write(self, place: Place, column: Column, value: TableValue) -> None:
        """Blank removes the key. Only the value's own token changes where the key is there already."""
        parent, entry, like = place.parent, place.entry, self.like
        if self.spec.removable and column.title == REMOVE:
            _set_removed(self.tree, parent, entry, removed=value is True)
            return
        if not column.path:
            set_scalar(self.tree, parent, entry, value, _source(like))
            return
        if self.spec.removable and value is not None and _is_null(self.tree, entry):
            message = (
                f"{self.tree.file}: {entry.name} is removed (its `remove` is TRUE), so its {column.title} is lost."
            )
            raise MergecellsError(message, f"Clear `remove`, or clear the {column.title}.")
        for depth, name in enumerate(column.path):
            mapping = self._mapping(parent, entry, like, create=value is not None)
            if mapping is None:
                return
            like = self._inside(like, name)
            order = self._order(column, depth)
            if depth == len(column.path) - 1:
                self._write_key(mapping, name, value, order, like)
                return
            found = mapping.find(name)
            if found is None and value is None:
                return
            if found is None:
                found = new_entry(self.tree, mapping, name, Raw("{}", None))
                insert_entry(self.tree, mapping, found, ordered_index(mapping, name, order))
            parent, entry = mapping, found

    def _order(self, column: Column, depth: int) -> list[str]:
        """The keys that may stand beside a column's key at a depth of its path, in the order of the columns."""
        above = column.path[:depth]
        beside = [other.path for other in self.spec.columns if other.path[:depth] == above and len(other.path) > depth]
        return [*dict.fromkeys(path[depth] for path in beside), _ROWS_BELOW]

    def _inside(self, like: Entry | None, name: str) -> Entry | None:
        inner = self.tree.peek(like) if like is not None else None
        return inner.find(name) if inner is not None else None

    def _mapping(self, parent: Collection, entry: Entry, like: Entry | None, *, create: bool) -> Collection | None:
        """What the entry holds; made in the style of `like` where the entry holds nothing yet."""
        inner = self.tree.inside(entry)
        if inner is not None or not create:
            return inner
        model = self.tree.peek(like) if like is not None else None
        if model is not None and model.entries and not model.is_flow and not parent.is_flow:
            return as_block(self.tree, parent, entry, is_mapping=True)
        if not entry.content.text():
            entry.mid = entry.mid.rstrip(" ") + " "
        entry.content = made = empty_like(model)
        return made

    def _write_key(
        self, mapping: Collection, name: str, value: TableValue, order: list[str], like: Entry | None
    ) -> None:
        entry = mapping.find(name)
        if entry is not None and value is None:
            take_out(mapping, entry, keep_lead=True)
        elif entry is not None:
            set_scalar(self.tree, mapping, entry, value)
        elif value is not None:
            entry = new_entry(self.tree, mapping, name, Raw("", None))
            quotes = _source(like)
            set_scalar(self.tree, mapping, entry, value, quotes if quotes[:1] in ("'", '"') else "")
            insert_entry(self.tree, mapping, entry, ordered_index(mapping, name, order))


def _source(entry: Entry | None) -> str:
    return entry.content.text() if entry is not None else ""


def _set_removed(tree: SourceTree, parent: Collection, entry: Entry, *, removed: bool) -> None:
    if removed != _is_null(tree, entry):
        settle(tree, parent, entry, "null" if removed else "{}")


def _is_null(tree: SourceTree, entry: Entry) -> bool:
    return isinstance(entry.content, Raw) and entry.content.plain is None and tree.peek(entry) is None


def settle(tree: SourceTree, parent: Collection, entry: Entry, source: str = "{}") -> None:
    """Writes an entry's value as `{}`, `[]` or null on the line of its key; comments after the key stay."""
    content = entry.content
    plain: Any = {"{}": {}, "[]": [], "null": None}[source]
    below = ""
    if isinstance(content, Collection) and not content.is_flow and not content.entries:
        below = content.head + content.rest
    if below or not content.text() or content.text().endswith("\n"):
        comment = entry.mid.partition(":")[2] if parent.is_mapping else entry.mid
        entry.tail = (comment if "\n" in comment else "") + below + entry.tail
    if parent.is_mapping:
        entry.mid = ": "
    entry.content = Raw(source, plain)
    if not parent.is_flow and not entry.tail:
        entry.tail = tree.newline
