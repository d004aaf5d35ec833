"""Columns as dictionary codes: each distinct value once, and for each row which of them it has. Needs NumPy."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
T = TypeVar("T")
U = TypeVar("U")

# Their equality tells apart what readers tell apart, once the types are the same. Not so datetimes (time zones).
_BY_EQUALITY = {str, bool, int, datetime.date}
_NONE = type(None)
_DENSE = 4
"""Combinations per row up to which a table of all of them is cheaper than sorting."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """Row i has `values[codes[i]]`. Every value occurs in some row; equal values may stand more than once."""

    codes: Codes
    values: list[T]

    def map(self, function: Callable[[T], U]) -> Column[U]:
        return Column(self.codes, [function(value) for value in self.values])


def encode(column: Sequence[Any]) -> Column[Any]:
    """A column as it comes. What cannot be compared exactly keeps one value per row: slower, never wrong."""
    if isinstance(column, np.ndarray) and column.dtype == np.float64:
        return _encode_floats(column)
    types = set(map(type, column))
    if types <= {float, _NONE} and float in types:
        # None becomes NaN, and readers take both for blank.
        return _encode_floats(np.array(column, dtype=np.float64))
    known = types - {_NONE}
    if len(known) <= 1 and known <= _BY_EQUALITY:
        return _encode_keys(column, column)
    if known <= _BY_EQUALITY | {float}:
        # 1, 1.0 and TRUE are equal keys for Python, and so are 0.0 and -0.0.
        return _encode_keys(column, [(type(v), repr(v) if type(v) is float else v) for v in column])
    return Column(np.arange(len(column), dtype=np.int64), list(column))


def combine(columns: Mapping[str, Column[Any]], length: int) -> tuple[Codes, list[dict[str, Any]]]:
    """Codes for the distinct combinations, and each combination by the columns' names."""
    codes, count = np.zeros(length, dtype=np.int64), 1
    for column in columns.values():
        if count == 1:
            codes, count = column.codes, len(column.values)
        else:
            codes, count = _renumber(codes * len(column.values) + column.codes, count * len(column.values))
    first = np.empty(count, dtype=np.int64)
    first[codes] = np.arange(length)
    parts = {name: [column.values[i] for i in column.codes[first].tolist()] for name, column in columns.items()}
    return codes, [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)] or [{}]


def _renumber(codes: Codes, bound: int) -> tuple[Codes, int]:
    """Codes below `bound` with the gaps taken out."""
    if bound > _DENSE * len(codes):
        distinct, dense = np.unique(codes, return_inverse=True)
        return dense.astype(np.int64, copy=False), len(distinct)
    seen = np.zeros(bound, dtype=np.bool_)
    seen[codes] = True
    return (np.cumsum(seen, dtype=np.int64) - 1)[codes], int(seen.sum())


def _encode_floats(column: Floats) -> Column[Any]:
    bits = np.ascontiguousarray(column).view(np.int64)
    distinct, codes = np.unique(bits, return_inverse=True)
    return Column(codes.astype(np.int64, copy=False), cast(list[Any], distinct.view(np.float64).tolist()))


def _encode_keys(column: Sequence[Any], keys: Sequence[Any]) -> Column[Any]:
    values = dict(zip(keys, column, strict=True))
    place = {key: number for number, key in enumerate(values)}
    codes = np.fromiter(map(place.__getitem__, keys), dtype=np.int64, count=len(keys))
    return Column(codes, list(values.values()))
