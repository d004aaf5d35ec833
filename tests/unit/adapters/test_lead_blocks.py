"""Reading CSV in blocks gives the rows, lines and refusals of reading it row by row; Parquet gives its typed values."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mergecells.adapters import lead_blocks, leads_file
from mergecells.adapters.leads_file import LeadBatch, LeadRow, UnreadableRow, open_leads
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.scoring import Fields

pa = pytest.importorskip("pyarrow")

FIELDS = Fields.model_validate({"fields": {"a": {"type": "text"}, "b": {"type": "text"}, "c": {"type": "text"}}})
PIECES = [
    *("a,b,c\n", "1,2,3\n", ",,\n", "x,y\n", "\n", '"q,1",2,3\n', '"two\nlines",,z\n', '"a ""b""",,\n', 'a"b,,\n'),
    *('"open,,\n', "é,ü,ß\r\n", "\r", "1;2;3\n", "a,b,c", '"",,\n', '"x" ,,\n', "\x00,,\n", ' "a",b,c\n', '"a"b,,\n'),
]


def outcome(rows: Iterable[LeadBatch | LeadRow | UnreadableRow]) -> list[Any]:
    """Every row as (line, cells) or (line, reason), whether it came alone or in a batch; a refusal at the end."""
    found: list[Any] = []
    try:
        for row in rows:
            if isinstance(row, LeadBatch):
                cells = [{name: cell or None for name, cell in lead.items()} for lead in row.table.to_pylist()]
                found += zip(row.lines, cells, strict=True)
            elif isinstance(row, LeadRow):
                found.append((row.line, dict(row.lead)))
            else:
                found.append((row.line, row.reason))
    except MergecellsError as error:
        # Text is decoded some thousand bytes ahead, so a bad byte's line is near in both, and nearer in blocks.
        found.append(re.sub(r"near line \d+", "near a line", str(error)))
    return found


def compare(path: Path, content: bytes, block: int) -> int:
    """Both ways of reading agree; how many batches there were."""
    path.write_bytes(content)
    with (
        mock.patch.object(leads_file, "_WORTH_BLOCKS", 0),
        mock.patch.object(leads_file, "BLOCK", block),
        mock.patch.object(lead_blocks, "_SMALL", block // 4),
    ):
        with (alone := open_leads(path, "csv", FIELDS)).source:
            expected = outcome(alone)
        with (together := open_leads(path, "csv", FIELDS)).source:
            batches = 0

            def counted() -> Iterator[LeadBatch | LeadRow | UnreadableRow]:
                nonlocal batches
                for row in together.batches():
                    batches += isinstance(row, LeadBatch)
                    yield row

            assert outcome(counted()) == expected
            assert together.columns == alone.columns or not alone.columns.by_field
    return batches


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from([8, 20, 64, 10_000]))
@settings(max_examples=300, deadline=None)
@example(['"open,,\n', "1,2,3\n", "\x00,,\n"], 8)
@example(['"two\nlines",,z\n', "1,2,3\n", "x,y\n"], 10_000)
def test_blocks_read_what_rows_read(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], block: int) -> None:
    """Quotes, open quotes, blank lines, ragged rows, lone carriage returns, NUL, in blocks that end anywhere."""
    compare(tmp_path_factory.mktemp("leads") / "leads.csv", ("a,b,c\n" + "".join(pieces)).encode(), block)


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfa;b;c\n1;2;3\n", b"a,b,c\n\xff,,\n", b'"a",b,c\n1,2,3\n', b"a,b,c\n", b"a,b,c"]
)
def test_blocks_read_odd_files_as_rows_do(tmp_path: Path, content: bytes) -> None:
    """A byte order mark, bytes that are no UTF-8, a quoted header, a header and nothing else."""
    compare(tmp_path / "leads.csv", content, 10_000)


def test_regular_file_comes_in_batches_and_one_bad_row_costs_one_block(tmp_path: Path) -> None:
    """What is regular is read at once, before and after a row that is not."""
    good = "".join(f'{row},"x, ""{row}""",z\n' for row in range(200))
    plain = "".join(f"{row},y,z\n" for row in range(200))
    assert compare(tmp_path / "leads.csv", f"a,b,c\n{good}".encode(), 1_000) >= 4
    assert compare(tmp_path / "leads.csv", f"a,b,c\n{plain}1,2\n{plain}".encode(), 500) >= 5


def test_parquet_gives_typed_leads_and_their_rows(tmp_path: Path) -> None:
    """Values keep their types; the line is the row's number; a file that is none is refused."""
    from pyarrow import parquet

    chance, path = random.Random(1), tmp_path / "leads.parquet"
    table = pa.table({"a": ["x", None, "y"], "b": [1.5, None, 2.0], "other": [chance.random() for _ in range(3)]})
    parquet.write_table(table, path)
    with (source := open_leads(path, None, FIELDS)).source:
        rows = list(source)
    assert [(row.line, row.lead) for row in rows if isinstance(row, LeadRow)] == [
        (1, {"a": "x", "b": 1.5}),
        (2, {"a": None, "b": None}),
        (3, {"a": "y", "b": 2.0}),
    ]
    assert source.columns.unused == ("other",)
    path.write_bytes(b"a,b\n1,2\n")
    with (
        pytest.raises((MergecellsError, UsageError), match="cannot be read as Parquet"),
        open_leads(path, None, FIELDS).source as opened,
    ):
        list(leads_file.LeadsFile(opened, "parquet", FIELDS))
