"""Which row of an existing tab each row of a layout is, and where it must stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from mergecells.adapters.cell_references import Movement

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowPlan:
    """`movement` says where the tab's present rows go, `targets` in which row each key stands, `new` which rows there
    were none of before."""

    movement: Movement
    targets: Mapping[Key, int]
    new: frozenset[int]


def plan_rows(present: Mapping[int, Key], wanted: Sequence[Key], header: int, last: int) -> RowPlan:
    """Match `present` (row → key) with the `wanted` keys in order. Rows without a key stay behind the row they follow,
    so that a person's own lines between the rows are kept; those below the table stay below it. `last` is the last row
    that holds anything."""
    matched = _match(present, wanted)
    rows_of = {key: row for row, key in matched.items()}
    end = max(present, default=last)
    followers = _followers(matched, present, header, min(end, last))
    order: list[tuple[Key | None, int | None]] = [(None, row) for row in followers[header]]
    for key in wanted:
        row = rows_of.get(key)
        order.append((key, row))
        order += [(None, follower) for follower in followers.get(row, ())] if row is not None else []
    order += [(None, row) for row in range(end + 1, last + 1)]
    rows: dict[int, int | None] = dict.fromkeys((row for row in present if row not in matched), None)
    targets: dict[Key, int] = {}
    new: set[int] = set()
    for number, (named, row) in enumerate(order, start=header + 1):
        if row is not None:
            rows[row] = number
        elif named is not None:
            new.add(number)
        if named is not None:
            targets[named] = number
    return RowPlan(Movement(rows, last, header + len(order) - last), targets, frozenset(new))


def _match(present: Mapping[int, Key], wanted: Sequence[Key]) -> dict[int, Key]:
    """Row → wanted key: the same key, or, where as many rows lost their key as appeared in one gap, the same place (a
    row that was renamed on the branch keeps what a person wrote beside it)."""
    keys = {key: row for row, key in sorted(present.items(), reverse=True)}
    matched = {keys[key]: key for key in wanted if key in keys}
    order = [present[row] for row in sorted(present)]
    rows = sorted(present)
    for tag, start, end, other, stop in SequenceMatcher(None, order, list(wanted), autojunk=False).get_opcodes():
        if tag == "replace" and end - start == stop - other:
            for row, key in zip(rows[start:end], wanted[other:stop], strict=True):
                if row not in matched and key not in keys:
                    matched[row] = key
    return matched


def _followers(matched: Mapping[int, Key], present: Mapping[int, Key], header: int, last: int) -> dict[int, list[int]]:
    """Rows without a key, by the matched row (or the header) above them."""
    found: dict[int, list[int]] = {header: []}
    above = header
    for row in range(header + 1, last + 1):
        if row in matched:
            above = row
            found[above] = []
        elif row not in present:
            found[above].append(row)
    return found
