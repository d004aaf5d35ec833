"""What happens to references when rows or columns of a tab stand elsewhere than before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.locations import column_letters

_REFERENCE = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?"""
    r"""(?<![\w.$])(?P<first>\$?[A-Z]{1,3}\$?[0-9]{1,7})(?::(?P<last>\$?[A-Z]{1,3}\$?[0-9]{1,7}))?(?![\w.(!])"""
)
_CELL = re.compile(r"(\$?)([A-Z]{1,3})(\$?)([0-9]+)\Z")


@dataclass(frozen=True, slots=True)
class Movement:
    """Where the rows and columns of one tab went. A row mapped to None is gone; rows after `last` move by `shift`."""

    rows: Mapping[int, int | None] = field(default_factory=dict)
    last: int = 0
    shift: int = 0
    columns: Mapping[int, int] = field(default_factory=dict)
    # 10,000 formulas name the same few blocks of 10,000 rows.
    _spans: dict[tuple[int, int], tuple[int, int] | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_still(self) -> bool:
        rows_still = all(old == new for old, new in self.rows.items()) and not self.shift
        return rows_still and all(old == new for old, new in self.columns.items())

    def row(self, row: int) -> int | None:
        return row + self.shift if row > self.last else self.rows.get(row, row)

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """The block that the rows `first` to `last` cover now; None when all of them are gone."""
        if (first, last) not in self._spans:
            self._spans[first, last] = self._span(first, last)
        return self._spans[first, last]

    def _span(self, first: int, last: int) -> tuple[int, int] | None:
        inside = [self.row(row) for row in range(first, min(last, self.last) + 1)]
        if last > self.last:
            inside += [self.row(max(first, self.last + 1)), self.row(last)]
        kept = [row for row in inside if row is not None]
        return (min(kept), max(kept)) if kept else None


Movements = Mapping[str, Movement]
"""By tab."""


def move_formula(formula: str, sheet: str, movements: Movements) -> str:
    """The formula with every reference to a moved tab pointing to where its cells went."""

    def moved(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match["text"]
        prefix = match["sheet"] or ""
        name = prefix[:-1].strip("'").replace("''", "'") if prefix else sheet
        movement = movements.get(name)
        if movement is None:
            return match[0]
        return prefix + move_area(match["first"], match["last"], movement)

    return _REFERENCE.sub(moved, formula)


def move_area(first: str, last: str | None, movement: Movement) -> str:
    """One cell or a block; `#REF!` when nothing of it is left."""
    one, two = _CELL.match(first), _CELL.match(last or first)
    if one is None or two is None:
        return first if last is None else f"{first}:{last}"
    rows = movement.span(int(one[4]), int(two[4]))
    if rows is None:
        return "#REF!"
    start = _join(one, rows[0], movement)
    return start if last is None else f"{start}:{_join(two, rows[1], movement)}"


def _join(cell: re.Match[str], row: int, movement: Movement) -> str:
    column = column_number(cell[2])
    return f"{cell[1]}{column_letters(movement.columns.get(column, column))}{cell[3]}{row}"


def column_number(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column


def move_areas(areas: str, movement: Movement) -> str:
    """A list of blocks, as `sqref` holds them; what is gone is left out."""
    moved = (move_area(*_halves(area), movement) for area in areas.split())
    return " ".join(area for area in moved if area != "#REF!")


def _halves(area: str) -> tuple[str, str | None]:
    first, colon, last = area.partition(":")
    return first, last if colon else None
