"""Columns of leads, in whatever form they come, as `Coded` or `Numbers` of the formula language. Needs NumPy.

Taken are lists, NumPy arrays, and what speaks Arrow's C interface (pyarrow, pandas, Polars; needs pyarrow). Each
distinct value is read once, by the very reader of the one-lead path, and what is odd about it is kept for the issues.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from mergecells.domain.errors import UsageError
from mergecells.formula import to_serial
from mergecells.formula.values import MAX_TEXT
from mergecells.transforms.column_codes import Column, encode
from mergecells.transforms.column_values import NO_ROWS, Coded, Codes, Floats, Mask, Numbers, Table, Texts
from mergecells.transforms.lead_texts import NUMBER_PATTERN, read_number, read_text
from mergecells.transforms.score_program import RuleProgram
from mergecells.transforms.score_values import Reading

_SAMPLE: Final = 4_096
_LARGEST: Final = 2**31 - 1
"""Bytes of texts that Arrow's 32-bit offsets can address."""
_OFTEN: Final = 0.5
"""Share of distinct values in a sample from which on a dictionary costs more than it saves."""
_EPOCH: Final = to_serial(datetime.date(1970, 1, 1))
_MARCH_1900: Final = datetime.date(1900, 3, 1)
_NOT_FINITE: Final = "is not finite; taken as blank"

Note: TypeAlias = Callable[[Codes, Sequence[str]], None]
"""Told of rows of a chunk, in order, and what is odd in each."""


@dataclass(slots=True, eq=False)
class CodedInput:
    """`odd`: what is odd about a value, by code."""

    codes: Any
    table: Table
    odd: Mapping[int, str]
    family: object = field(default_factory=object)

    def chunk(self, start: int, stop: int, note: Note) -> Coded:
        codes = self.codes[start:stop].astype(np.int64)
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
    valid: NDArray[np.uint8] | None = None
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
        first, last = np.searchsorted(self.rows, (start, stop)).tolist()
        rows, readings = self.rows[first:last] - start, self.readings[first:last]
        odd = [(row, text) for row, (_, text) in zip(rows.tolist(), readings, strict=True) if text]
        note(np.array([row for row, _ in odd], dtype=np.int64), [text for _, text in odd])
        return Numbers(x, blank, rows, [value for value, _ in readings])

    def _floats(self, start: int, stop: int) -> tuple[Floats, Mask | None]:
        given = self.x[start:stop]
        x = given if given.dtype == np.float64 else given.astype(np.float64)
        if self.shift:
            x = x + self.shift
        if self.valid is None:
            return x, None
        begin, end = self.first + start, self.first + stop
        bits = np.unpackbits(self.valid[begin // 8 : (end + 7) // 8], bitorder="little")
        bits = bits[begin % 8 : begin % 8 + stop - start]
        # 0 where blank, in a fraction of the time that `np.where` takes.
        mask = bits.astype(np.int64)
        np.negative(mask, out=mask)
        np.bitwise_and(np.ascontiguousarray(x).view(np.int64), mask, out=mask)
        return mask.view(np.float64), np.equal(bits, 0)


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
        first, last = np.searchsorted(self.rows, (start, stop)).tolist()
        rows, readings = self.rows[first:last] - start, self.readings[first:last]
        odd = [(row, text) for row, (_, text) in zip(rows.tolist(), readings, strict=True) if text]
        note(np.array([row for row, _ in odd], dtype=np.int64), [text for _, text in odd])
        return Texts(array, blank, rows, [value for value, _ in readings])


LeadColumn: TypeAlias = "CodedInput | NumbersInput | TextsInput"


def columns_of(leads: Any) -> Mapping[str, Any]:
    """Columns by name, from a mapping of columns or from a table (pyarrow, pandas, Polars). Raises UsageError."""
    if isinstance(leads, Mapping):
        return leads
    if hasattr(leads, "iloc"):
        return {str(name): leads[name] for name in leads.columns}
    if hasattr(leads, "__arrow_c_stream__") or hasattr(leads, "__arrow_c_array__"):
        table = arrow().table(leads)
        _refuse_repeated(table.column_names)
        return dict(zip(table.column_names, table.columns, strict=True))
    raise UsageError(
        f"A {type(leads).__name__} is no table of leads.", "Give columns by field name, an Arrow table or a data frame."
    )


def arrow() -> Any:
    """pyarrow. Raises UsageError when it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.compute
    except ImportError as error:
        raise UsageError("Arrow columns need pyarrow.", 'Install it: pip install "mergecells[columns]".') from error
    return pa


def read_column(program: RuleProgram, key: str, column: Any, *, texts: bool) -> tuple[str, LeadColumn] | None:
    """The field's lower-case name and its column; None when `key` is no field. `texts`: cells of a file, to be read."""
    entry = program.reader.column(key)
    if entry is None:
        return None
    name, read = entry
    if texts:
        cell = program.reader.text_reader(key)
        if cell is read_number:
            found = _numbers_in_texts(column, read)
            if found is not None:
                return name, found
        if cell is read_text:
            distinct = _texts(column, lambda given: read(read_text(given)), empty_is_blank=True)
            if distinct is not None:
                return name, distinct
        return name, _coded(_encoded(column), lambda given: read(cell(given) if isinstance(given, str) else given))
    floats = _floats(column) if read(0.5) == (0.5, "") else None
    if floats is not None:
        return name, floats
    if read("a") == ("a", ""):
        distinct = _texts(column, read, empty_is_blank=False)
        if distinct is not None:
            return name, distinct
    return name, _coded(_encoded(column), read)


def _coded(column: Column[Any], read: Callable[[Any], Reading]) -> CodedInput:
    readings = [read(value) for value in column.values]
    odd = {code: text for code, (_, text) in enumerate(readings) if text}
    return CodedInput(column.codes, Table([value for value, _ in readings]), odd)


def _is_arrow(column: Any) -> bool:
    return hasattr(column, "__arrow_c_stream__") or hasattr(column, "__arrow_c_array__") or _is_pandas(column)


def _is_pandas(column: Any) -> bool:
    return hasattr(column, "iloc")


def _array(column: Any) -> Any | None:
    """One Arrow array; None when the column does not come as one."""
    if not _is_arrow(column):
        return None
    pa = arrow()
    if isinstance(column, pa.Array):
        return column
    try:
        chunked = column if isinstance(column, pa.ChunkedArray) else _imported(pa, column)
    except (pa.ArrowException, TypeError, ValueError):
        # A pandas column of mixed objects, for one.
        return None
    if chunked.num_chunks == 1:
        # `combine_chunks` would copy it.
        return chunked.chunk(0)
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.unify_dictionaries()
    array = chunked.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def _imported(pa: Any, column: Any) -> Any:
    if _is_pandas(column):
        found = pa.array(column, from_pandas=True)
        return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
    if hasattr(column, "__arrow_c_stream__"):
        return pa.chunked_array(column)
    return pa.chunked_array([pa.array(column)])


def _floats(column: Any) -> NumbersInput | None:
    """Numbers, and which are blank; None when there may be anything else."""
    if isinstance(column, np.ndarray):
        numeric = column.dtype.kind in "fiu" and column.dtype.itemsize <= 8
        return NumbersInput(column) if numeric and column.ndim == 1 else None
    array = _array(column)
    if array is not None:
        return _arrow_floats(array)
    if isinstance(column, list | tuple) and column and set(map(type, column)) <= {float, int, type(None)}:
        try:
            return NumbersInput(np.array(column, dtype=np.float64))
        except OverflowError:
            return None
    return None


def _arrow_floats(array: Any) -> NumbersInput | None:
    pa = arrow()
    kind, shift = array.type, 0.0
    if pa.types.is_date32(kind):
        early = pa.compute.min(array).as_py()
        if early is not None and early < _MARCH_1900:
            return None
        shift, array = float(_EPOCH), array.view(pa.int32())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return None
    valid, data = array.buffers()
    x = np.frombuffer(data, dtype=array.type.to_pandas_dtype())[array.offset : array.offset + len(array)]
    bits = np.frombuffer(valid, dtype=np.uint8) if array.null_count else None
    return NumbersInput(x, bits, array.offset, shift)


def _encoded(column: Any) -> Column[Any]:
    """Distinct values and codes; mostly distinct ones as they are."""
    array = _array(column)
    if array is None:
        if isinstance(column, np.ndarray):
            return encode(cast("Sequence[Any]", column) if column.dtype == np.float64 else column.tolist())
        if _is_pandas(column):
            # Mixed objects; pandas has marks of its own for what is missing.
            return encode(column.astype(object).where(column.notna(), None).tolist())
        return encode(column if isinstance(column, Sequence) else list(column))
    pa = arrow()
    if pa.types.is_float64(array.type):
        return encode(array.to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(array.type):
        return Column(array.cast(pa.int8()).fill_null(2).to_numpy(zero_copy_only=False), [False, True, None])
    if pa.types.is_dictionary(array.type):
        pairs = array
    elif _is_text(pa, array) and _mostly_distinct(array):
        return Column(np.arange(len(array)), array.to_pylist())
    else:
        try:
            pairs = array.dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            return encode(array.to_pylist())
    values = pairs.dictionary.to_pylist()
    indices = pairs.indices
    if indices.null_count:
        # A code type with room for one more.
        indices = (indices if pa.types.is_int32(indices.type) else indices.cast(pa.int64())).fill_null(len(values))
        values.append(None)
    if not values:
        return Column(np.zeros(len(array), dtype=np.int64), [None])
    return Column(indices.to_numpy(zero_copy_only=False), values)


def _is_text(pa: Any, array: Any) -> bool:
    kind = array.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _mostly_distinct(array: Any) -> bool:
    if len(array) < _SAMPLE:
        return False
    middle = (len(array) - _SAMPLE) // 2
    return len(array.slice(middle, _SAMPLE).unique()) > _OFTEN * _SAMPLE


def _numbers_in_texts(column: Any, read: Callable[[Any], Reading]) -> NumbersInput | None:
    """A number field's texts, read all at once where they rarely repeat; None where a dictionary is better."""
    array = _array(column)
    if array is None:
        return None
    pa = arrow()
    if not _is_text(pa, array) or not _mostly_distinct(array):
        return None
    compute = pa.compute
    plain = compute.fill_null(compute.match_substring_regex(array, rf"\A{NUMBER_PATTERN}\z"), False)
    x = compute.if_else(plain, array, None).cast(pa.float64()).to_numpy(zero_copy_only=False)
    others = ~plain.to_numpy(zero_copy_only=False) | np.isinf(x)
    blank = compute.fill_null(compute.equal(array, ""), True).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(others & ~blank)
    readings = [read(read_number(text)) for text in array.take(pa.array(rows)).to_pylist()]
    floats = [
        (row, value)
        for row, (value, odd) in zip(rows.tolist(), readings, strict=True)
        if type(value) is float and not odd
    ]
    if floats:
        x = x.copy() if not x.flags.writeable else x
        for row, value in floats:
            x[row] = value
        known = {row for row, _ in floats}
        kept = [place for place, row in enumerate(rows.tolist()) if row not in known]
        rows, readings = rows[kept], [readings[place] for place in kept]
    if np.isinf(x).any():
        x = np.where(np.isinf(x), np.nan, x)
    return NumbersInput(x, rows=rows, readings=readings)


def _texts(column: Any, read: Callable[[Any], Reading], *, empty_is_blank: bool) -> TextsInput | None:
    """Texts that rarely repeat as they are; None where a dictionary is better."""
    array = _array(column)
    if array is None:
        return None
    pa = arrow()
    if pa.types.is_dictionary(array.type) and len(array.dictionary) > _OFTEN * len(array):
        array = array.dictionary_decode()
    if not _is_text(pa, array) or not _mostly_distinct(array) or array.nbytes > _LARGEST:
        return None
    compute = pa.compute
    array = array.cast(pa.string())
    empty = compute.equal(array, "") if empty_is_blank else None
    blank = (array.is_null() if empty is None else compute.fill_null(empty, True)).to_numpy(zero_copy_only=False)
    array = array.fill_null("")
    plain = compute.and_(compute.string_is_ascii(array), compute.less_equal(compute.binary_length(array), MAX_TEXT))
    rows = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    readings = [read(text) for text in array.take(pa.array(rows)).to_pylist()]
    if len(rows):
        array = compute.if_else(plain, array, "")
    return TextsInput(array, blank if blank.any() else None, rows, readings)


def texts_of(blocks: Sequence[Texts], size: int) -> CodedInput | TextsInput:
    """Results of a formula, block by block, as a column: by a dictionary where they repeat."""
    pa = arrow()
    array = pa.concat_arrays([block.array for block in blocks])
    rows = np.concatenate([block.rows + number * size for number, block in enumerate(blocks)])
    values = [value for block in blocks for value in block.values]
    if _mostly_distinct(array):
        array = array if not len(rows) else pa.compute.if_else(_without(len(array), rows), array, "")
        return TextsInput(array, None, rows, [(value, "") for value in values])
    pairs = array.dictionary_encode()
    codes, known = pairs.indices.to_numpy(zero_copy_only=False), pairs.dictionary.to_pylist()
    others = encode(values)
    if len(rows):
        codes = codes.copy()
        codes[rows] = others.codes + len(known)
    return CodedInput(codes, Table([*known, *others.values]), {})


def _without(length: int, rows: Codes) -> Any:
    mask = np.ones(length, dtype=np.bool_)
    mask[rows] = False
    return arrow().array(mask)


def _refuse_repeated(names: Sequence[str]) -> None:
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise UsageError(f"The column {min(repeated)!r} is there more than once.", "Rename or remove one.")
