"""What a column is inside the columnar path: one value for each lead, in whichever form is cheapest. Needs NumPy.

`Coded` has codes into a table of distinct values, `Numbers` floats with blanks, `Constant` one value for all. Rows
whose value fits the form of their column badly (a text among numbers, an error value) are listed in `rows` with their
`values`, and what stands in the column at those rows means nothing.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from mergecells.formula import Value
from mergecells.transforms.score_values import share, share_of_field

Codes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

NO_ROWS: Final[Codes] = np.empty(0, dtype=np.int64)


@dataclass(slots=True, eq=False)
class Table:
    """The distinct values of a column and, once asked for, what each is worth as a factor.

    `known` is None when all values are there; else it tells which have been computed so far. A `local` table belongs to
    one chunk: what is made of it is not remembered.
    """

    values: list[Value]
    known: Mask | None = None
    local: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shares: dict[bool, tuple[Floats, dict[int, str]]] = field(default_factory=dict)
    _share_tables: dict[bool, Table] = field(default_factory=dict)
    _weighted: dict[tuple[bool, float], Floats] = field(default_factory=dict)

    def complete(self, codes: Codes, compute: Callable[[int], Value]) -> None:
        """Compute the values for all of `codes` that are not there yet."""
        known = self.known
        if known is None or known.take(codes, mode="clip").all():
            return
        with self._lock:
            if self.known is None:
                return
            wanted = np.zeros(len(self.known), dtype=np.bool_)
            wanted[codes] = True
            for code in np.flatnonzero(wanted & ~self.known).tolist():
                self.values[code] = compute(code)
                for is_field, worth in self._shares.items():
                    _note_worth(self, code, is_field, worth)
                self.known[code] = True
            if self.known.all():
                self.known = None

    def shares(self, is_field: bool) -> tuple[Floats, dict[int, str]]:
        """Values as shares of 0..1, and by code what is odd. A field's text counts 1."""
        found = self._shares.get(is_field)
        if found is not None:
            return found
        with self._lock:
            worth: tuple[Floats, dict[int, str]] = (np.zeros(len(self.values)), {})
            for code in range(len(self.values)) if self.known is None else np.flatnonzero(self.known).tolist():
                _note_worth(self, code, is_field, worth)
            return self._shares.setdefault(is_field, worth)

    def weighted(self, is_field: bool, weight: float) -> Floats:
        """The shares times a weight; of a table that is complete."""
        found = self._weighted.get((is_field, weight))
        if found is None:
            found = self._weighted.setdefault((is_field, weight), self.shares(is_field)[0] * weight)
        return found

    def as_shares(self, is_field: bool) -> Table:
        """A table of the shares, for a component's formula to read; of a table that is complete."""
        found = self._share_tables.get(is_field)
        if found is None:
            shares = self.shares(is_field)[0]
            table = Table(cast("list[Value]", shares.tolist()), local=self.local)
            table._shares[False] = shares, {}
            found = self._share_tables.setdefault(is_field, table)
        return found


def _note_worth(table: Table, code: int, is_field: bool, worth: tuple[Floats, dict[int, str]]) -> None:
    worth[0][code], odd = _worth(table.values[code], is_field)
    if odd:
        worth[1][code] = odd


def _worth(value: Value, is_field: bool) -> tuple[float, str]:
    return (share_of_field(value), "") if is_field else share(value)


@dataclass(slots=True, eq=False)
class Constant:
    """The same value in every row."""

    value: Value


@dataclass(slots=True, eq=False)
class Coded:
    """Row i has `table.values[codes[i]]`. Columns of one `family` have the same codes."""

    codes: Codes
    table: Table
    family: object
    rows: Codes = field(default_factory=lambda: NO_ROWS)
    values: Sequence[Value] = ()


@dataclass(slots=True, eq=False)
class Numbers:
    """Row i has `x[i]`, or is blank where `blank` says so (`x` is 0 there)."""

    x: Floats
    blank: Mask | None = None
    rows: Codes = field(default_factory=lambda: NO_ROWS)
    values: Sequence[Value] = ()
    wholes: tuple[Codes, Codes | None] | None = None
    """Places in a table of whole numbers, and the rows that have none; see `column_formulas`."""
    low: float = -math.inf
    """No number is below `low`, nor above `high`, `rows` left aside."""
    high: float = math.inf
    family: object = field(default_factory=object)


@dataclass(slots=True, eq=False)
class Texts:
    """Row i has `array[i]`, an Arrow array of ASCII texts that hardly repeat; "" where `blank` says so."""

    array: Any
    blank: Mask | None = None
    rows: Codes = field(default_factory=lambda: NO_ROWS)
    values: Sequence[Value] = ()
    family: object = field(default_factory=object)


ColumnValue: TypeAlias = "Constant | Coded | Numbers | Texts"


def values_at(column: ColumnValue, rows: Codes) -> list[Value]:
    """The values of some rows."""
    if isinstance(column, Constant):
        return [column.value] * len(rows)
    found: list[Any]
    if isinstance(column, Coded):
        found = [column.table.values[code] for code in column.codes[rows].tolist()]
    else:
        found = column.x[rows].tolist() if isinstance(column, Numbers) else column.array.take(rows).to_pylist()
        if column.blank is not None:
            for place in np.flatnonzero(column.blank[rows]).tolist():
                found[place] = None
    if len(column.rows):
        special = dict(zip(column.rows.tolist(), column.values, strict=True))
        for place in np.flatnonzero(np.isin(rows, column.rows)).tolist():
            found[place] = special[int(rows[place])]
    return found


def with_values(column: ColumnValue, rows: Codes, values: Sequence[Value]) -> ColumnValue:
    """`column` with other values in `rows`; floats are put in place where the form allows it."""
    if isinstance(column, Constant):
        raise TypeError("a constant has no rows")
    if isinstance(column, Coded):
        return Coded(column.codes, column.table, column.family, rows, values)
    if isinstance(column, Texts):
        return Texts(column.array, column.blank, rows, values)
    floats = [place for place, value in enumerate(values) if type(value) is float]
    found = cast("list[float]", [values[place] for place in floats])
    column.x[rows[floats]] = found
    if column.blank is not None:
        column.blank[rows] = False
    rest = [place for place, value in enumerate(values) if type(value) is not float]
    low, high = min([column.low, *found]), max([column.high, *found])
    return Numbers(
        column.x,
        column.blank,
        rows[rest],
        [values[place] for place in rest],
        low=low,
        high=high,
    )
