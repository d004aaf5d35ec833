"""Reading files of leads: columns found by title, cells read by type, every bad row named, none hiding another."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from mergecells.adapters.leads_file import LeadRow, LeadsFile, LeadsFormat, UnreadableRow, open_leads
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.scoring import Fields

FIELDS = Fields.model_validate(
    {
        "fields": {
            "source": {"column": "Lead Source", "type": "text"},
            "visits": {"column": "Total Visits", "type": "number"},
            "mail_ok": {"type": "boolean"},
            "since": {"column": "Since", "type": "date"},
        }
    }
)
HEADER = "Lead Source,Total Visits,mail_ok,Since"


def read(
    path: Path, content: bytes | str, form: LeadsFormat = "csv"
) -> tuple[LeadsFile, list[LeadRow | UnreadableRow]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = open_leads(path, form, FIELDS)
    with source.source:
        return source, list(source)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def test_csv_cells_become_values_of_their_fields_types(file: Path) -> None:
    """Numbers and yes/no are read; blanks are blank; text keeps its blanks and its zeros."""
    _, rows = read(file, f'{HEADER}\n"Google, Ads", 12 ,Yes,2024-02-29\n007,1e3,FALSE,\n  x,,,\n')
    leads = [row.lead for row in rows if isinstance(row, LeadRow)]
    assert leads == [
        {"source": "Google, Ads", "visits": 12.0, "mail_ok": True, "since": "2024-02-29"},
        {"source": "007", "visits": 1000.0, "mail_ok": False, "since": None},
        {"source": "  x", "visits": None, "mail_ok": None, "since": None},
    ]


@pytest.mark.parametrize("text", ["1,234", "12 %", "1.234,5", "0x10", "nan", "inf", "1_000", "١٢", "1e9999"])
def test_csv_number_written_in_another_way_stays_text(file: Path, text: str) -> None:
    """Nothing is guessed: scoring then names it in its issues."""
    _, (row,) = read(file, f'{HEADER}\n,"{text}",,\n')
    assert isinstance(row, LeadRow)
    assert row.lead["visits"] == text


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\ncafé,3,,\n".encode("utf-8-sig"),
        f"{HEADER}\ncafé,3,,\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + f"{HEADER}\ncafé,3,,\n".encode("utf-16-be"),
        f"{HEADER}\r\ncafé,3,,\r\n".encode(),
        f"{HEADER}\ncafé,3,,\n".replace(",", ";").encode(),
        f"{HEADER}\ncafé,3,,\n".replace(",", "\t").encode(),
        f"\n{HEADER}\n\ncafé,3,,".encode(),
        "  total   VISITS ,LEAD SOURCE\n3,café\n".encode(),
    ],
)
def test_csv_in_any_usual_dress_reads_the_same(file: Path, content: bytes) -> None:
    """Byte order marks, UTF-16, line ends, semicolons, tabs, blank lines, another case and spacing of titles."""
    _, (row,) = read(file, content)
    assert isinstance(row, LeadRow)
    assert (row.lead["source"], row.lead["visits"]) == ("café", 3.0)


def test_csv_quoted_line_break_keeps_the_line_numbers_right(file: Path) -> None:
    """`line` is where a row starts in the file, as an editor counts."""
    _, rows = read(file, f'{HEADER}\n"a\nb",1,,\nc,2,,\n')
    assert [row.line for row in rows] == [2, 4]


def test_csv_ragged_rows_are_named_and_the_others_still_read(file: Path) -> None:
    """Too few and too many cells: each with its line; the row after is a lead."""
    _, rows = read(file, f"{HEADER}\na,1\nb,2,,\nc,3,,,,\nd,4,,\n")
    assert [(row.line, row.reason) for row in rows if isinstance(row, UnreadableRow)] == [
        (2, "2 cells, but the header has 4"),
        (4, "6 cells, but the header has 4"),
    ]
    assert [row.lead["source"] for row in rows if isinstance(row, LeadRow)] == ["b", "d"]


def test_csv_quote_never_closed_is_named(file: Path) -> None:
    """The rows before it are read; the reason says what is wrong."""
    _, rows = read(file, f'{HEADER}\na,1,,\n"b,2,,\nc,3,,\n')
    assert isinstance(rows[0], LeadRow)
    assert isinstance(rows[-1], UnreadableRow)
    assert "quote" in rows[-1].reason


def test_csv_that_is_not_utf_8_says_so(file: Path) -> None:
    """A file in an older encoding is refused with what to do, never read with wrong letters."""
    with pytest.raises(MergecellsError, match="UTF-8") as caught:
        read(file, f"{HEADER}\ncafé,1,,\n".encode("latin-1"))
    assert "Save it as" in caught.value.hint


def test_csv_columns_tell_what_did_not_map(file: Path) -> None:
    """Fields without a column and columns without a field are named."""
    source, _ = read(file, "Lead Source,Other\nx,y\n")
    assert source.columns.missing == ("visits", "mail_ok", "since")
    assert source.columns.unused == ("Other",)


def test_csv_exact_title_wins_over_a_similar_one(file: Path) -> None:
    """Two columns that differ in case only: the one written as in fields.yaml is the field."""
    _, (row,) = read(file, "lead source,Lead Source\nwrong,right\n")
    assert isinstance(row, LeadRow)
    assert row.lead == {"source": "right"}


@pytest.mark.parametrize("header", ["Lead Source,Lead Source", "a,b,c"])
def test_csv_header_that_cannot_be_used_is_a_usage_error(file: Path, header: str) -> None:
    """A field's column twice, or no field's column at all: nothing sensible could be scored."""
    with pytest.raises(UsageError):
        read(file, f"{header}\n1,2\n")


def test_empty_file_is_a_usage_error(file: Path) -> None:
    """An empty file is no file of leads."""
    with pytest.raises(UsageError, match="empty"):
        read(file, b"")


def test_json_lines_keep_their_types_and_name_bad_lines(file: Path) -> None:
    """A JSON text is no number; what is not an object is named with its line."""
    good = [{"Lead Source": "x", "visits": 3, "mail_ok": True}, {"source": "y", "Total Visits": "4"}]
    lines = [json.dumps(good[0]), "", "[1]", "{", '{"visits": NaN}', "[" * 5000, json.dumps(good[1])]
    _, rows = read(file, "\n".join(lines), "jsonl")
    assert [row.lead for row in rows if isinstance(row, LeadRow)] == [
        {"source": "x", "visits": 3, "mail_ok": True},
        {"source": "y", "visits": "4"},
    ]
    assert [row.line for row in rows if isinstance(row, UnreadableRow)] == [3, 4, 5, 6]


def test_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(UsageError, match=r"nowhere\.csv"):
        open_leads(tmp_path / "nowhere.csv", None, FIELDS)
