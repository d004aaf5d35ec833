"""One table merged: which rows stay, under which key, with which cells and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field

from mergecells.domain.tables import Conflict, Row, RowKey, Table, TableValue
from mergecells.transforms.merge_keys import Line, merge_key, new_parents, resolve_collisions
from mergecells.transforms.merge_order import merge_order
from mergecells.transforms.table_diff import find_renames, same_value


@dataclass(slots=True)
class MergedTable:
    """`renames` are the keys that changed between base and merged."""

    table: Table
    conflicts: list[Conflict]
    renames: dict[RowKey, RowKey]


def merge_table(tab: str, base: Table, ours: Table, theirs: Table) -> MergedTable:
    merging = _Merging(tab, base, ours, theirs)
    lines = merging.match_rows()
    kept = [line for line in lines if merging.keep(line)]
    merging.conflicts += resolve_collisions(tab, kept)
    merging.merge_cells([line for line in kept if line.key is not None])
    rows = merging.in_order([line for line in kept if line.key is not None])
    renames = {
        line.base.key: line.key for line in kept if line.base and line.key is not None and line.key != line.base.key
    }
    return MergedTable(Table(theirs.spec, rows), merging.conflicts, renames)


@dataclass(slots=True)
class _Merging:
    tab: str
    base: Table
    ours: Table
    theirs: Table
    conflicts: list[Conflict] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)

    def match_rows(self) -> list[Line]:
        """One line for each row that any side has: the same row under its keys on each side."""
        our_keys, their_keys = _followed(self.base, self.ours), _followed(self.base, self.theirs)
        lines = []
        for key, row in self.base.rows.items():
            our, their = our_keys.get(key), their_keys.get(key)
            our_row = self.ours.rows[our] if our is not None else None
            their_row = self.theirs.rows[their] if their is not None else None
            lines.append(Line(row, our_row, their_row))
        return lines + self._added(set(our_keys.values()), set(their_keys.values()))

    def _added(self, ours_known: set[RowKey], theirs_known: set[RowKey]) -> list[Line]:
        our_parents = new_parents(self.base, self.ours, _followed(self.base, self.ours))
        their_parents = new_parents(self.base, self.theirs, _followed(self.base, self.theirs))
        added: dict[RowKey, Line] = {}
        for key, row in self.theirs.rows.items():
            if key not in theirs_known:
                added[our_parents(key)] = Line(None, None, row, our_parents(key))
        for key, row in self.ours.rows.items():
            if key not in ours_known:
                line = added.setdefault(their_parents(key), Line(None, None, None, their_parents(key)))
                line.ours = row
        return list(added.values())

    def keep(self, line: Line) -> bool:
        """Decides whether a row stays, and its key. A row that one side deleted and the other changed is a conflict."""
        base, ours, theirs = line.base, line.ours, line.theirs
        if base is None:
            return True
        if ours is None and theirs is None:
            return False
        if theirs is None and ours is not None:
            if not _unchanged(base, ours):
                self._row_conflict(line, _what(base, ours), "deleted")
            return False
        if ours is None and theirs is not None:
            line.key = theirs.key
            if _unchanged(base, theirs):
                return False
            self._row_conflict(line, "deleted", _what(base, theirs))
            return True
        if ours is not None and theirs is not None:
            line.key = merge_key(base.key, ours.key, theirs.key)
            if line.key is None:
                line.key = theirs.key
                self._row_conflict(line, _what(base, ours), _what(base, theirs))
        return True

    def _row_conflict(self, line: Line, ours: str, theirs: str) -> None:
        row = line.theirs or line.ours or line.base
        if row is None:
            return
        self.conflicts.append(
            Conflict(self.tab, row.key, None, _shown_key(line.base), ours, theirs, line.our_cell(self.ours.spec))
        )

    def merge_cells(self, lines: list[Line]) -> None:
        for line in lines:
            cells = {column.title: self._cell(line, column.title) for column in self.theirs.spec.columns}
            self._columns_gone(line)
            ours = line.ours
            former = line.theirs.key if line.theirs and line.theirs.key != line.key else None
            key = line.key or ()
            self.rows[id(line)] = Row(key, cells, former, ours.refs if ours else {}, ours.shown if ours else {})

    def _cell(self, line: Line, title: str) -> TableValue:
        base = _value(line.base, title)
        theirs = _value(line.theirs, title) if line.theirs else base
        # A column that our side does not have, or a row that it deleted while they changed it, is not our edit.
        ours = _value(line.ours, title) if line.ours and title in line.ours.cells else base
        if line.theirs is None:
            return ours
        if same_value(ours, theirs) or same_value(ours, base):
            return theirs
        if same_value(theirs, base):
            return ours
        self._cell_conflict(line, title, base, ours, theirs)
        return theirs

    def _columns_gone(self, line: Line) -> None:
        """An edit of ours in a column that they do not have any more has no place to go."""
        if line.ours is None:
            return
        there = {column.title for column in self.theirs.spec.columns}
        for title in line.ours.cells:
            base, ours = _value(line.base, title), _value(line.ours, title)
            if title not in there and ours is not None and not same_value(base, ours):
                self._cell_conflict(line, title, base, ours, None)

    def _cell_conflict(self, line: Line, title: str, base: TableValue, ours: TableValue, theirs: TableValue) -> None:
        cell = line.ours.refs.get(title) if line.ours else None
        self.conflicts.append(Conflict(self.tab, line.key or (), title, base, ours, theirs, cell))

    def in_order(self, lines: list[Line]) -> dict[RowKey, Row]:
        ordered = merge_order(lines, list(self.base.rows), list(self.ours.rows), list(self.theirs.rows))
        rows = [self.rows[id(line)] for line in ordered]
        return {row.key: row for row in rows}


def _followed(base: Table, side: Table) -> dict[RowKey, RowKey]:
    """Base key → the key of the same row on a side, for the rows that the side still has."""
    renamed = find_renames(base, side)
    taken = set(renamed.values())
    stayed = {key: key for key in base.rows if key in side.rows and key not in renamed and key not in taken}
    return stayed | renamed


def _unchanged(base: Row, side: Row) -> bool:
    """A column that the side does not have is unchanged."""
    return base.key == side.key and all(same_value(_value(base, title), _value(side, title)) for title in side.cells)


def _value(row: Row | None, title: str) -> TableValue:
    """A row's cell; blank text is blank."""
    value = row.cells.get(title) if row else None
    return None if value == "" else value


def _what(base: Row, side: Row) -> str:
    return f"renamed to {' / '.join(part for part in side.key if part)}" if side.key != base.key else "changed"


def _shown_key(row: Row | None) -> str | None:
    return " / ".join(part for part in row.key if part) if row else None
