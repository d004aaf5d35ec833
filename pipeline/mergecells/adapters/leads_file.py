"""Files of leads, CSV, JSON lines or Parquet, read as a stream: any size in little memory.

A row that cannot be read is yielded as what is wrong with it, so that one bad row never hides the others.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from mergecells.adapters.lead_blocks import (
    BLOCK,
    Shape,
    can_read_blocks,
    halves,
    has_certain_records,
    read_block,
    whole_records,
)
from mergecells.adapters.lead_columns import ColumnMap, CsvReading, field_of, map_columns, note_key, readings
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.scoring import Fields

LeadsFormat = Literal["csv", "jsonl", "parquet"]

MAX_CELL = 1024 * 1024
"""Characters in one cell; an opening quote that is never closed must not swallow the whole file."""
MAX_LINE = 16 * 1024 * 1024
PARQUET_ROWS = 131_072
_WORTH_BLOCKS = 1024 * 1024
"""Bytes from which on importing pyarrow pays."""
_DELIMITERS = (",", ";", "\t")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead by field name, and the file's own cells by column title. `line` is where the row starts, from 1."""

    line: int
    lead: Mapping[str, Any]
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that is no lead, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class LeadBatch:
    """Many leads at once. `table` is a pyarrow table under the file's own titles, `lines` where each row starts.

    `texts`: its columns are cells of a file, to be read as their fields' types.
    """

    lines: Sequence[int]
    table: Any
    texts: bool


@dataclass(slots=True)
class LeadsFile:
    """An open file of leads. Iterating yields rows; `columns` tells what was found, for JSON lines after the end."""

    source: BinaryIO
    form: LeadsFormat
    fields: Fields | None
    size: int | None = None
    columns: ColumnMap = field(default_factory=ColumnMap)

    @property
    def position(self) -> int:
        """Bytes read so far, of `size`."""
        try:
            return self.source.tell()
        except (OSError, ValueError):
            return 0

    def __iter__(self) -> Iterator[LeadRow | UnreadableRow]:
        """Raises MergecellsError when the file as a whole is not one of leads."""
        if self.form == "parquet":
            return self._parquet_rows()
        return self._csv_rows() if self.form == "csv" else self._json_rows()

    def batches(self, keep: Sequence[str] = ()) -> Iterator[LeadBatch | LeadRow | UnreadableRow]:
        """The same leads, many at a time where that can be. Batches hold the columns of fields and those of `keep`."""
        if self.form == "parquet":
            return self._parquet_batches()
        if self.form == "csv" and self.size is not None and self.size >= _WORTH_BLOCKS and can_read_blocks():
            return self._csv_blocks(keep)
        return iter(self)

    def _csv_blocks(self, keep: Sequence[str]) -> Iterator[LeadBatch | LeadRow | UnreadableRow]:
        csv.field_size_limit(MAX_CELL)
        first = self.source.readline(MAX_LINE)
        header = _plain_header(first)
        if header is None:
            self.source.seek(0)
            yield from self._csv_rows()
            return
        titles, delimiter = header
        self.columns = map_columns(titles, self.fields)
        places = readings(titles, self.columns, self.fields)
        wanted = dict.fromkeys([*(index for index, _, _ in places), *(titles.index(k) for k in keep if k in titles)])
        shape = Shape(titles, delimiter, list(wanted))
        line, data = 2, b""
        while True:
            more = self.source.read(BLOCK)
            data += more
            size = whole_records(data, is_last=not more)
            if not size and data:
                break
            block, data = data[:size], data[size:]
            if block:
                if not has_certain_records(block, delimiter):
                    data = block + data
                    break
                yield from self._block(block, shape, places, line)
                line += block.count(b"\n")
            if not more:
                return
        # Where records end is not certain from here on.
        self.source.seek(-len(data), io.SEEK_CUR)
        yield from self._rows_of(self.source, titles, delimiter, places, line)

    def _block(
        self, block: bytes, shape: Shape, places: list[CsvReading], line: int
    ) -> Iterator[LeadBatch | LeadRow | UnreadableRow]:
        """Whole records, at once where all are regular, else in halves, down to what goes row by row."""
        found = read_block(block, shape, MAX_CELL)
        if found is not None:
            yield LeadBatch(_lines(found[1], line), found[0], texts=True)
        elif parts := halves(block):
            yield from self._block(parts[0], shape, places, line)
            yield from self._block(parts[1], shape, places, line + parts[0].count(b"\n"))
        else:
            yield from self._rows_of(io.BytesIO(block), list(shape.titles), shape.delimiter, places, line)

    def _rows_of(
        self, source: BinaryIO, titles: list[str], delimiter: str, places: list[CsvReading], line: int
    ) -> Iterator[LeadRow | UnreadableRow]:
        """Rows from the middle of the file; `line` is where `source` stands."""
        csv.field_size_limit(MAX_CELL)
        with io.TextIOWrapper(source, encoding="utf-8", errors="strict", newline="") as text:
            for number, cells in _csv_records(text, delimiter, line - 1):
                yield _csv_row(number, cells, titles, places)

    def _parquet_batches(self) -> Iterator[LeadBatch]:
        parquet = _parquet()
        try:
            file = parquet.ParquetFile(self.source)
            titles = file.schema_arrow.names
            self.columns = map_columns(titles, self.fields)
            line = 1
            for batch in file.iter_batches(PARQUET_ROWS):
                yield LeadBatch(range(line, line + batch.num_rows), _table_of(batch), texts=False)
                line += batch.num_rows
        except (OSError, ValueError) as error:
            # pyarrow's own errors are kinds of these.
            raise MergecellsError(
                f"The file of leads cannot be read as Parquet: {_first_line(error)}.", "Is it whole, and Parquet?"
            ) from error

    def _parquet_rows(self) -> Iterator[LeadRow | UnreadableRow]:
        for batch in self._parquet_batches():
            fields = self.columns.by_field
            for line, cells in zip(batch.lines, batch.table.to_pylist(), strict=True):
                yield LeadRow(line, {name: cells[title] for name, title in fields.items()}, cells)

    def _csv_rows(self) -> Iterator[LeadRow | UnreadableRow]:
        csv.field_size_limit(MAX_CELL)
        with _decoded(self.source) as text:
            records = _csv_records(text)
            header = next(records, None)
            if header is None or isinstance(header[1], str):
                raise UsageError("The file of leads is empty." if header is None else f"Its header: {header[1]}.")
            titles = header[1]
            self.columns = map_columns(titles, self.fields)
            places = readings(titles, self.columns, self.fields)
            for line, cells in records:
                yield _csv_row(line, cells, titles, places)

    def _json_rows(self) -> Iterator[LeadRow | UnreadableRow]:
        seen: dict[str, str | None] = {}
        with _decoded(self.source) as text:
            for line, written in enumerate(iter(lambda: text.readline(MAX_LINE), ""), 1):
                if written.strip():
                    yield self._json_row(line, written, seen)

    def _json_row(self, line: int, written: str, seen: dict[str, str | None]) -> LeadRow | UnreadableRow:
        try:
            cells = json.loads(written, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            return UnreadableRow(line, f"not JSON: {reason}")
        if not isinstance(cells, dict):
            return UnreadableRow(line, "not a JSON object")
        for title in cells:
            if title not in seen:
                seen[title] = field_of(title, self.fields)
                self.columns = note_key(self.columns, title, seen[title], self.fields)
        lead = {name: value for title, value in cells.items() if (name := seen[title]) is not None}
        if cells and not lead:
            return UnreadableRow(line, "none of its keys is a field")
        return LeadRow(line, lead, cells)


def guess_format(path: Path) -> LeadsFormat:
    """By the file's ending; CSV where it says nothing."""
    if path.suffix.lower() in {".parquet", ".pq"}:
        return "parquet"
    return "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson"} else "csv"


def open_leads(path: Path, form: LeadsFormat | None, fields: Fields | None) -> LeadsFile:
    """Open a file of leads; the caller closes `source`. Raises UsageError when it cannot be read."""
    try:
        source = path.open("rb")
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.", "Give --leads a file of leads.") from error
    size = path.stat().st_size if path.is_file() else None
    return LeadsFile(source, form or guess_format(path), fields, size)


def _decoded(source: BinaryIO) -> io.TextIOWrapper:
    start = source.peek(2)[:2] if isinstance(source, io.BufferedReader) else b""
    encoding = next((name for mark, name in _BOMS if start.startswith(mark)), "utf-8-sig")
    # newline="": the csv module wants line ends as they are, because a quoted cell may hold them.
    return io.TextIOWrapper(source, encoding=encoding, errors="strict", newline="")


def _plain_header(line: bytes) -> tuple[list[str], str] | None:
    """Titles and delimiter of a header that is one line and no riddle."""
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or not line.endswith(b"\n") or "\r" in text or "\0" in text or text.count('"') % 2:
        return None
    delimiter = _delimiter(text)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True)), delimiter
    except csv.Error:
        return None


def _delimiter(header: str) -> str:
    """Comma, semicolon or tab: whichever stands most often in the header, outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _lines(starts: Any, first: int) -> Sequence[int]:
    """Line numbers of a block's rows: a range where a row is a line."""
    count = len(starts)
    if int(starts[-1]) == count - 1:
        return range(first, first + count)
    return [first + start for start in starts.tolist()]


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError("Parquet files need pyarrow.", 'Install it: pip install "mergecells[columns]".') from error
    return parquet


def _table_of(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def _csv_records(
    text: io.TextIOWrapper, delimiter: str | None = None, before: int = 0
) -> Iterator[tuple[int, list[str] | str]]:
    """(line, cells) of each record that is not blank; (line, reason) of one that cannot be read.

    `before`: lines of the file that stand before `text`.
    """
    lines = _Lines(text, before)
    reader = csv.reader(lines, delimiter=delimiter or lines.delimiter(), strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"{_csv_words(str(error))}"
        else:
            if cells:
                yield line, cells


class _Lines:
    """The lines of a text, counted; a bad byte is an error that names its line."""

    def __init__(self, text: io.TextIOWrapper, before: int = 0) -> None:
        self._text = text
        self.number = before
        self._first: str | None = self._read()

    def delimiter(self) -> str:
        """As `_delimiter` finds it in the first line."""
        return _delimiter(self._first or "")

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line, self._first = self._first if self._first is not None else self._read(), None
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def _read(self) -> str:
        try:
            return self._text.readline(MAX_LINE)
        except UnicodeDecodeError as error:
            number = self.number + 1
            raise MergecellsError(
                f"The file of leads is not {error.encoding.upper()}: a byte near line {number:,} does not fit.",
                "Save it as CSV UTF-8.",
            ) from error


def _csv_row(line: int, cells: list[str] | str, titles: list[str], places: list[CsvReading]) -> LeadRow | UnreadableRow:
    if isinstance(cells, str):
        return UnreadableRow(line, cells)
    if len(cells) != len(titles):
        return UnreadableRow(line, f"{len(cells)} cells, but the header has {len(titles)}")
    lead = {name: read(cells[index]) for index, name, read in places}
    return LeadRow(line, lead, dict(zip(titles, cells, strict=True)))


def _csv_words(error: str) -> str:
    if "field limit" in error:
        return f"a cell of more than {MAX_CELL:,} characters: is a quote not closed?"
    if "unexpected end" in error:
        return "a quote is opened and not closed before the end of the file"
    return error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
