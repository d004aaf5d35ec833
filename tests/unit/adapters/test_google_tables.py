"""Lookup tables and formulas over whole lists in a Google Sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from google_stage import Stage, staged
from mergecells.authoring.check import check_files
from mergecells.authoring.export import export_workbook
from mergecells.authoring.fill import plan_fill
from workbook_sample import BASE, HEAD, changed
from workbook_tables import PLACES, table_files


@pytest.fixture(scope="module")
def google() -> Iterator[Stage]:
    with staged() as stage:
        layout = plan_fill(table_files(), BASE, None, lambda _: None).layout
        assert layout
        stage.sheet().write(layout)
        yield stage


def entered(stage: Stage, tab: str) -> dict[str, str]:
    """The formulas by the name in column A, as a person would see them in the formula bar."""
    cells = stage.book.titled(tab).cells
    rows = {row for row, _ in cells}
    found: dict[str, str] = {}
    for row in sorted(rows):
        name, formula = (cells.get((row, column), {}).get("userEnteredValue", {}) for column in (0, 1))
        if "formulaValue" in formula:
            found[str(name.get("stringValue"))] = formula["formulaValue"]
    return found


def area(stage: Stage, name: str) -> dict[str, Any]:
    return next(each["range"] for each in stage.book.named if each["name"] == name)


def test_google_formula_over_a_whole_list_is_an_array_formula(google: Stage) -> None:
    """Where Google would take one cell of a list, the formula stands in ARRAYFORMULA, and shows what we compute."""
    formulas = entered(google, "Formulas")
    assert formulas["weighted"].upper().startswith("=ARRAYFORMULA("), formulas["weighted"]
    assert "ARRAYFORMULA" not in formulas["total"].upper()
    assert (shown(google)["weighted"], shown(google)["total"]) == (2.25, 2.5)


def test_google_formulas_over_tables_show_what_we_compute(google: Stage) -> None:
    """Free rows below a table must not count: `ROWS`, a count of blanks, a search in order. Nothing is called stale."""
    exported = export_workbook(google.sheet().read(), table_files())
    report = check_files(table_files(), tables=exported.tables)
    assert [str(each) for each in report.findings if each.code == "formula.stale-value"] == []
    assert area(google, "places")["endRowIndex"] == 5


@pytest.fixture
def growing() -> Iterator[Stage]:
    """A sheet whose formulas only look things up, so that names may cover free rows."""
    with staged() as stage:
        layout = plan_fill(lookup_files(), BASE, None, lambda _: None).layout
        assert layout
        stage.sheet().write(layout)
        yield stage


def lookup_files() -> dict[str, bytes]:
    files = table_files()
    rules = files["scoring/rules.yaml"].decode().splitlines()
    kept = [line for line in rules if not line.startswith("  ") or line.split(":")[0].strip() in BLIND]
    return {**files, "scoring/rules.yaml": "\n".join(kept).encode() + b"\n"}


BLIND = {"by_column", "by_name", "of_region", "width", "total", "its_code", "best", "mean"}


def test_google_name_of_a_table_reaches_rows_that_are_typed_below(growing: Stage) -> None:
    """The named range has room; the row typed there is one new row, and a fill after its merge changes no cell."""
    last = 1 + 4
    assert area(growing, "places_fit")["endRowIndex"] == last + 200
    growing.type("places", (last + 1, 1), "Paris")
    growing.type("places", (last + 1, 3), 0.5)
    assert shown(growing)["total"] == 3
    result = export_workbook(growing.sheet().read(), lookup_files())
    assert result.ok, result.findings
    assert [type(edit).__name__ for edit in result.edits] == ["AddRow"]
    merged = {**lookup_files(), **result.files}
    source = growing.sheet()
    plan = plan_fill(merged, HEAD, source.read(), lambda _: lookup_files())
    assert plan.layout
    assert (plan.incoming, plan.kept) == ((), ())
    source.write(plan.layout)
    assert area(growing, "places_fit")["endRowIndex"] == last + 1 + 200
    assert export_workbook(growing.sheet().read(), merged).edits == ()


@pytest.mark.parametrize("spare", [0, 200])
def test_google_name_of_a_table_follows_rows_of_the_branch(google: Stage, growing: Stage, spare: int) -> None:
    """Rows that come and go by way of the files: the name still covers all of them, and the room below if any."""
    stage, before = (growing, lookup_files()) if spare else (google, table_files())
    source = stage.sheet()
    files = changed(before, PLACES, "  Berlin:", "  Bonn: {region: North, fit: 0.125}\n  Berlin:")
    files = changed(files, PLACES, "  Oslo: {fit: 0.75}\n", "")
    plan = plan_fill(files, BASE, source.read(), lambda _: before)
    assert plan.layout
    source.write(plan.layout)
    sheet = stage.sheet().read().sheets["places"]
    keys = [sheet.at(row, 1).value for row in range(2, sheet.last_row + 1) if sheet.at(row, 1).value]
    place = area(stage, "places")
    assert keys == ["Bonn", "Berlin", "Rome", "007"]
    assert (place.get("startRowIndex"), place["endRowIndex"]) == (1, 1 + len(keys) + spare)
    assert shown(stage)["total"] == 0.125 + 0.5 + 0.25 + 1


def shown(stage: Stage) -> dict[object, object]:
    sheet = stage.sheet().read().sheets["Formulas"]
    return {sheet.at(row, 1).value: sheet.at(row, 3).value for row in range(2, sheet.last_row + 1)}
