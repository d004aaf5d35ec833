"""Exact searches in a list or table by an index, so that a look-up costs the same in 5,000 rows as in five.

An index gives places where an equal value may stand; the functions' own comparison then decides. What counts as equal
is said in one place, and the answer is that of going through the list cell by cell.

An array gets an index when it is searched for the second time: one that a formula makes for one search is gone through,
one that a Snapshot holds is searched for every lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from mergecells.formula.number_text import parse_number, round_to_15
from mergecells.formula.values import Array, Scalar, fold

SMALLEST: Final = 4
"""Cells from which on an index is faster than a look at each."""

Places = Sequence[int]
"""Indexes of cells, upwards."""

_NOWHERE: Final[Places] = ()


class LineIndex:
    """Where each value stands in a line of cells."""

    def __init__(self, cells: Sequence[Scalar]) -> None:
        self.cells: Final = cells
        self._numbers: dict[float, list[int]] = {}
        self._texts: dict[str, list[int]] = {}
        self._booleans: dict[bool, list[int]] = {}
        for place, cell in enumerate(cells):
            if type(cell) is float:
                self._numbers.setdefault(round_to_15(cell), []).append(place)
            elif type(cell) is str:
                self._texts.setdefault(fold(cell), []).append(place)
            elif type(cell) is bool:
                self._booleans.setdefault(cell, []).append(place)

    def same_type(self, wanted: Scalar) -> Places | None:
        """All places of values of this type that may be equal; None where only looking at each cell can tell."""
        if type(wanted) is float:
            return self._numbers.get(round_to_15(wanted), _NOWHERE)
        if type(wanted) is str:
            return self._texts.get(fold(wanted), _NOWHERE)
        return self._booleans.get(wanted, _NOWHERE) if type(wanted) is bool else None

    def first_text(self, wanted: str) -> int | None:
        """The first place of a text that is not empty; no other value equals one."""
        places = self._texts.get(fold(wanted))
        return places[0] if places else None

    def number_or_text(self, wanted: float) -> Places:
        """Places of a number, and of texts that read as it: a criterion finds both."""
        numbers, texts = self._numbers.get(round_to_15(wanted), _NOWHERE), self._read.get(wanted, _NOWHERE)
        return sorted((*numbers, *texts)) if texts else numbers

    @cached_property
    def _read(self) -> dict[float, list[int]]:
        read: dict[float, list[int]] = {}
        for place, cell in enumerate(self.cells):
            number = parse_number(cell) if type(cell) is str else None
            if number is not None:
                read.setdefault(number, []).append(place)
        return read


def line_index(array: Array, column: int | None = None) -> LineIndex | None:
    """The index of an array's cells, or of one of its columns; None for a short line, and at the first search."""
    if array.height < SMALLEST and (column is not None or len(array) < SMALLEST):
        return None
    indexes: dict[int | None, LineIndex | None] = array.__dict__.setdefault("_indexes", {})
    found = indexes.get(column)
    if found is None:
        if column not in indexes:
            indexes[column] = None
            return None
        found = indexes[column] = LineIndex(array.cells if column is None else array.columns[column])
    return found
