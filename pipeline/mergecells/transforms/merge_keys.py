"""Keys in a merge: renames of both sides combined, collisions undone, children taken along with their parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mergecells.domain.locations import CellRef
from mergecells.domain.tables import Conflict, Row, RowKey, Table, TableSpec


@dataclass(slots=True, eq=False)
class Line:
    """One row on all three sides, and its key in the merged table; None there: the row has no place."""

    base: Row | None
    ours: Row | None
    theirs: Row | None
    key: RowKey | None = None

    def our_cell(self, spec: TableSpec) -> CellRef | None:
        """The cell of our row's key."""
        refs = self.ours.refs if self.ours else {}
        return next((refs[title] for title in reversed(spec.keys) if title in refs), None)


def merge_key(base: RowKey, ours: RowKey, theirs: RowKey) -> RowKey | None:
    """Part by part: a component renamed by one side and its factor by the other go together. None: a conflict."""
    merged = []
    for old, our, their in zip(base, ours, theirs, strict=True):
        if our not in (old, their) and their != old:
            return None
        merged.append(their if our == old else our)
    return tuple(merged)


def new_parents(base: Table, side: Table, followed: Mapping[RowKey, RowKey]) -> Callable[[RowKey], RowKey]:
    """How a side renamed whole parents (a list with all its items), as old key → key under the new name."""
    if len(base.spec.keys) < 2:
        return lambda key: key
    targets: dict[RowKey, set[RowKey]] = {}
    for old, new in followed.items():
        targets.setdefault(old[:-1], set()).add(new[:-1])
    left = {key[:-1] for key in side.rows}
    moved = {old: next(iter(new)) for old, new in targets.items() if len(new) == 1 and old not in left}
    return lambda key: (*moved.get(key[:-1], key[:-1]), key[-1])


def resolve_collisions(tab: str, lines: Sequence[Line]) -> list[Conflict]:
    """Two rows that want one key: the one that has it on their side keeps it, our rename or addition is a conflict."""
    conflicts: list[Conflict] = []
    while True:
        wanted: dict[RowKey, list[Line]] = {}
        for line in lines:
            if line.key is not None:
                wanted.setdefault(line.key, []).append(line)
        losers = [line for group in wanted.values() if len(group) > 1 for line in _losers(group)]
        if not losers:
            return conflicts
        for line in losers:
            conflicts.append(_collision(tab, line))
            line.key = line.theirs.key if line.theirs else None


def _losers(group: list[Line]) -> list[Line]:
    holders = [line for line in group if line.theirs is not None and line.theirs.key == line.key]
    winner = holders[0] if holders else next((line for line in group if line.theirs is not None), group[0])
    return [line for line in group if line is not winner]


def _collision(tab: str, line: Line) -> Conflict:
    name = " / ".join(part for part in line.key or () if part)
    ours = f"renamed to {name}" if line.base else "added"
    theirs = f"another row is {name}"
    key = next((row.key for row in (line.theirs, line.ours) if row), line.key or ())
    cell = next(reversed(list(line.ours.refs.values())), None) if line.ours and line.ours.refs else None
    return Conflict(tab, key, None, " / ".join(line.base.key) if line.base else None, ours, theirs, cell)


def adopt_children(tables: Mapping[str, Table], renames: Mapping[str, Mapping[RowKey, RowKey]]) -> dict[str, Table]:
    """Rows under a renamed parent go along: a factor that one side added to a component that the other renamed."""
    result = dict(tables)
    for tab, parent in tables.items():
        gone = {old: new for old, new in renames.get(tab, {}).items() if old not in parent.rows}
        if not gone:
            continue
        for child_tab, child in tables.items():
            if _is_child(child.spec, parent.spec):
                result[child_tab] = _rekeyed(result[child_tab], gone, len(parent.spec.keys))
    return result


def _is_child(child: TableSpec, parent: TableSpec) -> bool:
    depth = len(parent.row_path)
    return child.file == parent.file and len(child.row_path) > depth and child.row_path[:depth] == parent.row_path


def _rekeyed(table: Table, renamed: Mapping[RowKey, RowKey], width: int) -> Table:
    rows: dict[RowKey, Row] = {}
    for key, row in table.rows.items():
        new = (*renamed.get(key[:width], key[:width]), *key[width:])
        if new != key and new not in table.rows:
            row = replace(row, key=new, former_key=row.former_key or key)  # noqa: PLW2901
        rows[row.key] = row
    return Table(table.spec, rows)
