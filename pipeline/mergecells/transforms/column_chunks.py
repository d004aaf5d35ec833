"""Columns of all leads, and how a chunk of each is made: late, so that it is in the cache when a formula reads it.

What a file or a data frame holds stays as it came; what is blank is made of Arrow's bitmap by operations on bits, which
take a fraction of the time of `np.where` and `fill_null`. Needs NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mergecells.transforms.column_values import NO_ROWS, Coded, Codes, Floats, Mask, Numbers, Table, Texts
from mergecells.transforms.score_values import Reading

_NOT_FINITE: Final = "is not finite; taken as blank"

Bits: TypeAlias = NDArray[np.uint8]
"""One bit for each row, the first in the lowest: a bitmap of Arrow; or one byte for each row, 0 or 1."""
Note: TypeAlias = Callable[[Codes, Sequence[str]], None]
"""Told of rows of a chunk, in order, and what is odd in each."""


class CodeSource(Protocol):
    """Codes for all rows, in whatever form they came."""

    def part(self, start: int, stop: int) -> Codes:
        """Those of a chunk, in an array of their own."""
        ...


@dataclass(slots=True, eq=False)
class PlainCodes:
    """Whole numbers that are the codes."""

    codes: Any

    def part(self, start: int, stop: int) -> Codes:
        found: Codes = self.codes[start:stop].astype(np.int64)
        return found


@dataclass(slots=True, eq=False)
class IndexCodes:
    """Indices of a dictionary whose first value is code 1; 0 where `valid`, from its bit `first`, says blank."""

    indices: Any
    valid: Bits
    first: int

    def part(self, start: int, stop: int) -> Codes:
        kept = _all_ones(_unpacked(self.valid, self.first + start, self.first + stop))
        codes: Codes = self.indices[start:stop].astype(np.int64)
        codes += 1
        return np.bitwise_and(codes, kept, out=codes)


@dataclass(slots=True, eq=False)
class TruthCodes:
    """0 for false, 1 for true, 2 where `valid` says blank. Both bitmaps begin at their bit `first`."""

    bits: Bits
    valid: Bits | None
    first: int

    def part(self, start: int, stop: int) -> Codes:
        begin, end = self.first + start, self.first + stop
        truth = _unpacked(self.bits, begin, end)
        if self.valid is not None:
            known = _unpacked(self.valid, begin, end)
            truth &= known
            known ^= 1
            known <<= 1
            truth |= known
        return truth.astype(np.int64)


@dataclass(slots=True, eq=False)
class CodedInput:
    """`odd`: what is odd about a value, by code."""

    codes: CodeSource
    table: Table
    odd: Mapping[int, str]
    family: object = field(default_factory=object)

    def chunk(self, start: int, stop: int, note: Note) -> Coded:
        codes = self.codes.part(start, stop)
        if self.odd:
            marks = np.zeros(len(self.table.values), dtype=np.bool_)
            marks[list(self.odd)] = True
            rows = np.flatnonzero(marks[codes])
            note(rows, [self.odd[code] for code in codes[rows].tolist()])
        return Coded(codes, self.table, self.family)


@dataclass(slots=True, eq=False)
class NumbersInput:
    """`x` plus `shift`, in whatever type they came: it is made floats chunk by chunk, while it is in the cache.

    Blank is where `valid` (Arrow's bitmap, from its bit `first`) says so, and NaN. `rows` (in order) hold `readings`
    that are no numbers.
    """

    x: Any
    valid: Bits | None = None
    first: int = 0
    shift: float = 0.0
    rows: Codes = field(default_factory=lambda: NO_ROWS)
    readings: Sequence[Reading] = ()

    def chunk(self, start: int, stop: int, note: Note) -> Numbers:
        x, blank = self._floats(start, stop)
        # One addition for each number tells whether there is anything to look for.
        if len(x) and not np.isfinite(np.add.reduce(x)):
            x, blank = _without_endless(x, blank, note)
        if not len(self.rows):
            return Numbers(x, blank)
        rows, readings = _told(self.rows, self.readings, start, stop, note)
        return Numbers(x, blank, rows, [value for value, _ in readings])

    def _floats(self, start: int, stop: int) -> tuple[Floats, Mask | None]:
        given = self.x[start:stop]
        x = given if given.dtype == np.float64 else given.astype(np.float64)
        if self.shift:
            x = x + self.shift
        if self.valid is None:
            return x, None
        bits = _unpacked(self.valid, self.first + start, self.first + stop)
        # 0 where blank.
        kept = _all_ones(bits)
        np.bitwise_and(np.ascontiguousarray(x).view(np.int64), kept, out=kept)
        bits ^= 1
        return kept.view(np.float64), bits.view(np.bool_)


@dataclass(slots=True, eq=False)
class TextsInput:
    """An Arrow array of ASCII texts; "" in blank rows and in `rows` (in order), which hold `readings`."""

    array: Any
    blank: Mask | None
    rows: Codes
    readings: Sequence[Reading]

    def __len__(self) -> int:
        return len(self.array)

    def chunk(self, start: int, stop: int, note: Note) -> Texts:
        array, blank = self.array.slice(start, stop - start), None if self.blank is None else self.blank[start:stop]
        rows, readings = _told(self.rows, self.readings, start, stop, note)
        return Texts(array, blank, rows, [value for value, _ in readings])


LeadColumn: TypeAlias = "CodedInput | NumbersInput | TextsInput"


def _unpacked(bitmap: Bits, begin: int, end: int) -> Bits:
    """One byte for each bit from `begin` on."""
    bits = np.unpackbits(bitmap[begin // 8 : (end + 7) // 8], bitorder="little")
    return bits[begin % 8 : begin % 8 + end - begin]


def _all_ones(bits: Bits) -> Codes:
    """All bits set where `bits` is 1, none where it is 0. Negated as bytes: an eighth of the memory."""
    return np.negative(bits.view(np.int8)).astype(np.int64)


def _told(
    rows: Codes, readings: Sequence[Reading], start: int, stop: int, note: Note
) -> tuple[Codes, Sequence[Reading]]:
    """Those of a chunk, its rows counted from its start; what is odd is noted."""
    first, last = np.searchsorted(rows, (start, stop)).tolist()
    rows, readings = rows[first:last] - start, readings[first:last]
    odd = [(row, text) for row, (_, text) in zip(rows.tolist(), readings, strict=True) if text]
    note(np.array([row for row, _ in odd], dtype=np.int64), [text for _, text in odd])
    return rows, readings


def _without_endless(x: Floats, blank: Mask | None, note: Note) -> tuple[Floats, Mask | None]:
    """What is not finite is blank, and an infinity is told of."""
    wrong = ~np.isfinite(x)
    if not wrong.any():
        return x, blank
    endless = np.flatnonzero(np.isinf(x))
    note(endless, [_NOT_FINITE] * len(endless))
    # As `np.where(wrong, 0.0, x)`, in a fraction of its time.
    x = (np.ascontiguousarray(x).view(np.int64) & (wrong.astype(np.int64) - 1)).view(np.float64)
    return x, wrong if blank is None else wrong | blank
