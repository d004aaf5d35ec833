"""The smallest set of edits that turns one set of tables into another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from mergecells.domain.tables import (
    AddRow,
    DeleteRow,
    Edit,
    MoveRow,
    RenameRow,
    Row,
    RowKey,
    SetCell,
    Table,
    Tables,
    TableValue,
)


def same_value(one: TableValue, other: TableValue) -> bool:
    """Equal as a cell: 3 and 3.0 are, the text 3 and the number are not, nor are TRUE and 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and one == other
    return one == other


def same_cells(one: Row, other: Row) -> bool:
    return all(same_value(one.cells.get(title), other.cells.get(title)) for title in {**one.cells, **other.cells})


def diff_tables(base: Tables, head: Tables) -> list[Edit]:
    """Edits that make `base` equal to `head`, tab by tab: deletes, renames, then adds, moves and sets in row order.

    Deletes and renames name rows as they are in `base`, all other edits as they are in `head`. A rename is a row of
    `head` whose `former_key` is gone, or one removed and one added row of the same parent with equal cells. Tabs that
    are missing in `head` are left alone.
    """
    edits: list[Edit] = []
    for tab, table in head.items():
        old = base.get(tab) or Table(table.spec, {})
        edits += _diff_table(tab, old, table)
    return edits


def _diff_table(tab: str, base: Table, head: Table) -> list[Edit]:
    renamed = find_renames(base, head)
    former = {new: old for old, new in renamed.items()}
    deleted = [key for key in base.rows if key not in renamed and key not in head.rows]
    # A key that was renamed away and is now another row's: that row is new, not a change of the old one.
    deleted += [key for key in base.rows if key not in renamed and key in former]
    edits: list[Edit] = [DeleteRow(tab, key) for key in deleted]
    edits += [RenameRow(tab, old, new) for old, new in renamed.items()]
    gone = {*deleted, *renamed}
    origin = {key: former.get(key, key) for key in head.rows if key in former or (key in base.rows and key not in gone)}
    edits += _placed(tab, base, head, origin)
    for key, old in origin.items():
        edits += _sets(tab, base.rows[old], head.rows[key], key)
    return edits


def find_renames(base: Table, head: Table) -> dict[RowKey, RowKey]:
    """Old key → new key, in the order of `head`."""
    renames: dict[RowKey, RowKey] = {}
    for key, row in head.rows.items():
        old = row.former_key
        if old is None or old not in base.rows or old in head.rows or old in renames:
            continue
        # A vertical's component row that becomes a factor's is another thing: one goes, one comes.
        if bool(old[-1]) == bool(key[-1]):
            renames[old] = key
    removed = [key for key in base.rows if key not in head.rows and key not in renames]
    taken = set(renames.values())
    added = [key for key in head.rows if key not in base.rows and key not in taken]
    return renames | _same_content(base, head, removed, added)


def _same_content(base: Table, head: Table, removed: Sequence[RowKey], added: Sequence[RowKey]) -> dict[RowKey, RowKey]:
    """One removed and one added row under the same parent with the same cells, and no other of that content."""
    if not base.spec.columns:
        return {}
    old = _by_content(base, removed)
    new = _by_content(head, added)
    return {
        keys[0]: new[content][0] for content, keys in old.items() if len(keys) == 1 and len(new.get(content, ())) == 1
    }


def _by_content(table: Table, keys: Sequence[RowKey]) -> dict[tuple[object, ...], list[RowKey]]:
    found: dict[tuple[object, ...], list[RowKey]] = {}
    for key in keys:
        cells = table.rows[key].cells
        content = tuple(
            (column.title, type(cells.get(column.title)) is bool, _plain(cells.get(column.title)))
            for column in table.spec.columns
        )
        if any(cells.values()):
            found.setdefault((key[:-1], bool(key[-1]), *content), []).append(key)
    return found


def _plain(value: TableValue) -> TableValue:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _sets(tab: str, old: Row, new: Row, key: RowKey) -> Iterator[Edit]:
    for title, value in new.cells.items():
        before = old.cells.get(title)
        if not same_value(before, value):
            yield SetCell(tab, key, title, value, before)


def _placed(tab: str, base: Table, head: Table, origin: Mapping[RowKey, RowKey]) -> Iterator[Edit]:
    """Adds, and moves of what is not in the longest run of rows that kept their order, among siblings."""
    places = {key: index for index, key in enumerate(base.rows)}
    parents = {key[:-1] for key in base.rows}
    groups: dict[RowKey, list[RowKey]] = {}
    for key in head.rows:
        if key[-1]:
            groups.setdefault(key[:-1], []).append(key)
        elif key not in origin:
            yield AddRow(tab, key, head.rows[key].cells)
    for siblings in groups.values():
        old = _at_home(siblings, parents, origin)
        steady = {old[index] for index in longest_increasing([places[origin[key]] for key in old])}
        after: RowKey | None = None
        for key in siblings:
            if key not in origin:
                yield AddRow(tab, key, head.rows[key].cells, after)
            elif key not in steady:
                yield MoveRow(tab, key, after)
            after = key


def _at_home(siblings: Sequence[RowKey], parents: set[RowKey], origin: Mapping[RowKey, RowKey]) -> list[RowKey]:
    """Those that were under this parent before, also under its former name; a row from elsewhere must be placed."""
    known = [key for key in siblings if key in origin]
    parent = siblings[0][:-1]
    if known and parent not in parents:
        parent = origin[known[0]][:-1]
    return [key for key in known if origin[key][:-1] == parent]


def longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Indexes of one longest strictly increasing subsequence. O(n log n), patience sorting."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(tails, number)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [number]
        ends[place : place + 1] = [index]
    result: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        result.append(index)
        index = before[index]
    return result[::-1]
