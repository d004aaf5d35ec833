"""Blocks of a CSV file read all at once by pyarrow, where that gives what the row by row reader gives.

A block counts only when nothing in it could be read in two ways: quotes stand around whole cells, line ends are LF or
CRLF, no line is blank, every row is as wide as the header, all of it is UTF-8. Any other block goes row by row, so what
is refused, and with which line, does not depend on the size of a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

BLOCK: Final = 32 * 1024 * 1024
"""Bytes at a time."""

_SMALL: Final = 64 * 1024
"""Bytes that are read row by row rather than split once more around a row that is not regular."""

_QUOTE, _LF, _CR = b'"\n\r'


@dataclass(frozen=True, slots=True)
class Shape:
    """A CSV file's header: titles, delimiter, and the places of the columns that are wanted."""

    titles: Sequence[str]
    delimiter: str
    wanted: Sequence[int]


def can_read_blocks() -> bool:
    """Whether pyarrow and NumPy are there."""
    return find_spec("pyarrow") is not None and find_spec("numpy") is not None


def whole_records(data: bytes, *, is_last: bool) -> int:
    """How many bytes of `data` are whole records, if quotes stand where they should; 0: not known."""
    if is_last:
        return len(data)
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    import numpy as np

    buffer = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(buffer == _LF)
    outside = ends[np.searchsorted(np.flatnonzero(buffer == _QUOTE), ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def has_certain_records(block: bytes, delimiter: str) -> bool:
    """Whether there is no doubt where records end: quotes stand around whole cells, no CR by itself ends a line."""
    if block.count(b"\r") != block.count(b"\r\n"):
        return False
    if b'"' not in block:
        return True
    import numpy as np

    buffer = np.frombuffer(block, dtype=np.uint8)
    return _are_around_cells(buffer, np.flatnonzero(buffer == _QUOTE), ord(delimiter))


def halves(block: bytes) -> tuple[bytes, bytes] | None:
    """A block of whole records in two; None when it is too small to be worth it."""
    cut = whole_records(block[: len(block) // 2], is_last=False) if len(block) > _SMALL else 0
    return (block[:cut], block[cut:]) if cut else None


def read_block(block: bytes, shape: Shape, longest: int) -> tuple[Any, Any] | None:
    """The wanted columns as a pyarrow table of texts, and where each row starts, as lines of the block from 0.

    None when the block must be read row by row. `longest`: bytes that one row may have.
    """
    starts = _row_starts(block, shape.delimiter, longest)
    if starts is None:
        return None
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(len(shape.titles))]
    wanted = [names[place] for place in shape.wanted]
    has_quotes = b'"' in block
    try:
        table = csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(
                delimiter=shape.delimiter, quote_char='"' if has_quotes else False, newlines_in_values=has_quotes
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(starts):
        return None
    return table.rename_columns([shape.titles[place] for place in shape.wanted]), starts


def _row_starts(block: bytes, delimiter: str, longest: int) -> Any | None:
    """Where each row starts, as lines of the block from 0; None when it is not regular."""
    import numpy as np

    buffer = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(buffer == _LF)
    if len(block) and buffer[-1] != _LF:
        ends = np.append(ends, len(block))
    if b"\0" in block or b"\n\n" in block or b"\n\r" in block or block[:1] in (b"\n", b"\r"):
        return None
    if b"\r" in block:
        returns = np.flatnonzero(buffer == _CR)
        if returns[-1] + 1 == len(block) or (buffer[returns + 1] != _LF).any():
            return None
    lines = np.arange(len(ends))
    if b'"' in block:
        quotes = np.flatnonzero(buffer == _QUOTE)
        if not _are_around_cells(buffer, quotes, ord(delimiter)):
            return None
        outside = np.searchsorted(quotes, ends) % 2 == 0
        ends, lines = ends[outside], lines[outside]
    if not len(ends) or int(np.diff(ends, prepend=-1).max()) > longest:
        return None
    return np.concatenate((np.zeros(1, dtype=np.int64), lines[:-1] + 1))


def _are_around_cells(buffer: Any, quotes: Any, delimiter: int) -> bool:
    """Whether each opening quote starts a cell and each closing one ends it; `""` inside is a close and an open."""
    import numpy as np

    if len(quotes) % 2:
        return False
    before, after = (delimiter, _LF, _QUOTE), (delimiter, _LF, _CR, _QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    inner = opening[opening > 0]
    starts = np.isin(buffer[inner - 1], before)
    # A quote before an opening one must be the close of the same cell.
    doubled = inner[buffer[inner - 1] == _QUOTE]
    outer = closing[closing + 1 < len(buffer)]
    ends = np.isin(buffer[outer + 1], after)
    return bool(starts.all()) and bool(ends.all()) and bool(np.isin(doubled - 1, closing).all())
