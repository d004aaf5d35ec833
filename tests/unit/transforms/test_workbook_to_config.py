"""Tabs are found by their titles, rows by their keys, and everything odd is said with its cell."""

from __future__ import annotations

from typing import Any

from mergecells.domain.findings import Finding
from mergecells.domain.locations import CellRef
from mergecells.domain.tables import Column, Table, TableSpec
from mergecells.domain.workbook import Cell, CellKind, Sheet, Workbook
from mergecells.transforms.workbook_to_config import workbook_to_tables

FACTORS = TableSpec(
    tab="Factors",
    file="scoring/rules.yaml",
    keys=("component", "factor"),
    columns=(Column("weight", "weight", ("weight",)), Column("formula", "formula", ("formula",))),
    row_path=("components", "{component}", "factors", "{factor}"),
)
HEADER = ["component", "factor", "weight", "formula", "_key"]


def cell_of(value: Any) -> Cell:
    if isinstance(value, Cell):
        return value
    kinds: dict[type, CellKind] = {bool: "boolean", int: "number", float: "number", str: "text"}
    return Cell(kinds[type(value)], float(value) if type(value) is int else value)


def sheet(rows: list[list[Any]], name: str = "Factors", **options: Any) -> Sheet:
    cells = {
        (row, column): cell_of(value)
        for row, values in enumerate(rows, start=1)
        for column, value in enumerate(values, start=1)
        if value is not None
    }
    return Sheet(name, cells, **options)


def read(*sheets: Sheet, names: dict[str, str] | None = None) -> tuple[Table | None, list[Finding]]:
    workbook = Workbook("w.xlsx", {each.name: each for each in sheets}, names or {})
    tables, findings = workbook_to_tables(workbook, {"Factors": FACTORS})
    return tables.get("Factors"), findings


def test_columns_in_any_order_with_extra_ones_are_found() -> None:
    """A person may move columns and add their own, even above the titles a line of theirs."""
    table, findings = read(
        sheet([["My rules"], ["weight", "mine", "Factor ", "COMPONENT", "formula"], [0.5, "x", "f", "c"]])
    )
    assert not findings
    assert table is not None
    row = table.rows["c", "f"]
    assert (row.cells["weight"], row.refs["weight"]) == (0.5, CellRef("Factors", 3, 1))


def test_missing_column_is_a_finding_that_names_it() -> None:
    """Rows are not read as if every weight were blank."""
    table, findings = read(sheet([["component", "factor", "formula"], ["c", "f", None]]))
    assert table is None
    assert [finding.code for finding in findings] == ["workbook.header"]
    assert "'weight'" in findings[0].message


def test_duplicate_title_is_a_finding_with_both_cells() -> None:
    """Which of two weight columns counts is not guessed."""
    table, findings = read(sheet([["component", "factor", "weight", "formula", "weight"], ["c", "f", 0.5, None, 0.6]]))
    assert table is None
    assert "Factors!C1 and Factors!E1" in findings[0].message


def test_missing_tab_is_a_finding() -> None:
    """The tab is named, with what to do."""
    _, findings = read(sheet([HEADER], name="Other"))
    assert [(finding.code, finding.severity) for finding in findings] == [("workbook.missing-tab", "error")]


def test_tab_name_in_other_case_is_found() -> None:
    """`FACTORS ` is Factors."""
    table, findings = read(sheet([HEADER, ["c", "f", 0.5]], name="FACTORS "))
    assert table is not None
    assert not findings
    assert str(table.rows["c", "f"].refs["weight"]) == "'FACTORS '!C2"


def test_duplicate_key_names_both_cells_and_keeps_the_first() -> None:
    """Composed and decomposed accents are the same name."""
    table, findings = read(sheet([HEADER, ["c", "caf\u00e9", 0.5], ["c", "cafe\u0301", 0.6]]))
    assert table is not None
    assert len(table.rows) == 1
    assert findings[0].code == "rule.duplicate-name"
    assert "Factors!B2 and Factors!B3" in findings[0].message
    assert findings[0].cell == "Factors!B3"


def test_blank_rows_are_skipped_and_a_row_without_key_is_a_finding() -> None:
    """A weight that belongs to no factor is not dropped in silence."""
    table, findings = read(sheet([HEADER, [], ["c", "f", 0.5], [None, " \u00a0"], ["c", None, 0.4], ["c", "g", 0.5]]))
    assert table is not None
    assert list(table.rows) == [("c", "f"), ("c", "g")]
    assert [(finding.code, finding.cell) for finding in findings] == [("workbook.type", "Factors!B5")]


def test_blanks_around_a_key_are_left_out_with_a_warning() -> None:
    """`f ` with an NBSP is f, and said."""
    table, findings = read(sheet([HEADER, ["c", "f\u00a0 ", 0.5]]))
    assert table is not None
    assert list(table.rows) == [("c", "f")]
    assert [(finding.severity, finding.cell) for finding in findings] == [("warning", "Factors!B2")]


def test_remembered_key_tells_a_rename() -> None:
    """The row knows its former key; a row that did not change knows none."""
    table, _ = read(sheet([HEADER, ["c", "new", 0.5, None, '["c","old"]'], ["c", "same", 0.5, None, '["c","same"]']]))
    assert table is not None
    assert [row.former_key for row in table.rows.values()] == [("c", "old"), None]


def test_remembered_key_of_a_copied_row_is_no_rename() -> None:
    """The original is still there, and of two copies of a renamed row the first is the rename."""
    rows = [["c", "a", 0.1, None, '["c","a"]'], ["c", "copy", 0.1, None, '["c","a"]']]
    rows += [["c", "x", 0.1, None, '["c","gone"]'], ["c", "y", 0.1, None, '["c","gone"]']]
    table, _ = read(sheet([HEADER, *rows]))
    assert table is not None
    assert [row.former_key for row in table.rows.values()] == [None, None, ("c", "gone"), None]


def test_remembered_key_that_is_damaged_is_ignored() -> None:
    """A hidden cell is not the place to fail at."""
    for damaged in ("", "[", '["c"]', '{"c": 1}', '["c",1]', "null"):
        table, findings = read(sheet([HEADER, ["c", "f", 0.5, None, damaged or None]]))
        assert table is not None
        assert table.rows["c", "f"].former_key is None
        assert not findings


def test_merged_cells_in_the_data_are_a_finding() -> None:
    """Below a merged cell everything is blank: that is no value."""
    block = CellRef("Factors", 2, 1, 3, 1)
    _, findings = read(sheet([HEADER, ["c", "f", 0.5], [None, "g", 0.5]], merged=(block,)))
    assert "workbook.merged" in [finding.code for finding in findings]
    assert "Factors!A2:A3" in next(finding.message for finding in findings if finding.code == "workbook.merged")


def test_merged_cells_beside_the_data_are_fine() -> None:
    """A person's own columns are theirs."""
    _, findings = read(sheet([HEADER, ["c", "f", 0.5]], merged=(CellRef("Factors", 2, 9, 3, 9),)))
    assert not findings


def test_hidden_rows_and_tabs_are_read_and_said() -> None:
    """A filter that hides rows must not delete them."""
    table, findings = read(sheet([HEADER, ["c", "f", 0.5], ["c", "g", 0.5]], hidden=True, hidden_rows=frozenset({3})))
    assert table is not None
    assert len(table.rows) == 2
    assert [(finding.code, finding.severity) for finding in findings] == [("workbook.hidden", "warning")] * 2


def test_shown_result_of_a_formula_is_kept_beside_it() -> None:
    """The check compares what the sheet showed with what production computes."""
    table, _ = read(sheet([HEADER, ["c", "f", 0.5, Cell("number", 0.7, "=years/10")]]))
    assert table is not None
    row = table.rows["c", "f"]
    assert (row.cells["formula"], row.shown["formula"]) == ("=years/10", 0.7)


def test_pinned_today_becomes_today_again_only_where_we_pinned_it() -> None:
    """A lead field of the team's own called evaluation_date is left alone."""
    rows = [HEADER, ["c", "f", 0.5, Cell("number", 0.7, "=evaluation_date-1")]]
    ours, _ = read(sheet(rows), names={"evaluation_date": "Overview!$B$7"})
    theirs, _ = read(sheet(rows), names={"evaluation_date": "Lead!$D$7"})
    assert ours is not None
    assert theirs is not None
    assert ours.rows["c", "f"].cells["formula"] == "=TODAY()-1"
    assert theirs.rows["c", "f"].cells["formula"] == "=evaluation_date-1"


def test_all_findings_come_in_one_run() -> None:
    """Not the first only."""
    rows = [["c", "f", "1,5"], ["c", "g", Cell("error", "#N/A")], ["c", "h", 0.5, 0.3]]
    _, findings = read(sheet([HEADER, *rows]))
    assert [finding.cell for finding in findings] == ["Factors!C2", "Factors!C3", "Factors!D4"]


def test_renamed_tab_is_named_in_the_hint() -> None:
    """A tab of another name that has all the titles is most likely the one that is missing."""
    _, findings = read(sheet([HEADER], name="Faktoren"), sheet([["notes"]], name="Mine"))
    [hint] = [each.hint for each in findings]
    assert hint == "Call the tab 'Faktoren' 'Factors' again, or run `mergecells fill --apply` to have it made again."
