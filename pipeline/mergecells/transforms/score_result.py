"""The result of scoring many leads: columns that look like lists, and become Arrow's without a copy."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from mergecells.domain.errors import UsageError
from mergecells.domain.revision import Revision

if TYPE_CHECKING:
    from mergecells.transforms.score import Score


class _View(Sequence[Any]):
    """A sequence over something that is not a list; equal to a list of the same items."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, str) and list(self) == list(other)

    def __hash__(self) -> int:
        raise TypeError(f"unhashable type: {type(self).__name__!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} leads)"


class FloatColumn(_View):
    """Floats held by NumPy: `numpy.asarray(column)` takes no copy, an index gives a float, a slice a list."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.array[index].tolist()

    def __iter__(self) -> Iterator[float]:
        return iter(self.array.tolist())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = self.array if dtype is None else self.array.astype(dtype, copy=False)
        return array.copy() if copy else array


class TierColumn(_View):
    """Tier names, held as `codes` into `names`."""

    __slots__ = ("codes", "names")

    def __init__(self, codes: Any, names: Sequence[str]) -> None:
        self.codes, self.names = codes, names

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self.names[code] for code in self.codes[index].tolist()]
        return self.names[self.codes[index]]

    def __iter__(self) -> Iterator[str]:
        return map(self.names.__getitem__, self.codes.tolist())


class IssueColumn(_View):
    """What was odd, lead by lead; only those with issues are held, in `found`."""

    __slots__ = ("_length", "found")

    def __init__(self, length: int, found: Mapping[int, tuple[str, ...]]) -> None:
        self._length, self.found = length, found

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self.found.get(row, ()) for row in range(self._length)[index]]
        return self.found.get(range(self._length)[index], ())


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """Many scored leads, column by column; every sequence has one entry for each lead, in order.

    The sequences are lists, or views of NumPy's arrays that behave like them.
    """

    value: Sequence[float]
    tier: Sequence[str]
    components: Mapping[str, Sequence[float]]
    issues: Sequence[tuple[str, ...]]
    revision: Revision
    date: datetime.date
    vertical: str | None = None

    def __len__(self) -> int:
        return len(self.value)

    def issues_by_row(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(row, issues) of the leads that have any, in order."""
        if isinstance(self.issues, IssueColumn):
            yield from sorted(self.issues.found.items())
        else:
            yield from ((row, issues) for row, issues in enumerate(self.issues) if issues)

    def to_arrow(self) -> Any:
        """A pyarrow table: `score`, `tier`, each component's points under its name, `issues` as lists of texts.

        The revision and the date are the schema's metadata. Raises UsageError when pyarrow is not installed.
        """
        try:
            import pyarrow as pa
        except ImportError as error:
            raise UsageError("Arrow tables need pyarrow.", 'Install it: pip install "mergecells[columns]".') from error
        columns = {
            "score": pa.array(_held(self.value), type=pa.float64()),
            "tier": _tiers_in_arrow(pa, self.tier),
            **{name: pa.array(_held(points), type=pa.float64()) for name, points in self.components.items()},
            "issues": _issues_in_arrow(pa, self.issues),
        }
        about = {"revision": self.revision, "date": self.date.isoformat(), "vertical": self.vertical or ""}
        return pa.table(list(columns.values()), names=list(columns), metadata=about)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """For every library that reads Arrow's C interface: `polars.DataFrame(scores)`."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


def columns_of_scores(scores: Sequence[Score]) -> ScoreColumns:
    """Scores of one config and date, side by side; at least one."""
    first = scores[0]
    return ScoreColumns(
        value=[score.value for score in scores],
        tier=[score.tier for score in scores],
        components={name: [score.components[name] for score in scores] for name in first.components},
        issues=[score.issues for score in scores],
        revision=first.revision,
        date=first.date,
        vertical=first.vertical,
    )


def as_list_of(column: Any) -> list[Any]:
    """A column's values as Python's own."""
    for name in ("to_pylist", "to_list", "tolist"):
        convert = getattr(column, name, None)
        if convert is not None:
            return list(convert())
    return list(column)


def _held(column: Sequence[float]) -> Any:
    return column.array if isinstance(column, FloatColumn) else column


def _tiers_in_arrow(pa: Any, tiers: Sequence[str]) -> Any:
    if isinstance(tiers, TierColumn):
        return pa.DictionaryArray.from_arrays(pa.array(tiers.codes), pa.array(tiers.names, type=pa.string()))
    return pa.array(tiers, type=pa.string()).dictionary_encode()


def _issues_in_arrow(pa: Any, issues: Sequence[tuple[str, ...]]) -> Any:
    kind = pa.list_(pa.string())
    if isinstance(issues, IssueColumn) and not issues.found:
        import numpy as np

        return pa.ListArray.from_arrays(pa.array(np.zeros(len(issues) + 1, dtype=np.int32)), pa.array([], pa.string()))
    return pa.array([list(texts) for texts in issues], type=kind)
