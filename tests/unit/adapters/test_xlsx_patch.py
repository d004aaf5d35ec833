"""An existing workbook is changed cell by cell; what a person added is theirs and stays with its row."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill, Protection

from mergecells.adapters.cell_references import Movement, move_formula
from mergecells.adapters.row_plan import plan_rows
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.authoring.export import export_workbook
from mergecells.domain.errors import MergecellsError
from mergecells.domain.locations import CellRef
from workbook_sample import HEAD, changed, edit, export, filled, find_cell, refill, sample_files

RULES = "scoring/rules.yaml"
NEW_FACTOR = ("      age:", '      newest: {weight: 0.0, description: "New"}\n      age:')


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_fill_without_changes_leaves_the_file_untouched(tmp_path: Path) -> None:
    """Not one byte, so that file sync and version history see nothing."""
    source = filled(tmp_path / "w.xlsx")
    before = source.path.read_bytes()
    from mergecells.authoring.fill import plan_fill

    plan = plan_fill(sample_files(), "a" * 40, source.read(), lambda _: sample_files())
    assert plan.layout is not None
    source.write(plan.layout)
    assert source.path.read_bytes() == before


def test_fill_of_one_value_touches_only_the_parts_that_hold_it(tmp_path: Path) -> None:
    """Styles, notes and the tabs without a change keep their bytes."""
    source = filled(tmp_path / "w.xlsx")
    before = parts(source.path)
    refill(source, changed(sample_files(), RULES, 'label: "A"', 'label: "Top"'))
    after = parts(source.path)
    differing = {name for name in before if before[name] != after.get(name)}
    assert "xl/styles.xml" not in differing
    assert not any("comments" in name or "vml" in name for name in differing)
    read = source.read()
    assert read.sheets["Tiers"].at(2, 3).value == "Top"
    assert read.metadata["base_revision"] == HEAD


def decorate(workbook: Any) -> None:
    """What people do: a column, a colour, a note and a formula of their own, and a tab that refers to ours."""
    sheet = workbook["Factors"]
    sheet["P1"], sheet["P3"], sheet["Q3"] = "mine", "ask Ann", "=C3*2"
    sheet["P3"].fill = PatternFill("solid", fgColor="00FF00")
    sheet["D3"].comment = Comment("because", "Ann")
    other = workbook.create_sheet("Mine")
    other["A1"], other["A2"] = "=Factors!C3", "=SUM(Factors!C2:C5)"


def test_row_added_on_the_branch_moves_a_persons_own_cells_with_their_rows(tmp_path: Path) -> None:
    """Column, colour, note, formulas here and on other tabs: all follow the row they were written for."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, decorate)
    refill(source, changed(sample_files(), RULES, *NEW_FACTOR))
    book = source.read()
    sheet = book.sheets["Factors"]
    assert [sheet.at(row, 2).value for row in range(2, 7)] == ["newest", "age", "home", "budget", "asked"]
    assert (sheet.at(4, 16).value, sheet.at(4, 17).formula) == ("ask Ann", "=C4*2")
    assert sheet.at(4, 4).note == "because"
    assert sheet.at(3, 4).note == ""
    drawings = b"".join(content for name, content in parts(source.path).items() if name.endswith(".vml"))
    assert b":Row>3<" in drawings  # the box of the note, counted from 0
    assert [book.sheets["Mine"].at(row, 1).formula for row in (1, 2)] == ["=Factors!C4", "=SUM(Factors!C3:C6)"]
    assert book.names["company.home"] == "Factors!$E$4"
    assert book.names["company.newest"] == "Factors!$E$2"
    assert sheet.at(4, 5).formula == sheet.at(3, 5).formula.replace("D3", "D4") if sheet.at(3, 5).formula else False


def test_row_deleted_on_the_branch_takes_only_its_own_cells(tmp_path: Path) -> None:
    """The rows below move up with what stands beside them."""
    source = filled(tmp_path / "w.xlsx")

    def mine(workbook: Any) -> None:
        sheet = workbook["Tiers"]
        sheet["H3"], sheet["H4"] = "of B", "of C"

    edit(source.path, mine)
    refill(source, changed(sample_files(), RULES, "  B: {min: 40, label: 'B'}\n", ""))
    sheet = source.read().sheets["Tiers"]
    assert [(sheet.at(row, 1).value, sheet.at(row, 8).value) for row in (2, 3)] == [("A", None), ("C", "of C")]
    assert sheet.at(4, 1).value is None


def test_row_renamed_on_the_branch_keeps_what_stands_beside_it(tmp_path: Path) -> None:
    """One name less and one more in the same place is the same row."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, decorate)
    refill(source, changed(sample_files(), RULES, "      home:", "      home_market:"))
    sheet = source.read().sheets["Factors"]
    assert (sheet.at(3, 2).value, sheet.at(3, 16).value) == ("home_market", "ask Ann")


def test_columns_that_a_person_moved_are_filled_where_they_are(tmp_path: Path) -> None:
    """Titles decide, not letters; computed cells point to the moved columns too."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, lambda workbook: workbook["Tiers"].insert_cols(1))
    refill(source, changed(sample_files(), RULES, "min: 80", "min: 75"))
    book = source.read()
    assert book.sheets["Tiers"].at(2, 3).value == 75
    tier = book.sheets["Overview"].at(4, 2).formula
    assert tier is not None
    assert "Tiers!$C$2" in tier


def test_field_added_on_the_branch_gets_a_column_in_examples(tmp_path: Path) -> None:
    """A new column is put behind the last one."""
    source = filled(tmp_path / "w.xlsx")
    refill(
        source,
        changed(sample_files(), "scoring/fields.yaml", "fields:\n", "fields:\n  fresh: {type: number, sample: 1}\n"),
    )
    sheet = source.read().sheets["Examples"]
    titles = [sheet.at(1, column).value for column in range(1, sheet.last_column + 1)]
    assert titles[-1] == "fresh"
    assert source.read().sheets["Lead"].at(2, 1).value == "fresh"


RETAIL = b"""\
components:
  company:
    weight: 0.7
    factors:
      age: {formula: '=MIN(1,years/5)'}
  intent: {weight: 0.3}
"""


def test_vertical_added_on_the_branch_gets_a_tab(tmp_path: Path) -> None:
    """Its formulas, formats, notes, choices and names come along; what was there keeps its place."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, decorate)
    files = {**changed(sample_files(), RULES, *NEW_FACTOR), "scoring/verticals/retail.yaml": RETAIL}
    refill(source, files)
    book = source.read()
    assert list(book.sheets)[-1] == "retail"
    sheet = book.sheets["retail"]
    assert sheet.at(3, 4).formula == "=MIN(1,years/5)"
    assert "Factors!$E$3" in str(sheet.at(3, 5).formula)
    assert sheet.at(3, 5).value == 1
    assert sheet.at(1, 3).note
    assert sheet.at(2, 3).number_format == "0.0##%"
    assert book.sheets["Factors"].at(4, 16).value == "ask Ann"
    assert export_workbook(book, files).edits == ()
    opened = openpyxl.load_workbook(source.path)
    assert opened["retail"].protection.sheet
    assert "company.age" in opened["retail"].defined_names


@pytest.mark.parametrize("tab", ["Tiers", "Factors", "Lead", "health"])
def test_deleted_tab_is_made_again(tmp_path: Path, tab: str) -> None:
    """A person who deleted a tab by mistake gets it back with its rows, and the score is computed again."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, lambda workbook: workbook.remove(workbook[tab]))
    refill(source, sample_files())
    book = source.read()
    assert export_workbook(book, sample_files()).edits == ()
    assert book.names["years"] == "Lead!$D$2"
    assert book.sheets["Overview"].at(3, 2).value is not None


def test_renamed_tab_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    """Two tabs whose names differ in blanks or case alone would be a broken file, or a riddle."""
    source = filled(tmp_path / "w.xlsx")

    def rename(workbook: Any) -> None:
        workbook["Tiers"].title = "Tiers "

    edit(source.path, rename)
    before = source.path.read_bytes()
    with pytest.raises(MergecellsError, match="called 'Tiers ' here"):
        refill(source, changed(sample_files(), RULES, "min: 80", "min: 75"))
    assert source.path.read_bytes() == before


@pytest.mark.parametrize("lock", [".~lock.w.xlsx#", "~$w.xlsx"])
def test_open_workbook_is_not_written(tmp_path: Path, lock: str) -> None:
    """LibreOffice and Excel would overwrite it at their next save."""
    source = filled(tmp_path / "w.xlsx")
    (tmp_path / lock).write_text("")
    with pytest.raises(MergecellsError, match="is open in another program"):
        source.mark({CellRef("Tiers", 2, 2): "x"})


def test_failed_write_leaves_the_old_workbook_and_no_rest(tmp_path: Path) -> None:
    """A folder that may not be written: the error comes, the file stays whole."""
    source = XlsxWorkbook(tmp_path / "missing" / "w.xlsx")
    filled(source.path)
    assert [each.name for each in source.path.parent.iterdir()] == ["w.xlsx"]


def test_marks_show_at_cells_and_are_cleared_without_a_trace(tmp_path: Path) -> None:
    """A note of a person's own stays; ours goes with the next call."""
    source = filled(tmp_path / "w.xlsx")

    def note(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "A").comment = Comment("agreed in May", "Ann")

    edit(source.path, note)
    source.mark({CellRef("Tiers", 2, 2): "Conflict.\nHere: 85", CellRef("health", 2, 3): "look"})
    marked = source.read()
    assert marked.sheets["Tiers"].at(2, 2).note == "agreed in May\n\nmergecells: Conflict.\nHere: 85"
    assert marked.sheets["health"].at(2, 3).note == "mergecells: look"
    assert b'LEN("mergecells")' in b"".join(parts(source.path).values()).replace(b"&quot;", b'"')
    source.mark({})
    cleared = source.read()
    assert cleared.sheets["Tiers"].at(2, 2).note == "agreed in May"
    assert cleared.sheets["health"].at(2, 3).note == ""
    assert b"mergecells&quot;" not in b"".join(parts(source.path).values())


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("=C3*2", "=C4*2"),
        ("=$C$3+Other!C3", "=$C$4+Other!C3"),
        ("=SUM(C2:C5)", "=SUM(C2:C6)"),
        ("=SUM('My tab'!C5:C900)", "=SUM('My tab'!C6:C901)"),
        ('="C3"&C3', '="C3"&C4'),
        ("=LOG10(C3)+years3+C3x", "=LOG10(C4)+years3+C3x"),
        ("=D4", "=#REF!"),
    ],
)
def test_reference_follows_moved_rows(formula: str, moved: str) -> None:
    """Row 3 went to 4, row 4 is gone, rows after 5 are one further down."""
    movement = Movement({1: 1, 2: 2, 3: 4, 4: None, 5: 6}, last=5, shift=1)
    assert move_formula(formula, "Tab", {"Tab": movement, "My tab": movement}) == moved


@given(
    st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8),
    st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8),
    st.lists(st.integers(2, 12), unique=True, min_size=8, max_size=8),
)
def test_row_plan_gives_every_wanted_key_one_row_in_order(old: list[str], new: list[str], places: list[int]) -> None:
    """Whatever rows were there: each key has its row, rows do not collide, and nobody's own line is lost."""
    present = {row: (key,) for row, key in zip(sorted(places), old, strict=False)}
    last = max(places)
    plan = plan_rows(present, [(key,) for key in new], 1, last)
    targets = [plan.targets[key,] for key in new]
    assert targets == sorted(targets)
    moved = [plan.movement.row(row) for row in range(2, last + 1)]
    kept = [row for row in moved if row is not None]
    assert len(set(kept)) == len(kept)
    assert not plan.new & set(kept)
    for row in range(2, last + 1):
        if row not in present:
            assert plan.movement.row(row) is not None
    for row, key in present.items():
        if key[0] in new:
            assert plan.movement.row(row) == plan.targets[key]


def test_first_row_of_a_table_without_rows_is_filled_in(tmp_path: Path) -> None:
    """A tab may have no rows yet, on either side."""
    bare = changed(sample_files(), RULES, 'formulas:\n  spend: "=MAX(0,seats)*price"\n', "")
    bare = changed(bare, RULES, "=MIN(1,spend/1000)", "=MIN(1,seats)")
    source = filled(tmp_path / "w.xlsx", bare)
    refill(source, changed(bare, RULES, "min: 80", "min: 81"), bare)
    plan = refill(source, changed(bare, RULES, "components:\n", 'formulas: {half: "=seats/2"}\ncomponents:\n'), bare)
    assert plan.layout is not None
    assert source.read().sheets["Formulas"].at(2, 1).value == "half"


def test_rows_below_a_table_are_free_to_type_in_and_dressed_by_the_next_fill(tmp_path: Path) -> None:
    """A person adds a row without unprotecting the tab; after the fill it is a row like the others, computed."""
    source = filled(tmp_path / "w.xlsx")

    def type_row(workbook: Any) -> None:
        sheet = workbook["Factors"]
        free = {letter: not sheet.column_dimensions[letter].protection.locked for letter in "ABCDE"}
        assert free == {"A": True, "B": True, "C": True, "D": True, "E": False}
        for column, value in enumerate(["intent", "late", 0.25, "=1/4"], start=1):
            cell = sheet.cell(sheet.max_row + (column == 1), column, value)
            cell.protection = Protection(locked=False)

    edit(source.path, type_row)
    kept = export(source)
    assert [type(each).__name__ for each in kept.edits] == ["AddRow"]
    refill(source, {**sample_files(), **kept.files})
    book = openpyxl.load_workbook(source.path)
    sheet = book["Factors"]
    above, added = ([sheet.cell(row, column) for column in (1, 2, 3, 4, 5, 6, 8)] for row in (2, sheet.max_row))
    assert added[1].value == "late"
    assert [cell.protection.locked for cell in added] == [cell.protection.locked for cell in above]
    assert added[0].fill.fgColor.rgb == above[0].fill.fgColor.rgb
    assert source.read().sheets["Factors"].at(sheet.max_row, 5).value == 0.25
