"""Reading .xlsx files: every kind of cell as it is, and hostile files as one sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.formula.translate import Translator

from mergecells.adapters.xlsx_cells import date_serial, shift_formula, show_date
from mergecells.adapters.xlsx_parts import shows_date
from mergecells.adapters.xlsx_read import read_xlsx
from mergecells.domain.errors import WorkbookUnreadableError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Sheet


def written(path: Path, write: Callable[[Any, Any], None], **options: Any) -> Sheet:
    """One tab written with XlsxWriter and read back."""
    with xlsxwriter.Workbook(path, options) as workbook:
        write(workbook, workbook.add_worksheet("It's a tab"))
    return read_xlsx(path).sheets["It's a tab"]


def replaced(path: Path, part: str, old: bytes, new: bytes) -> None:
    """Change one part of a workbook byte by byte."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_every_kind_of_cell_is_read_as_it_is(tmp_path: Path) -> None:
    """Numbers, text that looks like numbers, truth values, dates, errors, formulas with their shown results."""

    def write(workbook: Any, sheet: Any) -> None:
        date = workbook.add_format({"num_format": "yyyy-mm-dd"})
        quoted = workbook.add_format({"quote_prefix": True})
        sheet.write_number(0, 0, 0.25)
        sheet.write_string(0, 1, "007")
        sheet.write_string(0, 2, "=1+1", quoted)
        sheet.write_boolean(0, 3, True)
        sheet.write_number(0, 4, 43831, date)
        sheet.write_number(0, 5, 43831.5, date)
        sheet.write_formula(0, 6, "=NA()", None, "#N/A")
        sheet.write_formula(0, 7, '="a"&"b"', None, "ab")
        sheet.write_formula(0, 8, "=1>0", None, True)
        sheet.write_string(0, 9, "two\nlines \u00a0")

    sheet = written(tmp_path / "w.xlsx", write)
    cells = [sheet.at(1, column) for column in range(1, 11)]
    assert [(cell.kind, cell.value) for cell in cells] == [
        ("number", 0.25), ("text", "007"), ("text", "=1+1"), ("boolean", True), ("date", "2020-01-01"),
        ("date", "2020-01-01T12:00:00"), ("error", "#N/A"), ("text", "ab"), ("boolean", True),
        ("text", "two\nlines \u00a0"),
    ]  # fmt: skip
    assert [cell.formula for cell in cells[6:9]] == ["=NA()", '="a"&"b"', "=1>0"]
    assert cells[2].quote_prefix
    assert not cells[1].quote_prefix


def test_all_digits_of_a_number_are_read(tmp_path: Path) -> None:
    """0.1+0.2 is not 0.3, and 1e3 is a thousand."""
    path = tmp_path / "w.xlsx"
    written(path, lambda workbook, sheet: sheet.write_row(0, 0, [1.5, 2.5]))
    replaced(path, "xl/worksheets/sheet1.xml", b"<v>1.5</v>", b"<v>0.30000000000000004</v>")
    replaced(path, "xl/worksheets/sheet1.xml", b"<v>2.5</v>", b"<v>1E3</v>")
    sheet = read_xlsx(path).sheets["It's a tab"]
    assert (sheet.at(1, 1).value, sheet.at(1, 2).value) == (0.30000000000000004, 1000.0)


def test_notes_merges_and_hidden_rows_are_read(tmp_path: Path) -> None:
    """A note on a blank cell too."""

    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_comment(1, 1, "why\nso")
        sheet.merge_range(3, 0, 4, 1, "both")
        sheet.set_row(3, None, None, {"hidden": True})

    sheet = written(tmp_path / "w.xlsx", write)
    assert sheet.at(2, 2).note == "why\nso"
    assert sheet.merged == (CellRef("It's a tab", 4, 1, 5, 2),)
    assert sheet.hidden_rows == frozenset({4})
    assert str(sheet.merged[0]) == "'It''s a tab'!A4:B5"


def test_dates_of_the_1904_system_are_the_same_days(tmp_path: Path) -> None:
    """Day 0 is four years later there."""

    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_number(0, 0, 43831 - 1462, workbook.add_format({"num_format": "d.m.yy"}))

    path = tmp_path / "w.xlsx"
    written(path, write)
    replaced(path, "xl/workbook.xml", b"<workbookPr ", b'<workbookPr date1904="1" ')
    assert read_xlsx(path).sheets["It's a tab"].at(1, 1).value == "2020-01-01"


@pytest.mark.parametrize(
    ("serial", "shown"),
    [
        (1, "1900-01-01"), (59, "1900-02-28"), (60, "1900-02-29"), (61, "1900-03-01"), (45351, "2024-02-29"),
        (0.5, "12:00:00"), (-1, None), (3e6, None),
    ],
)  # fmt: skip
def test_date_serials_follow_the_leap_year_that_never_was(serial: float, shown: str | None) -> None:
    """Serial 60 is Excel's 29 February 1900; what is no date stays a number."""
    assert show_date(serial, epoch_1904=False) == shown


def test_date_serial_comes_back_for_every_day() -> None:
    """Writing and reading a date are inverse, on both sides of the false leap day."""
    for serial in (1.0, 59.0, 61.0, 43831.0, 45351.25):
        shown = show_date(serial, epoch_1904=False)
        assert shown is not None
        assert date_serial(shown) == serial
    assert date_serial("2024-02-30") is None


@pytest.mark.parametrize(
    ("code", "is_date"),
    [("yyyy-mm-dd", True), ("[h]:mm", True), ("General", False), ("0.00", False), ('0 "days"', False),
     ("[Red]0.0", False), (r"0\d", False), ("0.0##%", False), ("[$-407]d. mmmm", True), ("@", False)],
)  # fmt: skip
def test_number_format_tells_dates(code: str, is_date: bool) -> None:
    """Letters in quotes, colours and escapes are no date letters."""
    assert shows_date(code) is is_date


@pytest.mark.parametrize(
    "formula",
    ["A1+$B$2*C$3-$D4", "IF(A1=\"A1\",'A1 B2'!A1,Sheet2!B7)", "SUM(A1:B10)+LOG10(A1)", "years+x1y+A1.b+ABCD1"],
)
@pytest.mark.parametrize("move", [(0, 0), (3, 2), (1, 0)])
def test_shared_formula_moves_like_openpyxl_moves_it(formula: str, move: tuple[int, int]) -> None:
    """An independent translator agrees."""
    target = f"{'ABCDEFG'[move[1]]}{1 + move[0]}"
    assert "=" + shift_formula(formula, *move) == Translator("=" + formula, "A1").translate_formula(target)


def test_shared_formulas_are_written_out_for_each_cell(tmp_path: Path) -> None:
    """Excel stores a filled-down column as one formula and followers without text."""
    path = tmp_path / "w.xlsx"
    written(
        path, lambda workbook, sheet: [sheet.write_formula(row, 1, f"=A{row + 1}*2", None, row) for row in range(3)]
    )
    part = "xl/worksheets/sheet1.xml"
    replaced(path, part, b"<f>A1*2</f>", b'<f t="shared" ref="B1:B3" si="0">A1*2</f>')
    replaced(path, part, b"<f>A2*2</f>", b'<f t="shared" si="0"/>')
    replaced(path, part, b"<f>A3*2</f>", b'<f t="shared" si="0"/>')
    sheet = read_xlsx(path).sheets["It's a tab"]
    assert [sheet.at(row, 2).formula for row in (1, 2, 3)] == ["=A1*2", "=A2*2", "=A3*2"]


def test_size_that_the_sheet_claims_is_not_believed(tmp_path: Path) -> None:
    """A dimension of a million rows costs nothing, one of a single cell hides nothing."""
    path = tmp_path / "w.xlsx"
    written(path, lambda workbook, sheet: sheet.write_column(0, 0, [1, 2, 3]))
    replaced(path, "xl/worksheets/sheet1.xml", b'ref="A1:A3"', b'ref="A1:XFD1048576"')
    assert len(read_xlsx(path).sheets["It's a tab"].cells) == 3


def test_rich_text_and_phonetics_are_flattened(tmp_path: Path) -> None:
    """Bold words are words; a reading aid is not part of the text."""
    path = tmp_path / "w.xlsx"

    def write(workbook: Any, sheet: Any) -> None:
        sheet.write_rich_string(0, 0, "very ", workbook.add_format({"bold": True}), "good", " lead")

    written(path, write)
    replaced(path, "xl/sharedStrings.xml", b"</si>", b'<rPh sb="0" eb="1"><t>aid</t></rPh></si>')
    assert read_xlsx(path).sheets["It's a tab"].at(1, 1).value == "very good lead"


def plain(path: Path) -> None:
    written(path, lambda workbook, sheet: sheet.write_string(0, 0, "x"))


def with_doctype(path: Path) -> None:
    plain(path)
    bomb = b'?>\n<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    replaced(path, "xl/sharedStrings.xml", b"?>", bomb)


def with_long_cell(path: Path) -> None:
    plain(path)
    cell = b'<c r="A1" t="inlineStr"><is><t>' + b"y" * 10_000_000 + b"</t></is></c>"
    replaced(path, "xl/worksheets/sheet1.xml", b'<c r="A1" t="s"><v>0</v></c>', cell)


def zipped(name: str, content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    return write


def bomb(path: Path) -> None:
    plain(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\0" * 50_000_000)


def cut_off(path: Path) -> None:
    plain(path)
    path.write_bytes(path.read_bytes()[:-200])


def damaged(path: Path) -> None:
    plain(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    start = info.header_offset + 80
    content[start : start + 40] = bytes(40)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_bytes(b""), "empty file"),
        (lambda path: path.write_text("a,b\n1,2\n"), ".csv"),
        (lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)), ".xls"),
        (zipped("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
        (zipped("hello.txt", b"hi"), "not an .xlsx"),
        (zipped("xl/workbook.bin", b""), ".xlsb"),
        (bomb, "not a workbook that a person made"),
        (cut_off, "cut-off"),
        (damaged, "damaged"),
        (with_doctype, "document type"),
        (with_long_cell, "A1 holds more than"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: None, "does not exist"),
    ],
    ids=["empty", "csv", "xls", "ods", "zip", "xlsb", "bomb", "cut", "damaged", "doctype", "cell", "folder", "missing"],
)
def test_file_that_is_no_workbook_is_refused_in_words(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    """Never a traceback, never gigabytes: a sentence, and what to do next."""
    path = tmp_path / "w.xlsx"
    make(path)
    with pytest.raises(WorkbookUnreadableError) as caught:
        read_xlsx(path)
    assert told in caught.value.message
    assert caught.value.hint


def test_workbook_of_openpyxl_is_read_the_same(tmp_path: Path) -> None:
    """Another writer, other choices: inline texts, no shared strings, absolute targets."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Tab"
    sheet["B2"], sheet["B3"], sheet["B4"] = "007", 7, "=B3*2"
    workbook.save(tmp_path / "w.xlsx")
    read = read_xlsx(tmp_path / "w.xlsx").sheets["Tab"]
    assert (read.at(2, 2).value, read.at(3, 2).value) == ("007", 7.0)
    assert (read.at(4, 2).value, read.at(4, 2).formula) == (None, "=B3*2")
