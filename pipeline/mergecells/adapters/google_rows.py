"""Rows that come, go and move, as requests. Google lets formulas, names and formats follow."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mergecells.adapters.row_plan import RowPlan

Json = dict[str, Any]


def row_requests(sheet_id: int, plan: RowPlan, header: int) -> list[Json]:
    """Deletions from below, then moves, then insertions from above: each leaves the indexes of the later ones right."""
    rows = plan.movement.rows
    gone = sorted((row for row, new in rows.items() if new is None), reverse=True)
    requests: list[Json] = [
        {"deleteDimension": {"range": row_span(sheet_id, first - 1, last)}} for first, last in _runs(sorted(gone))[::-1]
    ]
    kept = sorted(row for row, new in rows.items() if new is not None)
    wanted = sorted(kept, key=lambda row: rows[row] or 0)
    requests += [
        {"moveDimension": {"source": row_span(sheet_id, start, start + 1), "destinationIndex": target}}
        for start, target in _moves(kept, wanted, header)
    ]
    for first, last in _runs(sorted(plan.new)):
        span = row_span(sheet_id, first - 1, last)
        requests.append({"insertDimension": {"range": span, "inheritFromBefore": first - 1 > header}})
    return requests


def is_reordered(plan: RowPlan) -> bool:
    """Whether rows change places, and do not only make room."""
    kept = [new for _, new in sorted(plan.movement.rows.items()) if new is not None]
    return kept != sorted(kept)


def row_span(sheet_id: int, start: int, end: int) -> Json:
    return {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": start, "endIndex": end}


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as blocks (first, last)."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def _moves(present: Sequence[int], wanted: Sequence[int], header: int) -> Iterator[tuple[int, int]]:
    """As few moves of one row as bring `present` into the order of `wanted`: (from, before which row), zero-based,
    counted before the row is taken out."""
    if list(present) == list(wanted):
        return
    place = {row: number for number, row in enumerate(wanted)}
    still = _longest_rising([place[row] for row in present])
    order = list(present)
    for number, row in enumerate(wanted):
        if number in still:
            continue
        start = order.index(row)
        before = wanted[number - 1] if number else None
        target = order.index(before) + 1 if before is not None else 0
        if start in (target, target - 1):
            still.add(number)
            continue
        order.pop(start)
        order.insert(target - (target > start), row)
        still.add(number)
        yield header + start, header + target


def _longest_rising(numbers: Iterable[int]) -> set[int]:
    """The members of a longest rising subsequence: the rows that need not move."""
    numbers = list(numbers)
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        at = bisect_left(tails, number)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(number)
            ends.append(index)
        else:
            tails[at], ends[at] = number, index
    found: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        found.add(numbers[index])
        index = before[index]
    return found
