"""A person types over a formula, or over a cell that the workbook computes: said with its cell and what stood there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mergecells.authoring.check import CheckReport
from mergecells.authoring.check_workbook import check_edited
from mergecells.domain.findings import Finding
from workbook_sample import changed, edit, filled, find_cell, sample_files

CODES = ("formula.overwritten", "formula.pattern", "workbook.type")


def check(path: Path, *edits: tuple[str, str, str, Any]) -> CheckReport:
    """Fill a workbook, set cells (tab, title, key by slashes, value), and check it as an edit."""
    source = filled(path)

    def change(workbook: Any) -> None:
        for tab, title, key, value in edits:
            find_cell(workbook, tab, title, *key.split("/")).value = value

    edit(path, change)
    return check_edited(source.read(), sample_files(), sample_files(), allow_large=False, recompute=None)


def told(path: Path, *edits: tuple[str, str, str, Any]) -> list[Finding]:
    return [finding for finding in check(path, *edits).findings if finding.code in CODES]


def test_overwritten_number_over_a_formula_is_an_error_that_shows_the_formula(tmp_path: Path) -> None:
    """0.7 without `=` is no formula: the finding names the cell, what stood there, and both ways on."""
    [finding] = told(tmp_path / "w.xlsx", ("Factors", "formula", "company/age", 0.7))
    assert (finding.code, finding.severity, finding.cell) == ("formula.overwritten", "error", "Factors!D2")
    assert finding.message.endswith("it replaced =IF(years>=10, 1, years/10).")
    assert finding.hint == "Undo it, or type the formula again. Type =0.7 if it is meant."


def test_overwritten_by_a_constant_formula_is_a_warning_with_line_and_cell(tmp_path: Path) -> None:
    """`=0.7` is a formula, so it may be meant; that the factor is a constant is not told a second time."""
    report = check(tmp_path / "w.xlsx", ("Factors", "formula", "company/age", "=0.7"))
    [finding] = [each for each in report.findings if each.code in (*CODES, "formula.bound")]
    assert (finding.code, finding.severity) == ("formula.overwritten", "warning")
    assert (finding.file, finding.line, finding.cell) == ("scoring/rules.yaml", 16, "Factors!D2")
    assert finding.message.endswith("age is the constant =0.7 now and was =IF(years>=10, 1, years/10).")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("=MIN(1,years/15)", id="another formula"),
        pytest.param(None, id="cleared: the field counts"),
    ],
)
def test_overwritten_is_not_told_of_other_edits(tmp_path: Path, value: Any) -> None:
    """Another formula is an edit as any other."""
    assert told(tmp_path / "w.xlsx", ("Factors", "formula", "company/age", value)) == []


def test_overwritten_in_a_vertical_and_in_an_intermediate(tmp_path: Path) -> None:
    """Every tab with formulas is looked at."""
    found = told(
        tmp_path / "w.xlsx", ("health", "formula", "company/age", "=1"), ("Formulas", "formula", "spend", "=TRUE")
    )
    assert [finding.cell for finding in found] == ["Formulas!B2", "health!D3"]


def test_overwritten_constant_of_the_base_is_old_news(tmp_path: Path) -> None:
    """A constant that stood there before is no change."""
    files = changed(sample_files(), "scoring/rules.yaml", "=IF(years>=10, 1, years/10)", "=0.5")
    source = filled(tmp_path / "w.xlsx", files)
    report = check_edited(source.read(), files, files, allow_large=False, recompute=None)
    assert [finding.code for finding in report.findings if finding.code in CODES] == []


@pytest.mark.parametrize(
    ("tab", "title", "key", "value", "words"),
    [
        ("Factors", "value", "company/home", 1, "'value' holds the constant 1, where the other rows"),
        (
            "Factors",
            "points",
            "intent/budget",
            "=100*0.2",
            "'points' holds =100*0.2, which does not look",
        ),
        ("Factors", "value", "company/home", "=IF(ISBLANK(D2),0,1)", "which does not look at its own row"),
    ],
)
def test_pattern_cell_that_computes_otherwise_than_its_column_is_a_warning(
    tmp_path: Path, tab: str, title: str, key: str, value: Any, words: str
) -> None:
    """What the workbook shows is off; the files are not touched by it."""
    [finding] = told(tmp_path / "w.xlsx", (tab, title, key, value))
    assert (finding.code, finding.severity) == ("formula.pattern", "warning")
    assert words in finding.message


def test_pattern_of_a_filled_workbook_is_whole(tmp_path: Path) -> None:
    """No row of any tab breaks the pattern as it was filled."""
    assert told(tmp_path / "w.xlsx") == []
