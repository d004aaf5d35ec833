"""Columns as Arrow arrays, and what they hold. Needs pyarrow, which is imported when it is first asked for."""

from __future__ import annotations

from typing import Any, Final

from mergecells.domain.errors import UsageError

_SAMPLE: Final = 4_096
_OFTEN: Final = 0.5
"""Share of distinct values in a sample from which on a dictionary costs more than it saves."""


def arrow() -> Any:
    """pyarrow. Raises UsageError when it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.compute
    except ImportError as error:
        raise UsageError("Arrow columns need pyarrow.", 'Install it: pip install "mergecells[columns]".') from error
    return pa


def is_pandas(column: Any) -> bool:
    """Whether it is a series of pandas."""
    return hasattr(column, "iloc")


def array_of(column: Any) -> Any | None:
    """One Arrow array; None when the column does not come as one."""
    if not (hasattr(column, "__arrow_c_stream__") or hasattr(column, "__arrow_c_array__") or is_pandas(column)):
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
    if is_pandas(column):
        found = pa.array(column, from_pandas=True)
        return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])
    if hasattr(column, "__arrow_c_stream__"):
        return pa.chunked_array(column)
    return pa.chunked_array([pa.array(column)])


def is_text(array: Any) -> bool:
    """Whether an Arrow array holds texts as they are, without a dictionary."""
    types = arrow().types
    return bool(types.is_string(array.type) or types.is_large_string(array.type))


def number_type(array: Any) -> str:
    """NumPy's name for the numbers of an Arrow array. pyarrow's own `to_pandas_dtype` needs pandas to be installed."""
    types = arrow().types
    letter = "f" if types.is_floating(array.type) else "u" if types.is_unsigned_integer(array.type) else "i"
    return f"{letter}{array.type.bit_width // 8}"


def mostly_distinct(array: Any) -> bool:
    """Whether values hardly repeat, by a sample from the middle."""
    if len(array) < _SAMPLE:
        return False
    middle = (len(array) - _SAMPLE) // 2
    return len(array.slice(middle, _SAMPLE).unique()) > _OFTEN * _SAMPLE


def without_repeats(array: Any) -> Any:
    """An array whose dictionary would cost more than it saves without one; others as they are."""
    types = arrow().types
    if types.is_dictionary(array.type) and len(array.dictionary) > _OFTEN * len(array):
        return array.dictionary_decode()
    return array
