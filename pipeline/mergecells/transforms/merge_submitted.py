"""Where a workbook's edits start from that submitted others before, and whose submission was merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mergecells.domain.tables import Row, RowKey, Table, Tables
from mergecells.transforms.table_diff import same_value


def advance_base(base: Tables, before: Tables, after: Tables, ours: Tables) -> dict[str, Table]:
    """`base` with what this workbook (`ours`, filled from `base`) submitted: its edits made `after` of `before`.

    Cells of rows that keep their key, and rows that the submission added and the workbook still has. A rename stays
    out: rows would be known by other names than the workbook's, and somebody else's could be taken for deleted ones.
    What stays out may give a conflict too many; it never loses anything.
    """
    return {tab: _advance(table, before.get(tab), after.get(tab), ours.get(tab)) for tab, table in base.items()}


def merged_part(before: Tables, after: Tables, theirs: Tables) -> dict[str, Table]:
    """`after` with only those edits of `before` that `theirs` has too: what a squash merge brought of a submission.

    Whoever made such a change on the branch, the workbook had it: an edit since then starts from it.
    """
    empty: Mapping[RowKey, Row] = {}
    return {
        tab: Table(table.spec, dict(_merged_rows(before[tab].rows if tab in before else empty, table, theirs.get(tab))))
        for tab, table in after.items()
    }


def _merged_rows(before: Mapping[RowKey, Row], after: Table, theirs: Table | None) -> Iterator[tuple[RowKey, Row]]:
    for key, row in after.rows.items():
        old, their = before.get(key), theirs.rows.get(key) if theirs else None
        if old is None:
            if their and all(same_value(value, their.cells.get(title)) for title, value in row.cells.items()):
                yield key, row
            continue
        cells = {
            title: value if their and same_value(value, their.cells.get(title)) else old.cells.get(title)
            for title, value in row.cells.items()
        }
        yield key, replace(row, cells=cells)
    for key, row in before.items():
        if key not in after.rows:
            yield key, row


def _advance(base: Table, before: Table | None, after: Table | None, ours: Table | None) -> Table:
    if before is None or after is None or ours is None:
        return base
    rows: dict[RowKey, Row] = {}
    for key, row in base.rows.items():
        old, new = before.rows.get(key), after.rows.get(key)
        rows[key] = _advance_row(row, old, new) if old is not None and new is not None else row
    added: dict[RowKey | None, list[RowKey]] = {}
    above: RowKey | None = None
    for key in after.rows:
        shown = ours.rows.get(key)
        if key in rows:
            above = key
        elif key not in before.rows and shown is not None and shown.former_key not in base.rows:
            added.setdefault(above, []).append(key)
    # Where the submission put them: at another place they would look like rows that the workbook moved since.
    order = [*added.get(None, ()), *(each for key in rows for each in (key, *added.get(key, ())))]
    return Table(base.spec, {key: rows.get(key) or Row(key, after.rows[key].cells) for key in order})


def _advance_row(row: Row, before: Row, after: Row) -> Row:
    submitted = {
        title: after.cells.get(title)
        for title, value in row.cells.items()
        if same_value(before.cells.get(title), value) and not same_value(after.cells.get(title), value)
    }
    return replace(row, cells={**row.cells, **submitted}) if submitted else row
