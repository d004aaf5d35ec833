"""Leads come as lists, arrays, Arrow tables and data frames, and score the same in each form."""

from __future__ import annotations

import datetime
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mergecells.domain.errors import UsageError
from mergecells.transforms.score_result import ScoreColumns
from shipped import shipped

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")

from mergecells.transforms import score_columns  # noqa: E402 - needs NumPy

DAY = datetime.date(2026, 3, 1)
ROWS = 5_000
CELLS = [
    "",
    " ",
    "12",
    " 7 ",
    "+3",
    "1e3",
    "1e400",
    "-0",
    "0x1",
    "nan",
    "inf",
    "1,234",
    "n/a",
    "1e0005",
    "٣",
    "007",
    ".5",
]
CELLS += ["true", "Yes", "0", "2024-02-29", "2024-02-30", "Logistics", "a@b.io", "é", "ABM-1", "Head of Sales"]


def flat(scores: ScoreColumns) -> list[Any]:
    parts = zip(*scores.components.values(), strict=True)
    return list(zip(scores.value, scores.tier, scores.issues, parts, strict=True))


def one_by_one(leads: list[dict[str, Any]]) -> list[Any]:
    scores = [shipped().score(lead, DAY) for lead in leads]
    return [(score.value, score.tier, score.issues, tuple(score.components.values())) for score in scores]


def typed_table() -> Any:
    chance = random.Random(3)
    pick = chance.choices
    return pa.table(
        {
            "years": pa.array(pick([1, 5, 12, None, 2**60], k=ROWS), pa.int64()),
            "employees": pa.array(pick([1.5, -2.0, None, math.nan, math.inf, 300.0], k=ROWS)),
            "revenue_millions": pa.array([chance.uniform(0, 200) for _ in range(ROWS)], pa.float32()),
            "industry": pa.array(pick(["Logistics", "retail", None, ""], k=ROWS)).dictionary_encode(),
            "email": pa.array([f"p{number}@x{number % 7}.io" for number in range(ROWS)], pa.large_string()),
            "linkedin_profile": pa.array(pick([True, False, None], k=ROWS)),
            "renewal_date": pa.array(pick([DAY, datetime.date(1899, 5, 1), None], k=ROWS)),
            "last_activity_date": pa.array([DAY - datetime.timedelta(days=n % 99) for n in range(ROWS)], pa.date32()),
            "minutes_on_site": pa.array(pick(["12", "n/a", None], k=ROWS)),
            "Unknown": pa.array([1] * ROWS),
        }
    )


def test_arrow_table_of_every_type_scores_as_its_rows_do() -> None:
    """Integers beyond 2^53, float32, NaN, infinities, dates before 1900, texts in a number field, dictionaries."""
    table = typed_table()
    assert flat(shipped().score_many(table, DAY)) == one_by_one(table.to_pylist())


@pytest.mark.parametrize("size", [37, 64, 1_000])
def test_slice_of_a_table_in_chunks_scores_as_its_rows_do(size: int) -> None:
    """Chunks that begin in the middle of a byte of a bitmap, and anything at all below what is blank."""
    table = with_rubbish(typed_table()).slice(13, 500)
    with mock.patch.object(score_columns, "CHUNK", size):
        assert flat(shipped().score_many(table, DAY)) == one_by_one(table.to_pylist())


def with_rubbish(table: Any) -> Any:
    """Two columns more, with values below their blanks that would be wrong anywhere else."""
    known = pa.py_buffer(np.packbits(np.arange(ROWS) % 3 > 0, bitorder="little"))
    numbers = np.where(np.arange(ROWS) % 3 > 0, np.arange(ROWS) * 0.5, math.nan)
    codes = np.where(np.arange(ROWS) % 3 > 0, np.arange(ROWS) % 2, 99).astype(np.int8)
    indices = pa.Array.from_buffers(pa.int8(), ROWS, [known, pa.py_buffer(codes)])
    kinds = pa.array(["Germany", "France"])
    countries = pa.DictionaryArray.from_buffers(pa.dictionary(pa.int8(), pa.string()), ROWS, indices.buffers(), kinds)
    table = table.append_column("budget", pa.Array.from_buffers(pa.float64(), ROWS, [known, pa.py_buffer(numbers)]))
    return table.append_column("country", countries)


def test_issues_stand_in_the_order_of_the_columns() -> None:
    """Although columns are read when formulas ask for them, and some by no formula at all."""
    table = typed_table().slice(0, 300)
    table = table.append_column("contact_name", pa.array([1.5, math.inf, None] * 100))
    table = table.select([*reversed(table.column_names)])
    with mock.patch.object(score_columns, "CHUNK", 70):
        found = shipped().score_many(table, DAY)
    assert max(map(len, found.issues)) > 1
    assert flat(found) == one_by_one(table.to_pylist())


def test_frames_score_as_the_arrow_table_does() -> None:
    """pandas and Polars, record batches, and a mapping of NumPy arrays and lists."""
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    table = typed_table().drop_columns(["minutes_on_site"])
    expected = flat(shipped().score_many(table, DAY))
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    assert flat(shipped().score_many(polars.from_arrow(table), DAY)) == expected
    assert flat(shipped().score_many(table.combine_chunks().to_batches()[0], DAY)) == expected
    assert flat(shipped().score_many({name: table[name].to_pylist() for name in table.column_names}, DAY)) == expected
    objects = table.to_pandas(types_mapper=pandas.ArrowDtype)
    assert flat(shipped().score_many(objects, DAY)) == expected
    mixed = {"years": [1.0, "x", None, True] * 100, "seats": [2.0, None, 3.0, 4.0] * 100}
    assert flat(shipped().score_many(pandas.DataFrame(mixed), DAY)) == flat(shipped().score_many(mixed, DAY))


def test_cells_of_a_file_are_read_as_the_score_command_reads_them() -> None:
    """`texts=True`: the same values as one lead after the other through the readers of CSV, in every kind of field."""
    chance = random.Random(5)
    fields = shipped().config.rules.fields
    assert fields is not None
    columns = {name: chance.choices(CELLS, k=ROWS) for name in fields.fields}
    # Hardly a value twice: these are read all at once.
    columns["years"] = [f"{chance.uniform(-5, 50)!r}" if row % 9 else chance.choice(CELLS) for row in range(ROWS)]
    read = shipped().scorer._base.reader.text_reader
    leads = [
        {name: read(name)(cell) for name, cell in zip(columns, row, strict=True)}
        for row in zip(*columns.values(), strict=True)
    ]
    expected = one_by_one(leads)
    assert flat(shipped().score_many(columns, DAY, texts=True)) == expected
    assert flat(shipped().score_many(pa.table(columns), DAY, texts=True)) == expected
    few = {name: column[:50] for name, column in columns.items()}
    assert flat(shipped().score_many(few, DAY, texts=True)) == expected[:50]


def test_result_goes_to_arrow_and_back_to_lists() -> None:
    """`to_arrow` has score, tier, components and issues; the attributes behave as lists."""
    scores = shipped().score_many(typed_table(), DAY)
    table = scores.to_arrow()
    assert table.column_names == ["score", "tier", *scores.components, "issues"]
    assert table["score"].to_pylist() == list(scores.value)
    assert table["tier"].to_pylist() == scores.tier[:]
    assert [tuple(texts) for texts in table["issues"].to_pylist()] == scores.issues[:]
    assert scores.value[-1] == scores.value[ROWS - 1]
    assert type(scores.value[0]) is float
    with pytest.raises(IndexError):
        scores.issues[ROWS]


def test_arrow_columns_need_no_pandas() -> None:
    """A service has NumPy and pyarrow, and pyarrow imports pandas where one does not expect it."""
    code = """
import pathlib
import sys

class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

sys.meta_path.insert(0, NoPandas())
import pyarrow as pa
from mergecells.apps.cli.loading import load_snapshot
snapshot = load_snapshot(pathlib.Path(sys.argv[1]))
kinds = pa.array(["Germany", None] * 150).dictionary_encode()
table = pa.table({"years": pa.array([1.5, None] * 150), "employees": pa.array([7, 8] * 150), "country": kinds})
print(len(snapshot.score_many(table)))
"""
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == ("300\n", 0), done.stderr


def test_something_else_is_refused() -> None:
    """A number is no table of leads, and columns of two lengths are none either."""
    with pytest.raises(UsageError, match="no table of leads"):
        shipped().score_many(3, DAY)
    with pytest.raises(UsageError, match="differ in length"):
        shipped().score_many({"years": [1.0] * 300, "employees": np.zeros(301)}, DAY)
