"""A vertical's rows that say `remove`: what stands in or below one is told with its cell, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbook_sample import changed, edit, export, filled, find_cell, refill, sample_files

VERTICAL = "scoring/verticals/health.yaml"


def add_row(workbook: Any, **cells: object) -> None:
    """A row below the last one of the tab `health`."""
    sheet = workbook["health"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    row = sheet.max_row + 1
    for title, value in cells.items():
        sheet.cell(row, titles[title], value)


def test_cell_beside_remove_is_a_finding_with_its_cell(tmp_path: Path) -> None:
    """The row `company / home` is removed; a weight typed there has no place in the file."""
    source = filled(tmp_path / "book.xlsx")
    edit(source.path, lambda book: setattr(find_cell(book, "health", "weight", "company", "home"), "value", 0.2))
    result = export(source)
    assert [(each.code, each.cell) for each in result.findings] == [("workbook.removed", "health!C4")]
    assert not result.files


def test_factor_below_a_removed_component_is_a_finding_with_its_cell(tmp_path: Path) -> None:
    """Removing a component and adding a factor to it cannot both be meant; a fill keeps both for the person."""
    source = filled(tmp_path / "book.xlsx")

    def change(workbook: Any) -> None:
        find_cell(workbook, "health", "weight", "intent", "").value = None
        find_cell(workbook, "health", "remove", "intent", "").value = True
        add_row(workbook, component="intent", factor="new", weight=0.4)

    edit(source.path, change)
    result = export(source)
    assert [(each.code, each.cell) for each in result.findings] == [("workbook.removed", "health!B6")]
    assert not result.files
    assert refill(source, sample_files()).layout is not None
    assert [each.cell for each in export(source).findings] == ["health!B6"]


def test_factor_added_while_the_branch_removed_its_component_is_a_finding(tmp_path: Path) -> None:
    """Each change is right alone: together they are told, and the branch stays as it is."""
    source = filled(tmp_path / "book.xlsx")
    edit(source.path, lambda book: add_row(book, component="intent", factor="new", weight=0.4))
    result = export(source, changed(sample_files(), VERTICAL, "intent: {weight: 0.5}", "intent: null"))
    assert "workbook.removed" in [each.code for each in result.findings]
    assert not result.files
