"""What every WorkbookSource does, on an .xlsx file and on a Google Sheet alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from google_stage import staged
from mergecells.authoring.export import ExportResult, export_workbook
from mergecells.authoring.fill import FillPlan, plan_fill
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Cell, Workbook
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from mergecells.transforms.workbook_formulas import same_formula
from workbook_desks import Desk, GoogleDesk, XlsxDesk
from workbook_sample import BASE, HEAD, changed, diff_lines, sample_files

REPOSITORY = Path(__file__).parents[3]
TRAPS: list[tuple[CellLayout, str, object]] = [
    (CellLayout("007", style="text"), "text", "007"),
    (CellLayout("=SUM(A1:A9)", style="text"), "text", "=SUM(A1:A9)"),
    (CellLayout("+49 30", style="text"), "text", "+49 30"),
    (CellLayout("-", style="text"), "text", "-"),
    (CellLayout("@home", style="text"), "text", "@home"),
    (CellLayout("'quoted", style="text"), "text", "'quoted"),
    (CellLayout("1e3", style="text"), "text", "1e3"),
    (CellLayout("12:30", style="text"), "text", "12:30"),
    (CellLayout("2024-02-30", style="text"), "text", "2024-02-30"),
    (CellLayout("TRUE", style="text"), "text", "TRUE"),
    (CellLayout("12345678901234567890", style="text"), "text", "12345678901234567890"),
    (CellLayout(" blanks ", style="text"), "text", " blanks "),
    (CellLayout("nbsp\u00a0here", style="text"), "text", "nbsp\u00a0here"),
    (CellLayout("two\nlines", style="text"), "text", "two\nlines"),
    (CellLayout("Crème 😀 e\u0301", style="text"), "text", "Crème 😀 e\u0301"),
    (CellLayout(7.0, style="number"), "number", 7.0),
    (CellLayout(0.0, style="number"), "number", 0.0),
    (CellLayout(0.1 + 0.2, style="number"), "number", 0.1 + 0.2),
    (CellLayout(-1.5e-7, style="number"), "number", -1.5e-7),
    (CellLayout(0.1, style="percent"), "number", 0.1),
    (CellLayout(43831.0, style="number"), "number", 43831.0),
    (CellLayout(True, style="boolean"), "boolean", True),
    (CellLayout(False, style="boolean"), "boolean", False),
    (CellLayout("2020-01-01", style="date"), "date", "2020-01-01"),
    (CellLayout("2024-02-29", style="date"), "date", "2024-02-29"),
    (CellLayout("1900-03-01", style="date"), "date", "1900-03-01"),
    (CellLayout("2024-02-29T13:30:00", style="date"), "date", "2024-02-29T13:30:00"),
    (CellLayout(None, style="text"), "blank", None),
]


@pytest.fixture(params=["xlsx", "google"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "xlsx":
        yield XlsxDesk(tmp_path / "scoring.xlsx")
        return
    with staged() as stage:
        yield GoogleDesk(stage)


def fill(desk: Desk, files: dict[str, bytes] | None = None) -> None:
    plan = plan_fill(files or sample_files(), BASE, None, lambda _: None)
    assert plan.layout is not None
    desk.source().write(plan.layout)


def refill(desk: Desk, files: dict[str, bytes], revision: str = HEAD) -> FillPlan:
    source = desk.source()
    plan = plan_fill(files, revision, source.read(), lambda _: sample_files())
    if plan.layout is not None:
        source.write(plan.layout)
    return plan


def export(desk: Desk, head: dict[str, bytes] | None = None) -> ExportResult:
    return export_workbook(desk.source().read(), sample_files(), head)


def page(cells: dict[tuple[int, int], CellLayout]) -> WorkbookLayout:
    return WorkbookLayout((SheetLayout("Page", cells, frozen_rows=0),), metadata={"base_revision": BASE})


def find(book: Workbook, tab: str, title: str, *key: str) -> tuple[int, int]:
    """The place of the cell in the column `title` of the row whose first cells hold `key`."""
    sheet = book.sheets[tab]
    columns = {cell.value: column for (row, column), cell in sheet.cells.items() if row == 1}
    for row in range(2, sheet.last_row + 1):
        if tuple(str(sheet.at(row, column + 1).value or "") for column in range(len(key))) == key:
            return row, columns[title]
    raise AssertionError(f"{tab} has no row {key}")


def test_missing_workbook_does_not_exist_until_it_is_written(desk: Desk) -> None:
    """`exists` tells whether there is anything; a written one has the layout's tabs, in its order."""
    assert not desk.source().exists()
    fill(desk)
    source = desk.source()
    assert source.exists()
    tabs = [name for name in source.read().sheets if name != "_mergecells"]
    assert tabs == ["Overview", "Tiers", "Components", "Factors", "Formulas", "Lists", "Lead", "Examples", "health"]


def test_written_cells_read_back_with_their_types(desk: Desk) -> None:
    """Nothing is guessed: leading zeros, long digits, texts that look like formulas, numbers, dates, blanks."""
    cells = {(row, 1): cell for row, (cell, _, _) in enumerate(TRAPS, start=1)}
    desk.source().write(page(cells))
    sheet = desk.source().read().sheets["Page"]
    for row, (_, kind, value) in enumerate(TRAPS, start=1):
        assert (sheet.at(row, 1).kind, shown(sheet.at(row, 1).value)) == (kind, shown(value))
        assert sheet.at(row, 1).formula is None


@settings(max_examples=10)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20),
            st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda number: number + 0.0),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_value_reads_back(tmp_path_factory: pytest.TempPathFactory, values: list[object]) -> None:
    """Property: a text, a number or a truth value comes back as it went in, from either system."""
    styles = {str: "text", bool: "boolean", float: "number"}
    cells = {
        (row, 1): CellLayout(value, style=styles[type(value)])  # type: ignore[arg-type]
        for row, value in enumerate(values, start=1)
    }
    with staged() as stage:
        for each in (GoogleDesk(stage), XlsxDesk(tmp_path_factory.mktemp("any") / "w.xlsx")):
            each.source().write(page(cells))
            sheet = each.source().read().sheets["Page"]
            read = [shown(sheet.at(row, 1).value) for row in range(1, len(values) + 1)]
            assert read == [shown(value) for value in values]


def test_filled_workbook_gives_no_edit(desk: Desk) -> None:
    """What was filled and not touched has nothing to export."""
    fill(desk)
    result = export(desk)
    assert (result.findings, result.edits) == ((), ())


def test_filled_workbook_of_the_shipped_rules_gives_no_edit(desk: Desk) -> None:
    """The same for the rules that this package ships."""
    names = ["mergecells.yaml", *(str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("scoring/**/*.yaml"))]
    files = {name: (REPOSITORY / name).read_bytes() for name in names}
    fill(desk, files)
    result = export_workbook(desk.source().read(), files)
    assert (result.findings, result.edits) == ((), ())


def test_names_and_metadata_read_back(desk: Desk) -> None:
    """Defined names lead to the cells that formulas mean; the base revision is remembered."""
    fill(desk)
    book = desk.source().read()
    assert book.names["years"].replace("'", "") == "Lead!$D$2"
    assert book.names["company.age"].replace("'", "") == "Factors!$E$2"
    assert book.names["good_countries"].replace("'", "") == "Lists!$B$2:$B$4"
    assert book.metadata["base_revision"] == BASE


def test_computed_cells_show_the_sample_leads_score(desk: Desk) -> None:
    """The workbook's own formulas, or the results written with them, say what the library says."""
    fill(desk)
    overview = desk.source().read().sheets["Overview"]
    assert overview.at(3, 2).value == pytest.approx(94.6)
    assert overview.at(4, 2).value == "A"


def test_title_notes_are_there(desk: Desk) -> None:
    """Each title explains its column."""
    fill(desk)
    assert "share of its component" in desk.source().read().sheets["Factors"].at(1, 3).note


def test_one_typed_cell_is_one_changed_line(desk: Desk) -> None:
    """An edit of one cell."""
    fill(desk)
    desk.type("Factors", find(desk.source().read(), "Factors", "weight", "company", "age"), 0.35)
    lines = diff_lines(export(desk))
    assert len(lines) == 2
    assert "0.3," in lines[0]
    assert "0.35," in lines[1]


def test_typed_formula_is_exported_as_typed(desk: Desk) -> None:
    """A formula with names of fields, lists and qualified factors."""
    fill(desk)
    desk.type("Factors", find(desk.source().read(), "Factors", "formula", "company", "age"), "=MIN(1,years/12)")
    assert any("=MIN(1,years/12)" in line for line in diff_lines(export(desk)))


def test_renamed_row_is_the_same_row(desk: Desk) -> None:
    """Only the key's line changes: the hidden key tells that it is not a deletion and an addition."""
    fill(desk)
    place = find(desk.source().read(), "Factors", "factor", "company", "age")
    desk.type("Factors", place, "maturity")
    kinds = [type(edit).__name__ for edit in export(desk).edits]
    assert kinds == ["RenameRow"]


def test_reordered_rows_are_moves(desk: Desk) -> None:
    """Sorting or dragging rows changes their order and nothing else; a renamed one among them is still known."""
    fill(desk)
    desk.reorder("Factors", [3, 2, 4, 5])
    assert {type(edit).__name__ for edit in export(desk).edits} == {"MoveRow"}
    desk.type("Factors", (2, 2), "place")
    assert {type(edit).__name__ for edit in export(desk).edits} == {"MoveRow", "RenameRow"}


def test_row_typed_below_the_table_is_a_new_row(desk: Desk) -> None:
    """Rows are added at the end or between."""
    fill(desk)
    for column, value in enumerate(("company", "size", 0.0, "=MIN(1,seats/50)"), start=1):
        desk.type("Factors", (6, column), value)
    assert [type(edit).__name__ for edit in export(desk).edits] == ["AddRow"]


def test_fill_again_changes_nothing(desk: Desk) -> None:
    """A workbook that shows the revision already is left as it is."""
    fill(desk)
    before = desk.source().read()
    refill(desk, sample_files(), BASE)
    assert desk.source().read() == before


BRANCH = {
    "value": ("scoring/rules.yaml", "weight: 0.7, formula: '=IF(COUNTIF", "weight: 0.70, formula: '=IF(1*COUNTIF"),
    "added": ("scoring/rules.yaml", "      home:", "      size: {weight: 0.0, formula: \"=seats/100\"}\n      home:"),
    "removed": ("scoring/rules.yaml", "      asked: {weight: 0.5}\n", ""),
    "renamed": ("scoring/rules.yaml", "      budget: {", "      money: {"),
    "new list item": ("scoring/rules.yaml", "[Germany,", "[Austria, Germany,"),
    "new field": ("scoring/fields.yaml", "  seats:", "  region: {type: text, sample: North}\n  seats:"),
    "new tier": ("scoring/rules.yaml", "  C: {min: 0", "  BC: {min: 20, label: BC}\n  C: {min: 0"),
}  # fmt: skip


@pytest.mark.parametrize("change", BRANCH)
def test_fill_brings_the_branchs_change_and_keeps_what_is_ones_own(desk: Desk, change: str) -> None:
    """Cells, rows, names and formulas are as in a workbook made anew; a typed cell, a tab, a column and a note stay."""
    fill(desk)
    desk.add_tab("Mine")
    desk.type("Mine", (1, 1), "own")
    desk.type("Factors", (1, 16), "remarks")
    desk.type("Factors", (find(desk.source().read(), "Factors", "factor", "company", "home")[0], 16), "ask Bob")
    desk.note("Lead", (2, 4), "a note")
    files = changed(sample_files(), *BRANCH[change])
    plan = refill(desk, files)
    assert plan.layout is not None
    book = desk.source().read()
    assert book.sheets["Mine"].at(1, 1).value == "own"
    assert book.sheets["Factors"].at(find(book, "Factors", "factor", "company", "home")[0], 16).value == "ask Bob"
    assert book.sheets["Lead"].at(*find(book, "Lead", "sample", "years")).note == "a note"
    assert book.metadata["base_revision"] == HEAD
    result = export_workbook(book, files)
    assert (result.findings, result.edits) == ((), ())
    assert_as_new(book, plan.layout)


def assert_as_new(book: Workbook, layout: WorkbookLayout) -> None:
    """Each cell of the layout stands where it says, with its formula; each name leads where it says."""
    for sheet in layout.sheets:
        titles = {column: cell.value for (row, column), cell in sheet.cells.items() if row == 1 and sheet.keys}
        columns = {cell.value: column for (row, column), cell in book.sheets[sheet.name].cells.items() if row == 1}
        for (row, column), wanted in sheet.cells.items():
            if sheet.keys and row == 1:
                continue
            found = book.sheets[sheet.name].at(row, columns.get(titles.get(column), column))
            if wanted.formula is not None:
                assert same_formula(found.formula or "", wanted.formula), (sheet.name, row, column)
            else:
                assert shown(found.value) == shown(wanted.value), (sheet.name, row, column)
    names = {name.lower().replace("'", ""): target.replace("'", "") for name, target in book.names.items()}
    for name, target in layout.names.items():
        if "!" in name:
            continue  # of one tab only: our reader of .xlsx files leaves them out
        assert names[name.lower().replace("'", "")] == target.replace("'", ""), name


def shown(value: object) -> object:
    """As spreadsheets keep it: numbers to 15 digits, no empty texts."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.15g}"
    return None if value == "" else value


def test_missing_tab_is_made_again_and_edits_elsewhere_stay(desk: Desk) -> None:
    """A deleted table comes back; what was typed in another tab is still an edit."""
    fill(desk)
    desk.type("Tiers", (2, 2), 85)
    desk.delete_tab("Lists")
    refill(desk, sample_files(), BASE)
    book = desk.source().read()
    assert book.sheets["Lists"].at(3, 2).value == "Côte d'Ivoire"
    assert book.sheets["Tiers"].at(2, 2).value == 85
    assert len(export_workbook(book, sample_files()).edits) == 1


def test_marks_come_change_and_go(desk: Desk) -> None:
    """A mark is a note; the next call replaces all of them, and a person's own note stays."""
    fill(desk)
    desk.note("Factors", (2, 3), "mine")
    places = [CellRef("Factors", 2, 3), CellRef("Tiers", 2, 2)]
    desk.source().mark(dict.fromkeys(places, "look here"))
    book = desk.source().read()
    assert book.sheets["Factors"].at(2, 3).note == "mine\n\nmergecells: look here"
    assert book.sheets["Tiers"].at(2, 2).note == "mergecells: look here"
    desk.source().mark({places[1]: "still"})
    book = desk.source().read()
    assert book.sheets["Factors"].at(2, 3).note == "mine"
    assert book.sheets["Tiers"].at(2, 2).note == "mergecells: still"
    desk.source().mark({})
    assert desk.source().read().sheets["Tiers"].at(2, 2).note == ""
    assert export(desk).edits == ()


def test_remember_changes_the_metadata_and_no_cell(desk: Desk) -> None:
    """What was submitted is noted; cells stay."""
    fill(desk)
    before = desk.source().read()
    source = desk.source()
    source.remember({**source.read().metadata, "submitted": f"{BASE}:{HEAD}"})
    after = desk.source().read()
    assert after.metadata == {**before.metadata, "submitted": f"{BASE}:{HEAD}"}
    assert after.sheets == before.sheets


@settings(max_examples=8)
@given(
    st.permutations(["a", "b", "c", "d", "e", "f"]), st.sets(st.sampled_from("bdf")), st.sets(st.sampled_from("xyz"))
)
def test_any_rows_stand_where_the_layout_says(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], gone: set[str], new: set[str]
) -> None:
    """Property: rows that move, go and come between two fills, with formulas that point at them, end as in a new one,
    and what a person wrote beside a row goes with it."""
    first = rows_layout(["a", "b", "c", "d", "e", "f"])
    second = rows_layout([*(key for key in order if key not in gone), *sorted(new)])
    with staged() as stage:
        for each in (GoogleDesk(stage), XlsxDesk(tmp_path_factory.mktemp("rows") / "w.xlsx")):
            each.source().write(first)
            each.type("Rows", (3, 6), "beside b")
            each.type("Rows", (10, 6), "below")
            source = each.source()
            source.read()
            source.write(second)
            book = each.source().read()
            assert_as_new(book, second)
            beside = [row for (row, column), cell in book.sheets["Rows"].cells.items() if cell.value == "beside b"]
            kept = [key for key in order if key not in gone]
            assert book.sheets["Rows"].at(10 + len(new) - len(gone), 6).value == "below"
            assert beside == ([kept.index("b") + 2] if "b" in kept else [])


def rows_layout(keys: list[str]) -> WorkbookLayout:
    """A table whose rows compute with their own row and with the whole column, and a name for each row."""
    last = len(keys) + 1
    cells = {(1, column): CellLayout(title) for column, title in enumerate(("key", "number", "share", "_key"), start=1)}
    for row, key in enumerate(keys, start=2):
        cells[row, 1] = CellLayout(key, style="key", locked=True)
        cells[row, 2] = CellLayout(float(ord(key)), style="number")
        cells[row, 3] = CellLayout(0.0, f"=B{row}/SUM($B$2:$B${last})", "share", locked=True)
        cells[row, 4] = CellLayout(f'["{key}"]', style="hidden")
    sheet = SheetLayout("Rows", cells, keys=(1,), hidden_columns=frozenset({4}))
    names = {f"row_{key}": f"Rows!$B${row}" for row, key in enumerate(keys, start=2)}
    return WorkbookLayout((sheet,), names, metadata={"base_revision": BASE})


def test_error_values_and_unsettled_formulas_are_said(desk: Desk) -> None:
    """A cell that shows an error is one."""
    fill(desk)
    desk.type("Lead", (9, 1), "=1/0")
    cell = desk.source().read().sheets["Lead"].at(9, 1)
    assert isinstance(cell, Cell)
    assert cell.formula == "=1/0"
