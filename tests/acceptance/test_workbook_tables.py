"""Lookup tables in the workbook: a tab each, edits come back as the smallest diff, merges go by row and column."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.findings import Finding
from mergecells.transforms.workbook_changes import render_change
from workbook_sample import changed, diff_lines, edit, filled, find_cell, refill
from workbook_tables import PLACES, exported, shown, table_files

Change = Callable[[Any], None]


def set_cell(title: str, key: str, value: object) -> Change:
    def change(workbook: Any) -> None:
        cell = find_cell(workbook, "places", title, key)
        cell.value = value

    return change


def edited_lines(tmp_path: Path, change: Change) -> list[str]:
    source = filled(tmp_path / "w.xlsx", table_files())
    edit(source.path, change)
    result = exported(source.path)
    assert not result.findings, result.findings
    return diff_lines(result, table_files())


def codes(findings: Sequence[Finding]) -> set[str]:
    """What the check says. The sample has intermediates that only show how a table is used."""
    return {finding.code for finding in findings}


def test_fill_and_export_of_tables_without_an_edit_change_nothing(tmp_path: Path) -> None:
    """Texts of digits, blanks, dates and truth values survive: no edit, no finding, and a second fill has no work."""
    source = filled(tmp_path / "w.xlsx", table_files())
    result = exported(source.path)
    assert (result.edits, result.findings) == ((), ())
    refill(source, table_files(), table_files())
    assert exported(source.path).edits == ()
    assert codes(check_files(table_files(), tables=result.tables).findings) <= {"rule.unused"}


def test_table_tab_shows_titles_with_notes_values_with_types_and_hides_the_key(tmp_path: Path) -> None:
    """A date is a date, a text of digits a text; the note says what formulas call the column."""
    source = filled(tmp_path / "w.xlsx", table_files())
    sheet = source.read().sheets["places"]
    assert [sheet.at(1, column).value for column in range(1, 7)] == ["place", "region", "fit", "open", "since", "_key"]
    assert [sheet.at(2, column).kind for column in range(1, 6)] == ["text", "text", "number", "boolean", "date"]
    assert (sheet.at(5, 1).kind, sheet.at(5, 1).value) == ("text", "007")
    assert [sheet.at(4, column).kind for column in (2, 4, 5)] == ["blank"] * 3
    assert sheet.at(1, 2).note == "Part of the world. Formulas call this column places_region."
    bands = source.read().sheets["bands"]
    assert [bands.at(row, 1).value for row in (2, 3, 4)] == [0, 100, 1000]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        pytest.param(
            set_cell("fit", "Oslo", 0.8), ["-  Oslo: {fit: 0.75}", "+  Oslo: {fit: 0.8}"], id="one cell, one line"
        ),
        pytest.param(
            set_cell("region", "Oslo", "North"),
            ["-  Oslo: {fit: 0.75}", "+  Oslo: {region: North, fit: 0.75}"],
            id="a blank filled, in the order of the columns",
        ),
        pytest.param(
            set_cell("region", "Rome", None),
            [
                "-  Rome: {region: South, fit: 0.25, open: false}   # later",
                "+  Rome: {fit: 0.25, open: false}   # later",
            ],
            id="blanked, with its comment",
        ),
        pytest.param(
            set_cell("place", "Rome", "Roma"),
            [
                "-  Rome: {region: South, fit: 0.25, open: false}   # later",
                "+  Roma: {region: South, fit: 0.25, open: false}   # later",
            ],
            id="renamed",
        ),
        pytest.param(
            set_cell("since", "Oslo", datetime.date(2025, 12, 31)),
            ["-  Oslo: {fit: 0.75}", '+  Oslo: {fit: 0.75, since: "2025-12-31"}'],
            id="a date",
        ),
        pytest.param(
            set_cell("region", "Oslo", "007"),
            ["-  Oslo: {fit: 0.75}", '+  Oslo: {region: "007", fit: 0.75}'],
            id="a text of digits",
        ),
        pytest.param(
            set_cell("region", "Oslo", "TRUE"),
            ["-  Oslo: {fit: 0.75}", '+  Oslo: {region: "TRUE", fit: 0.75}'],
            id="a text that looks like a truth value",
        ),
        pytest.param(
            lambda workbook: workbook["places"].delete_rows(3),
            ["-  Rome: {region: South, fit: 0.25, open: false}   # later"],
            id="deleted",
        ),
    ],
)
def test_table_edit_comes_back_as_the_smallest_diff(tmp_path: Path, change: Change, lines: list[str]) -> None:
    """One cell is one line; a row added, renamed, deleted or moved touches no other row."""
    assert edited_lines(tmp_path, change) == lines


def test_table_row_typed_below_is_one_new_line(tmp_path: Path) -> None:
    """A row below the last one, and a row in the middle, each with the style of its neighbours."""

    def append(workbook: Any) -> None:
        for column, value in enumerate(["Bonn", "North", 0.125, True], start=1):
            workbook["places"].cell(6, column, value)

    assert edited_lines(tmp_path, append) == ['+  Bonn: {region: "North", fit: 0.125, open: true}']

    def insert(workbook: Any) -> None:
        workbook["places"].insert_rows(3)
        workbook["places"].cell(3, 1, "Köln")

    (tmp_path / "second").mkdir()
    assert edited_lines(tmp_path / "second", insert) == ["+  Köln: {}"]


def test_table_row_with_a_number_as_key_is_written_as_a_quoted_key(tmp_path: Path) -> None:
    """Keys of YAML are texts; 2.5 comes back as the number that it was."""
    source = filled(tmp_path / "w.xlsx", table_files())

    def append(workbook: Any) -> None:
        workbook["bands"].cell(5, 1, 2500.5)
        workbook["bands"].cell(5, 2, 1)

    edit(source.path, append)
    result = exported(source.path)
    assert diff_lines(result, table_files()) == ['+  "2500.5": {share: 1}']
    assert codes(check_files({**table_files(), **result.files}).findings) <= {"rule.unused"}


@pytest.mark.parametrize(
    ("title", "value", "words"),
    [
        ("region", 7, "'region' is the number 7 where text belongs"),
        ("fit", "0.5", "'fit' is the text '0.5' where a number belongs"),
        ("open", "maybe", "'open' is 'maybe' where TRUE or FALSE belongs"),
        ("since", 45351, "'since' is the number 45351 where a date belongs"),
        ("place", 7, "'place' is the number 7 where text belongs"),
    ],
)
def test_table_cell_of_another_type_is_refused_at_its_cell(
    tmp_path: Path, title: str, value: object, words: str
) -> None:
    """`007` typed as a number would lose its zeros: nothing is guessed, nothing is written."""
    source = filled(tmp_path / "w.xlsx", table_files())

    def change(workbook: Any) -> None:
        cell = find_cell(workbook, "places", title, "Oslo")
        cell.value, cell.number_format = value, "General"

    edit(source.path, change)
    result = exported(source.path)
    assert [finding.code for finding in result.findings] == ["workbook.type"]
    assert words in result.findings[0].message
    assert (result.findings[0].file, result.files) == (PLACES, {})
    assert (result.findings[0].cell or "").startswith("places!")


def test_table_change_names_row_cell_and_line(tmp_path: Path) -> None:
    """What a reviewer reads: the table, the row's key, the column, both values, the cell and the line."""
    source = filled(tmp_path / "w.xlsx", table_files())
    edit(source.path, set_cell("fit", "Oslo", 0.8))
    (change,) = exported(source.path).changes
    assert render_change(change) == f"places: Oslo: fit 0.75 → 0.8  [places!C4, {PLACES}:12]"


def test_table_edits_of_sheet_and_branch_merge_by_row_and_column(tmp_path: Path) -> None:
    """Two cells of one row, one changed on each side, both survive; rows that the branch moved or added stay."""
    head = changed(table_files(), PLACES, "Oslo: {fit: 0.75}", "Oslo: {fit: 0.8}\n  Bonn: {fit: 0.1}")
    source = filled(tmp_path / "w.xlsx", table_files())
    edit(source.path, set_cell("region", "Oslo", "North"))
    result = exported(source.path, head)
    assert not result.conflicts
    assert diff_lines(result, head) == ["-  Oslo: {fit: 0.8}", "+  Oslo: {region: North, fit: 0.8}"]


def test_table_cell_changed_on_both_sides_is_a_conflict_in_its_cell(tmp_path: Path) -> None:
    """Nothing is overwritten: the finding has both values and the cell."""
    head = changed(table_files(), PLACES, "Oslo: {fit: 0.75}", "Oslo: {fit: 0.8}")
    source = filled(tmp_path / "w.xlsx", table_files())
    edit(source.path, set_cell("fit", "Oslo", 0.9))
    result = exported(source.path, head)
    (finding,) = result.findings
    assert (finding.code, finding.cell, finding.file) == ("merge.conflict", "places!C4", PLACES)
    assert "changed here to 0.9 and meanwhile on the branch to 0.8 (it was 0.75)" in finding.message
    assert not result.files


def test_table_of_a_new_file_becomes_a_tab_of_an_existing_workbook(tmp_path: Path) -> None:
    """A team adds a table with a file; the next fill adds its tab and its names, and other edits stay."""
    base = {name: content for name, content in table_files().items() if name != "scoring/tables/bands.yaml"}
    base = changed(base, "scoring/rules.yaml", "  banded: '=LOOKUP(120,bands_least,bands_share)'\n", "")
    base = changed(base, "scoring/rules.yaml", "  by_row: '=HLOOKUP(0,bands,3,FALSE)'\n", "")
    source = filled(tmp_path / "w.xlsx", base)
    edit(source.path, set_cell("fit", "Oslo", 0.8))
    plan = refill(source, table_files(), base)
    assert plan.layout is not None
    assert [change.key for change in plan.kept] == ["Oslo"]
    book = source.read()
    assert book.sheets["bands"].at(3, 2).value == 0.5
    assert "bands_share" in book.names
    assert diff_lines(exported(source.path), table_files()) == ["-  Oslo: {fit: 0.75}", "+  Oslo: {fit: 0.8}"]


def test_table_that_loses_most_rows_needs_a_yes(tmp_path: Path) -> None:
    """The outsized-change check covers tables."""
    source = filled(tmp_path / "w.xlsx", table_files())
    edit(source.path, lambda workbook: workbook["places"].delete_rows(3, 3))
    result = exported(source.path)
    files = {**table_files(), **result.files}
    findings = check_files(files, tables=result.tables, base_files=table_files()).findings
    assert [finding.message[:31] for finding in findings if finding.code == "change.too-large"] == [
        "3 of 4 rows of places are delet"
    ]


@pytest.mark.needs("soffice")
def test_libreoffice_computes_lookups_over_tables_and_over_rows_that_a_person_adds(tmp_path: Path) -> None:
    """Names cover a row typed below the last one and a row put between others, without a new fill."""
    from workbook_sample import resave

    source = filled(tmp_path / "w.xlsx", table_files())
    ours = shown(source)
    edit(source.path, lambda workbook: None)
    assert set(shown(source).values()) == {None}
    resave(source.path, tmp_path)
    assert shown(source) == ours
    result = exported(source.path)
    assert (result.edits, result.findings) == ((), ())

    def add(workbook: Any) -> None:
        sheet = workbook["places"]
        sheet.insert_rows(3)
        for row, cells in ((3, ["Paris", "South", 4]), (7, ["Bonn", "North", 2, True])):
            for column, value in enumerate(cells, start=1):
                sheet.cell(row, column, value)
        find_cell(workbook, "Lead", "sample", "home").value = "bonn"

    edit(source.path, add)
    resave(source.path, tmp_path)
    theirs = shown(source)
    assert (theirs["height"], theirs["by_column"], theirs["by_name"], theirs["best"]) == (6, 2, 2, 2)
    assert theirs["total"] == ours["total"] + 6  # type: ignore[operator]
    result = exported(source.path)
    report = check_files({**table_files(), **result.files}, tables=result.tables)
    assert [finding for finding in report.findings if finding.code == "formula.stale-value"] == []
