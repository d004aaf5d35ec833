"""Three-way merge of tables by row and column: both sides' edits survive, and what cannot is a conflict."""

from __future__ import annotations

from mergecells.domain.tables import Conflict, MergeResult, RowKey, Table, Tables
from mergecells.transforms.merge_keys import adopt_children
from mergecells.transforms.merge_rows import merge_table
from mergecells.transforms.table_diff import diff_tables


def merge_tables(base: Tables, ours: Tables, theirs: Tables) -> MergeResult:
    """Merge what we (a workbook) and they (the head) made of `base`.

    Rows are known by key, followed through renames; cells merge one by one, where blank is a value like any other.
    A cell or row that both changed differently is a conflict: `merged` keeps theirs, and the conflict carries all
    three values and our cell. A tab or column that our workbook does not have counts as unchanged by us; a tab that
    they do not have any more as deleted by them. `edits` turn theirs into merged.
    """
    merged: dict[str, Table] = {}
    conflicts: list[Conflict] = []
    renames: dict[str, dict[RowKey, RowKey]] = {}
    for tab in {**theirs, **ours}:
        known = [tables[tab] for tables in (theirs, ours, base) if tab in tables]
        empty = Table(known[0].spec, {})
        old = base.get(tab, empty)
        result = merge_table(tab, old, ours.get(tab, old), theirs.get(tab, empty))
        if tab in theirs or result.table.rows:
            merged[tab] = result.table
        conflicts += result.conflicts
        renames[tab] = result.renames
    merged = adopt_children(merged, renames)
    return MergeResult(merged, tuple(diff_tables(theirs, merged)), tuple(conflicts))
