"""Cells to write, gathered into as few requests as possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from mergecells.adapters.xlsx_cells import shift_formula

Json = dict[str, Any]
Writes = Mapping[tuple[int, int], Json]
"""(row, column) from 1 → CellData, whose keys are the fields to write. Cells with the same fields go together."""

_WORTH_REPEATING = 4


def cell_requests(sheet_id: int, writes: Writes) -> list[Json]:
    """Blocks of cells in row order, so that a row is never cut in two by the end of a batch; runs of one formula that
    goes down a column become one `repeatCell`, of which Google shifts the references as in a copy."""
    rest = dict(writes)
    repeated = _repeats(sheet_id, rest)
    return [*_blocks(sheet_id, rest), *repeated]


def _repeats(sheet_id: int, writes: dict[tuple[int, int], Json]) -> list[Json]:
    """Takes out of `writes` what a repeat covers."""
    formulas: dict[int, list[tuple[int, str]]] = {}
    for (row, column), cell in sorted(writes.items()):
        formula = cell.get("userEnteredValue", {}).get("formulaValue")
        if formula and set(cell) == {"userEnteredValue"}:
            formulas.setdefault(column, []).append((row, formula))
    requests = []
    for column, found in formulas.items():
        for run in _formula_runs(found):
            first, last = run[0][0], run[-1][0]
            area = grid_range(sheet_id, first, column, last, column)
            body = {"range": area, "cell": writes[first, column], "fields": "userEnteredValue"}
            requests.append({"repeatCell": body})
            for row, _ in run:
                del writes[row, column]
    return requests


def _formula_runs(found: list[tuple[int, str]]) -> Iterable[list[tuple[int, str]]]:
    run = found[:1]
    for (row, _), (following, formula) in pairwise(found):
        if following == row + 1 and formula == shift_formula(run[0][1], following - run[0][0], 0):
            run.append((following, formula))
            continue
        if len(run) >= _WORTH_REPEATING:
            yield run
        run = [(following, formula)]
    if len(run) >= _WORTH_REPEATING:
        yield run


def _blocks(sheet_id: int, writes: Writes) -> list[Json]:
    """One `updateCells` for rows that follow each other and write the same columns with the same fields."""
    rows: dict[int, list[tuple[int, Json]]] = {}
    for (row, column), cell in sorted(writes.items()):
        rows.setdefault(row, []).append((column, cell))
    blocks: dict[tuple[int, str, int], Json] = {}
    open_blocks: dict[tuple[int, str, int], int] = {}
    order: list[Json] = []
    for row, cells in rows.items():
        for first, fields, run in _row_runs(cells):
            key = (first, fields, len(run))
            if open_blocks.get(key) == row - 1 and _size(blocks[key]) < _MOST_ROWS:
                blocks[key]["updateCells"]["rows"].append({"values": run})
            else:
                start = {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": first - 1}
                blocks[key] = {"updateCells": {"start": start, "rows": [{"values": run}], "fields": fields}}
                order.append(blocks[key])
            open_blocks[key] = row
    return order


_MOST_ROWS = 100
"""Blocks stay small enough to be divided among requests."""


def _size(block: Json) -> int:
    return len(block["updateCells"]["rows"])


def _row_runs(cells: list[tuple[int, Json]]) -> Iterable[tuple[int, str, list[Json]]]:
    """Neighbours with the same fields: (first column, fields, cells)."""
    run: list[Json] = []
    start, fields, last = 0, "", 0
    for column, cell in cells:
        own = ",".join(sorted(cell))
        if run and column == last + 1 and own == fields:
            run.append(_expanded(cell))
        else:
            if run:
                yield start, fields, run
            start, fields, run = column, own, [_expanded(cell)]
        last = column
    if run:
        yield start, fields, run


def _expanded(cell: Json) -> Json:
    """`a.b` writes the part b of a, and no more."""
    made: Json = {}
    for name, value in cell.items():
        part, dot, inner = name.partition(".")
        made[part] = {inner: value} if dot else value
    return made


def grid_range(
    sheet_id: int, row: int, column: int, last_row: int | None = None, last_column: int | None = None
) -> Json:
    """Rows and columns from 1, both ends included → GridRange."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": row - 1,
        "endRowIndex": last_row or row,
        "startColumnIndex": column - 1,
        "endColumnIndex": last_column or column,
    }
