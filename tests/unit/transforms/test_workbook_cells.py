"""The type traps of spreadsheets: each cell is read as what it is, or refused with the reason."""

from __future__ import annotations

import pytest

from mergecells.domain.tables import Column, ColumnKind, TableValue
from mergecells.domain.workbook import BLANK, Cell
from mergecells.transforms.workbook_cells import read_cell


def column(kind: ColumnKind) -> Column:
    return Column("x", kind, ("x",))


GOOD: list[tuple[str, ColumnKind, Cell, TableValue]] = [
    ("text 007", "text", Cell("text", "007"), "007"),
    ("quoted 007 in a scalar", "scalar", Cell("text", "007", quote_prefix=True), "007"),
    ("number 7 in a scalar", "scalar", Cell("number", 7.0), 7.0),
    ("1e3", "number", Cell("number", 1000.0), 1000.0),
    ("text 1e3 in a scalar", "scalar", Cell("text", "1e3"), "1e3"),
    ("15 digits", "scalar", Cell("number", 123456789012345.0), 123456789012345.0),
    ("a long id as text", "scalar", Cell("text", "12345678901234567890"), "12345678901234567890"),
    ("0.1+0.2", "number", Cell("number", 0.30000000000000004), 0.30000000000000004),
    ("3 is 3.0", "number", Cell("number", 3.0), 3.0),
    ("10 %", "weight", Cell("number", 0.1, number_format="0%"), 0.1),
    ("zero is not blank", "number", Cell("number", 0.0), 0.0),
    ("blank is None", "number", BLANK, None),
    ("a date", "date", Cell("date", "2024-02-29"), "2024-02-29"),
    ("a date typed as text", "date", Cell("text", "2024-02-29"), "2024-02-29"),
    ("a date in a scalar", "scalar", Cell("date", "2024-02-29"), "2024-02-29"),
    ("TRUE", "boolean", Cell("boolean", True), True),
    ("TRUE as LibreOffice saves it", "scalar", Cell("boolean", True, "=TRUE()"), True),
    ("quoted TRUE in a scalar is text", "scalar", Cell("text", "TRUE", quote_prefix=True), "TRUE"),
    ("trailing blanks and NBSP stay", "text", Cell("text", "a \u00a0"), "a \u00a0"),
    ("decomposed accents stay", "text", Cell("text", "Cafe\u0301"), "Cafe\u0301"),
    ("text that starts with = in a text column", "text", Cell("text", "=1+1", quote_prefix=True), "=1+1"),
    ("a formula", "formula", Cell("number", 1.0, formula="=IF(a,1,0)"), "=IF(a,1,0)"),
    ("a formula that shows an error is read; the check says so", "formula", Cell("error", "#N/A", "=NA()"), "=NA()"),
    ("a quoted formula", "formula", Cell("text", "=cmd|'/c calc'!A0", quote_prefix=True), "=cmd|'/c calc'!A0"),
]


@pytest.mark.parametrize(("kind", "cell", "value"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_cell_of_its_column_kind_gives_the_value(kind: ColumnKind, cell: Cell, value: TableValue) -> None:
    """The value and its type arrive, without a finding."""
    reading = read_cell(cell, column(kind))
    assert reading.problem is None
    assert reading.value == value
    assert type(reading.value) is type(value)


BAD: list[tuple[str, ColumnKind, Cell, str]] = [
    ("007 that became a number", "text", Cell("number", 7.0), "number 7"),
    ("TRUE in a text column", "text", Cell("boolean", True), "TRUE"),
    ("a date in a text column", "text", Cell("date", "2024-02-29"), "2024-02-29"),
    ("16 digits", "scalar", Cell("number", 1234567890123456.0), "15 digits"),
    ("20 digits", "scalar", Cell("number", 1e20), "15 digits"),
    ("1,234", "number", Cell("text", "1,234"), "1,234"),
    ("1.234,5", "number", Cell("text", "1.234,5"), "1.234,5"),
    ("text 10 %", "weight", Cell("text", "10 %"), "10 %"),
    ("10 for 10 %", "weight", Cell("number", 10.0), "between 0 and 1"),
    ("TRUE in a number column", "number", Cell("boolean", True), "truth value"),
    ("a serial that is not formatted", "date", Cell("number", 43831.0), "43831"),
    ("a day that never was", "date", Cell("text", "2024-02-30"), "2024-02-30"),
    ("1900-02-29", "date", Cell("date", "1900-02-29"), "1900-02-29"),
    ("#N/A typed in", "number", Cell("error", "#N/A"), "#N/A"),
    ("#N/A in a scalar", "scalar", Cell("error", "#N/A"), "#N/A"),
    ("1 for TRUE", "boolean", Cell("number", 1.0), "TRUE or FALSE"),
    ("a formula overwritten by a constant", "formula", Cell("number", 0.5), "0.5"),
    ("words in a formula column", "formula", Cell("text", "ten years"), "no formula"),
    ("a formula of 100,000 characters", "formula", Cell("number", 1.0, formula="=" + "1+" * 50_000 + "1"), "100,002"),
    ("a formula never computed in a number column", "number", Cell("blank", None, formula="=1+1"), "never computed"),
]


@pytest.mark.parametrize(("kind", "cell", "told"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_cell_of_another_kind_is_refused_with_a_hint(kind: ColumnKind, cell: Cell, told: str) -> None:
    """The message shows what the cell holds, and a hint says what to do."""
    problem = read_cell(cell, column(kind)).problem
    assert problem is not None
    assert problem.severity == "error"
    assert told in problem.message
    assert problem.hint


def test_cell_with_text_true_in_boolean_column_warns_and_counts() -> None:
    """'TRUE is not TRUE, but in a column of truth values it can mean nothing else."""
    reading = read_cell(Cell("text", "true", quote_prefix=True), column("boolean"))
    assert reading.value is True
    assert reading.problem is not None
    assert reading.problem.severity == "warning"


def test_cell_with_formula_as_text_in_formula_column_warns_and_counts() -> None:
    """A formula in a text-formatted cell shows its text instead of a result."""
    reading = read_cell(Cell("text", "=years/10"), column("formula"))
    assert reading.value == "=years/10"
    assert reading.problem is not None
    assert reading.problem.severity == "warning"


def test_cell_with_computed_number_in_number_column_warns_and_counts() -> None:
    """A person may compute a weight; the file gets the result and the finding says so."""
    reading = read_cell(Cell("number", 0.25, formula="=1/4"), column("weight"))
    assert reading.value == 0.25
    assert reading.problem is not None
    assert reading.problem.severity == "warning"
