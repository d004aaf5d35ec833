"""Columns of leads, in whatever form they come, as `Coded` or `Numbers` of the formula language. Needs NumPy.

Taken are lists, NumPy arrays, and what speaks Arrow's C interface (pyarrow, pandas, Polars; needs pyarrow). Each
distinct value is read once, by the very reader of the one-lead path, and what is odd about it is kept for the issues.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import numpy as np

from mergecells.domain.errors import UsageError
from mergecells.formula import to_serial
from mergecells.transforms.column_arrow import array_of, arrow, is_pandas, is_text, mostly_distinct, number_type
from mergecells.transforms.column_chunks import (
    CodedInput,
    CodeSource,
    IndexCodes,
    LeadColumn,
    NumbersInput,
    PlainCodes,
    TruthCodes,
)
from mergecells.transforms.column_codes import encode
from mergecells.transforms.column_text_input import distinct_texts, numbers_in_texts
from mergecells.transforms.column_values import Table
from mergecells.transforms.lead_texts import read_number, read_text
from mergecells.transforms.score_program import RuleProgram
from mergecells.transforms.score_values import Reading

_EPOCH: Final = to_serial(datetime.date(1970, 1, 1))
_MARCH_1900: Final = datetime.date(1900, 3, 1)


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


def read_column(program: RuleProgram, key: str, column: Any, *, texts: bool) -> tuple[str, LeadColumn] | None:
    """The field's lower-case name and its column; None when `key` is no field. `texts`: cells of a file, to be read."""
    entry = program.reader.column(key)
    if entry is None:
        return None
    name, read = entry
    if texts:
        cell = program.reader.text_reader(key)
        if cell is read_number:
            found = numbers_in_texts(column, read)
            if found is not None:
                return name, found
        if cell is read_text:
            distinct = distinct_texts(column, lambda given: read(read_text(given)), empty_is_blank=True)
            if distinct is not None:
                return name, distinct
        return name, _coded(column, lambda given: read(cell(given) if isinstance(given, str) else given))
    floats = _floats(column) if read(0.5) == (0.5, "") else None
    if floats is not None:
        return name, floats
    if read("a") == ("a", ""):
        distinct = distinct_texts(column, read, empty_is_blank=False)
        if distinct is not None:
            return name, distinct
    return name, _coded(column, read)


def _coded(column: Any, read: Callable[[Any], Reading]) -> CodedInput:
    codes, values = _encoded(column)
    readings = [read(value) for value in values]
    odd = {code: text for code, (_, text) in enumerate(readings) if text}
    return CodedInput(codes, Table([value for value, _ in readings]), odd)


def _floats(column: Any) -> NumbersInput | None:
    """Numbers, and which are blank; None when there may be anything else."""
    if isinstance(column, np.ndarray):
        numeric = column.dtype.kind in "fiu" and column.dtype.itemsize <= 8
        return NumbersInput(column) if numeric and column.ndim == 1 else None
    array = array_of(column)
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
    x = np.frombuffer(data, dtype=number_type(array))[array.offset : array.offset + len(array)]
    bits = np.frombuffer(valid, dtype=np.uint8) if array.null_count else None
    return NumbersInput(x, bits, array.offset, shift)


def _encoded(column: Any) -> tuple[CodeSource, list[Any]]:
    """Codes and distinct values; mostly distinct ones as they are."""
    array = array_of(column)
    if array is not None:
        return _arrow_encoded(array)
    if isinstance(column, np.ndarray):
        return _plain(cast("Sequence[Any]", column) if column.dtype == np.float64 else column.tolist())
    if is_pandas(column):
        # Mixed objects; pandas has marks of its own for what is missing.
        return _plain(column.astype(object).where(column.notna(), None).tolist())
    return _plain(column if isinstance(column, Sequence) else list(column))


def _plain(column: Sequence[Any]) -> tuple[CodeSource, list[Any]]:
    found = encode(column)
    return PlainCodes(found.codes), found.values


def _arrow_encoded(array: Any) -> tuple[CodeSource, list[Any]]:
    types = arrow().types
    if types.is_float64(array.type):
        return _plain(array.to_numpy(zero_copy_only=False))
    if types.is_boolean(array.type) and len(array):
        valid, data = array.buffers()
        known = np.frombuffer(valid, dtype=np.uint8) if array.null_count else None
        return TruthCodes(np.frombuffer(data, dtype=np.uint8), known, array.offset), [False, True, None]
    if types.is_dictionary(array.type):
        return _of_dictionary(array)
    if is_text(array) and mostly_distinct(array):
        return PlainCodes(np.arange(len(array))), array.to_pylist()
    try:
        return _of_dictionary(array.dictionary_encode())
    except (arrow().ArrowNotImplementedError, arrow().ArrowInvalid):
        return _plain(array.to_pylist())


def _of_dictionary(array: Any) -> tuple[CodeSource, list[Any]]:
    values, indices = array.dictionary.to_pylist(), array.indices
    if not values:
        return PlainCodes(np.zeros(len(array), dtype=np.int64)), [None]
    if not indices.null_count:
        return PlainCodes(indices.to_numpy(zero_copy_only=False)), values
    valid, data = indices.buffers()
    held = np.frombuffer(data, dtype=number_type(indices))[indices.offset : indices.offset + len(indices)]
    return IndexCodes(held, np.frombuffer(valid, dtype=np.uint8), indices.offset), [None, *values]


def _refuse_repeated(names: Sequence[str]) -> None:
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise UsageError(f"The column {min(repeated)!r} is there more than once.", "Rename or remove one.")
