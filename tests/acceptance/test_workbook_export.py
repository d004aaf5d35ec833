"""Edits in the workbook become the smallest change of the files, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mergecells.domain.tables import AddRow, DeleteRow, MoveRow, RenameRow, SetCell
from workbook_sample import BASE, changed, diff_lines, edit, export, filled, find_cell, refill, sample_files


def test_export_without_edits_changes_nothing(tmp_path: Path) -> None:
    """No edit gives no diff."""
    result = export(filled(tmp_path / "w.xlsx"))
    assert (result.edits, dict(result.files), result.findings) == ((), {}, ())
    assert result.base_revision == BASE


def test_export_saved_by_openpyxl_without_edits_changes_nothing(tmp_path: Path) -> None:
    """A program that drops every cached result and rewrites the file still gives no diff, and keeps the revision."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, lambda workbook: None)
    result = export(source)
    assert (result.edits, result.findings, result.base_revision) == ((), (), BASE)


def test_export_one_cell_changes_one_line(tmp_path: Path) -> None:
    """The comment, the quotes and the spelling 0.60 of other lines stay."""
    source = filled(tmp_path / "w.xlsx")

    def lower(workbook: Any) -> None:
        find_cell(workbook, "Components", "weight", "company").value = 0.55

    edit(source.path, lower)
    result = export(source)
    assert diff_lines(result) == [
        "-    weight: 0.60   # the larger part",
        "+    weight: 0.55   # the larger part",
    ]
    change = result.changes[0]
    assert (change.cell, change.file, change.line, change.old, change.new) == (
        "Components!B2", "scoring/rules.yaml", 13, 0.6, 0.55,
    )  # fmt: skip


def test_export_formula_edit_changes_one_line_and_unqualifies_factor_names(tmp_path: Path) -> None:
    """In the workbook a component's formula says `intent.budget`; the file says `budget`."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        cell = find_cell(workbook, "Components", "formula", "intent")
        assert cell.value == "=MAX(intent.budget,intent.asked)"
        cell.value = "=MIN(intent.budget, intent.asked)"

    edit(source.path, change)
    assert diff_lines(export(source)) == ['-    formula: "=MAX(budget,asked)"', '+    formula: "=MIN(budget, asked)"']


def test_export_spelling_that_programs_rewrite_is_no_edit(tmp_path: Path) -> None:
    """Spaces, case and TRUE() in a formula, and the 16th digit of a number, are not edits."""
    source = filled(tmp_path / "w.xlsx")

    def rewrite(workbook: Any) -> None:
        find_cell(workbook, "Factors", "formula", "company", "age").value = "=if(YEARS>=10.0,1,years/10)"
        find_cell(workbook, "Components", "weight", "company").value = 0.6000000000000001

    edit(source.path, rewrite)
    assert export(source).edits == ()


def test_export_renamed_row_renames_the_key_only(tmp_path: Path) -> None:
    """The hidden key column says which row it was: one line changes, the factors below stay."""
    source = filled(tmp_path / "w.xlsx")

    def rename(workbook: Any) -> None:
        find_cell(workbook, "Factors", "factor", "company", "age").value = "maturity"

    edit(source.path, rename)
    result = export(source)
    assert result.edits == (RenameRow("Factors", ("company", "age"), ("company", "maturity")),)
    assert [line[:1] for line in diff_lines(result)] == ["-", "+"]


def test_export_deleted_row_deletes_its_line(tmp_path: Path) -> None:
    """One row less is one line less."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, lambda workbook: workbook["Tiers"].delete_rows(3))
    result = export(source)
    assert result.edits == (DeleteRow("Tiers", ("B",)),)
    assert diff_lines(result) == ["-  B: {min: 40, label: 'B'}"]


def test_export_added_row_adds_lines_where_the_row_stands(tmp_path: Path) -> None:
    """A row typed below the table becomes a key behind the last one."""
    source = filled(tmp_path / "w.xlsx")

    def add(workbook: Any) -> None:
        sheet = workbook["Lead"]
        row = sheet.max_row + 1
        for column, value in enumerate(["budget_known", None, "boolean", True], start=1):
            sheet.cell(row, column).value = value

    edit(source.path, add)
    result = export(source)
    assert isinstance(result.edits[0], AddRow)
    assert len(result.edits) == 1
    lines = diff_lines(result)
    assert all(line.startswith("+") for line in lines)
    assert "budget_known" in lines[0]


def test_export_moved_row_moves_its_line(tmp_path: Path) -> None:
    """Two rows that changed places are one move."""
    source = filled(tmp_path / "w.xlsx")

    def swap(workbook: Any) -> None:
        sheet = workbook["Lead"]
        for column in range(1, 7):
            upper, lower = sheet.cell(2, column), sheet.cell(3, column)
            upper.value, lower.value = lower.value, upper.value

    edit(source.path, swap)
    result = export(source)
    assert [type(each) for each in result.edits] == [MoveRow]
    assert len(diff_lines(result)) == 2


def test_export_copied_row_with_remembered_key_is_a_new_row(tmp_path: Path) -> None:
    """A copied row brings its hidden key along; the row whose own name equals it stays the original."""
    source = filled(tmp_path / "w.xlsx")

    def copy(workbook: Any) -> None:
        sheet = workbook["Lead"]
        row = sheet.max_row + 1
        for column in range(1, 7):
            sheet.cell(row, column).value = sheet.cell(2, column).value
        sheet.cell(row, 1).value = "years_again"

    edit(source.path, copy)
    assert [(type(each), each.key) for each in export(source).edits] == [(AddRow, ("years_again",))]


def test_export_vertical_edits_reach_the_vertical_file(tmp_path: Path) -> None:
    """A weight in a vertical's tab and a removed factor given back."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "health", "weight", "intent").value = 0.45

    edit(source.path, change)
    result = export(source)
    assert list(result.files) == ["scoring/verticals/health.yaml"]
    assert diff_lines(result) == ["-  intent: {weight: 0.5}", "+  intent: {weight: 0.45}"]


def test_export_merges_with_what_the_branch_became(tmp_path: Path) -> None:
    """Both sides' edits survive; the diff against the branch holds ours alone."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "B").value = 45

    edit(source.path, change)
    head = changed(sample_files(), "scoring/rules.yaml", "min: 80", "min: 75")
    result = export(source, head)
    assert diff_lines(result, head) == ["-  B: {min: 40, label: 'B'}", "+  B: {min: 45, label: 'B'}"]
    assert b"min: 75" in result.files["scoring/rules.yaml"]


def test_export_conflict_says_all_three_values_and_writes_nothing(tmp_path: Path) -> None:
    """The same cell changed on both sides is never overwritten."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "A").value = 85

    edit(source.path, change)
    result = export(source, changed(sample_files(), "scoring/rules.yaml", "min: 80", "min: 75"))
    conflict = result.conflicts[0]
    assert (conflict.base, conflict.ours, conflict.theirs, str(conflict.cell)) == (80, 85, 75, "Tiers!B2")
    finding = result.findings[0]
    assert finding.code == "merge.conflict"
    assert all(value in finding.message for value in ("80", "85", "75"))
    assert not result.files


def test_export_cell_of_the_wrong_type_writes_nothing(tmp_path: Path) -> None:
    """One cell that cannot be read stops the export, with its address; the other edits wait."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "A").value = "1,234"
        find_cell(workbook, "Tiers", "min", "B").value = 45

    edit(source.path, change)
    result = export(source)
    assert [(finding.code, finding.cell) for finding in result.findings] == [("workbook.type", "Tiers!B2")]
    assert not result.files
    assert not result.edits


def test_fill_keeps_edits_that_are_not_exported(tmp_path: Path) -> None:
    """Filling brings in the branch's change and keeps ours, which can still be exported."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "B").value = 45

    edit(source.path, change)
    head = changed(sample_files(), "scoring/rules.yaml", "min: 80", "min: 75")
    plan = refill(source, head)
    assert [(each.key, each.new) for each in plan.incoming] == [("A", 75)]
    assert [(each.key, each.new) for each in plan.kept] == [("B", 45)]
    tiers = source.read().sheets["Tiers"]
    assert (tiers.at(2, 2).value, tiers.at(3, 2).value) == (75, 45)


def test_fill_conflict_leaves_the_workbook_as_it_is(tmp_path: Path) -> None:
    """A fill that would overwrite an edit is refused."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Tiers", "min", "A").value = 85

    edit(source.path, change)
    before = source.path.read_bytes()
    plan = refill(source, changed(sample_files(), "scoring/rules.yaml", "min: 80", "min: 75"))
    assert plan.layout is None
    assert plan.conflicts
    assert source.path.read_bytes() == before


@pytest.mark.parametrize("tab", ["Tiers", "Examples"])
def test_export_missing_tab_deletes_nothing(tmp_path: Path, tab: str) -> None:
    """A tab that somebody deleted is a finding, not the deletion of all its rows."""
    source = filled(tmp_path / "w.xlsx")
    edit(source.path, lambda workbook: workbook.remove(workbook[tab]))
    result = export(source)
    assert [finding.code for finding in result.findings] == ["workbook.missing-tab"]
    assert not result.files


def test_export_list_entry_and_example_value_keep_their_type(tmp_path: Path) -> None:
    """Text that looks like a number stays text in quotes; a number is a number."""
    source = filled(tmp_path / "w.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "Examples", "code", "new firm").value = "007"
        find_cell(workbook, "Examples", "seats", "new firm").value = 3

    edit(source.path, change)
    result = export(source)
    values = {each.column: each.value for each in result.edits if isinstance(each, SetCell)}
    assert values == {"code": "007", "seats": 3}
    added = " ".join(line for line in diff_lines(result) if line.startswith("+"))
    assert 'code: "007"' in added or "code: '007'" in added
    assert "seats: 3" in added
