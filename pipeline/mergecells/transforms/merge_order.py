"""The order of merged rows: theirs, with the rows that we moved or added where we put them."""

from __future__ import annotations

from collections.abc import Sequence

from mergecells.domain.tables import Row, RowKey
from mergecells.transforms.merge_keys import Line
from mergecells.transforms.table_diff import longest_increasing


def merge_order(
    lines: Sequence[Line], base: Sequence[RowKey], ours: Sequence[RowKey], theirs: Sequence[RowKey]
) -> list[Line]:
    """Each row that only we moved or added follows the row that is before it on our side. Linear but for a sort."""
    base_place = {key: place for place, key in enumerate(base)}
    our_order = _in_order([(line.ours, line) for line in lines], ours)
    their_order = _in_order([(line.theirs, line) for line in lines], theirs)
    moved_by_us, moved_by_them = _moved(our_order, base_place), _moved(their_order, base_place)
    placed_by_us = {
        id(line)
        for line in our_order
        if line.theirs is None or (id(line) in moved_by_us and id(line) not in moved_by_them)
    }
    follower: dict[int, Line] = {}
    previous = 0
    for line in our_order:
        if id(line) in placed_by_us:
            follower[previous] = line
        previous = id(line)
    result = _chain(0, follower)
    for line in their_order:
        if id(line) not in placed_by_us:
            result += [line, *_chain(id(line), follower)]
    return result


def _in_order(rows: Sequence[tuple[Row | None, Line]], order: Sequence[RowKey]) -> list[Line]:
    place = {key: index for index, key in enumerate(order)}
    present = [(place[row.key], line) for row, line in rows if row is not None]
    return [line for _, line in sorted(present, key=lambda pair: pair[0])]


def _moved(order: Sequence[Line], base_place: dict[RowKey, int]) -> set[int]:
    """Rows of base that are not in the longest run that kept its order."""
    known = [(line, base_place[line.base.key]) for line in order if line.base is not None]
    steady = set(longest_increasing([place for _, place in known]))
    return {id(line) for index, (line, _) in enumerate(known) if index not in steady}


def _chain(start: int, follower: dict[int, Line]) -> list[Line]:
    chain: list[Line] = []
    while start in follower:
        line = follower[start]
        chain.append(line)
        start = id(line)
    return chain
