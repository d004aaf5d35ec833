"""The workbook in a real spreadsheet program: it computes what production computes, and its saves are no edits."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mergecells.authoring.export import export_workbook
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Workbook
from workbook_sample import (
    BASE,
    HEAD,
    changed,
    diff_lines,
    edit,
    export,
    filled,
    find_cell,
    refill,
    resave,
    resave_all,
    sample_files,
)

pytestmark = pytest.mark.needs("soffice")

RULES = "scoring/rules.yaml"
ROOT = Path(__file__).parents[2]


def shipped_files() -> dict[str, bytes]:
    """The rule set of this repository, with a stated day so that its dates are the same tomorrow."""
    files = {str(path.relative_to(ROOT)): path.read_bytes() for path in ROOT.glob("scoring/**/*.yaml")}
    return {**files, "mergecells.yaml": b'version: 1\nchecks: {evaluation_date: "2026-09-01"}\n'}


def compare_results(filled_with: Workbook, computed: Workbook) -> int:
    """Every formula cell's result against ours. Returns how many there were."""
    count = 0
    for name, sheet in filled_with.sheets.items():
        for place, ours in sheet.cells.items():
            if ours.formula is None:
                continue
            theirs = computed.sheets[name].at(*place)
            where = f"{name}!{place}: {ours.formula}"
            if isinstance(ours.value, str) or ours.value is None or isinstance(ours.value, bool):
                # LibreOffice drops blanks around texts when it saves results.
                assert str(theirs.value or "").strip() == str(ours.value or "").strip(), where
            else:
                assert theirs.value == pytest.approx(ours.value, abs=1e-9), where
            count += 1
    return count


@pytest.mark.parametrize("shipped", [False, True], ids=["sample", "shipped"])
def test_libreoffice_computes_every_cell_as_production_does(tmp_path: Path, shipped: bool) -> None:
    """openpyxl drops all cached results, LibreOffice computes them anew: score, tier, values, points, all equal."""
    files = shipped_files() if shipped else sample_files()
    source = filled(tmp_path / "w.xlsx", files)
    ours = source.read()
    edit(source.path, lambda workbook: None)
    assert source.read().sheets["Overview"].at(3, 2).value is None
    resave(source.path, tmp_path)
    theirs = source.read()
    assert compare_results(ours, theirs) > (250 if shipped else 60)
    result = export_workbook(theirs, files)
    assert (result.edits, result.findings, result.base_revision) == ((), (), BASE)


ARRAY_RULES = """\
version: "1"
tiers: {A: {min: 0}}
lists:
  ages: [3, 8, 12]
  words: [ab, abcd, "Côte d'Ivoire"]
components:
  c:
    weight: 1
    factors:
      older: {weight: 0.2, formula: '=SUM((ages>5)*1)/10'}
      longest: {weight: 0.2, formula: '=MAX(LEN(words))/20'}
      ratio: {weight: 0.2, formula: '=ROUND(AVERAGE(IFERROR(ages/years,0)),2)/9'}
      inline: {weight: 0.2, formula: '=SUM({1,2}*years)/100'}
      plain: {weight: 0.2, formula: '=COUNTIF(ages,">"&years)/5'}
"""


def test_libreoffice_computes_formulas_over_lists_as_production_does(tmp_path: Path) -> None:
    """An ordinary formula would take one item of the list, or none: such a formula is an array formula in the file.
    Saved by openpyxl, computed by LibreOffice, filled and exported again, it stays one and is no edit."""
    files = {"mergecells.yaml": b"version: 1\n", RULES: ARRAY_RULES.encode(),
             "scoring/fields.yaml": b"fields: {years: {type: number, sample: 4}}\n"}  # fmt: skip
    source = filled(tmp_path / "w.xlsx", files)
    ours = source.read()
    shown = [ours.sheets["Factors"].at(row, 4).value for row in range(2, 7)]
    assert shown == pytest.approx([0.2, 0.65, 1.92 / 9, 0.12, 0.4])
    edit(source.path, lambda workbook: None)
    resave(source.path, tmp_path)
    theirs = source.read()
    assert compare_results(ours, theirs) > 20
    assert export_workbook(theirs, files).edits == ()
    later = {**files, RULES: ARRAY_RULES.replace("ages>5", "ages>2").replace("older: ", "elder: ").encode()}
    assert refill(source, later, files).layout is not None
    ours = source.read()
    resave(source.path, tmp_path)
    assert compare_results(ours, source.read()) > 20
    assert ours.sheets["Factors"].at(2, 5).value == pytest.approx(0.3)


def test_libreoffice_save_keeps_what_guards_the_workbook(tmp_path: Path) -> None:
    """Protection, choices, notes, names and the hidden key survive."""
    source = filled(tmp_path / "w.xlsx")
    before = source.read()
    resave(source.path, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        saved = openpyxl.load_workbook(source.path)
    sheet = saved["Factors"]
    assert sheet.protection.sheet
    assert sheet["A2"].protection.locked
    assert not sheet["C2"].protection.locked
    assert sheet.column_dimensions["H"].hidden
    assert saved["Examples"].data_validations.dataValidation
    after = source.read()
    assert set(after.names) == set(before.names)
    assert after.sheets["Factors"].at(1, 3).note
    assert after.metadata == before.metadata


def test_edit_saved_by_libreoffice_exports_one_line(tmp_path: Path) -> None:
    """An edited weight goes through LibreOffice and comes out as one changed line."""
    source = filled(tmp_path / "w.xlsx")

    def lower(workbook: Any) -> None:
        find_cell(workbook, "Factors", "weight", "company", "age").value = 0.35

    edit(source.path, lower)
    resave(source.path, tmp_path)
    assert diff_lines(export(source)) == [
        '-      age: {weight: 0.3, formula: "=IF(years>=10, 1, years/10)"}',
        '+      age: {weight: 0.35, formula: "=IF(years>=10, 1, years/10)"}',
    ]


RETAIL = b"components:\n  company:\n    weight: 0.6\n    factors:\n      age: {formula: '=MIN(1,years/5)'}\n"


def test_patched_workbook_is_computed_by_libreoffice_as_by_production(tmp_path: Path) -> None:
    """Rows added and moved, a tab added, cells marked: what we patch by hand another program reads in full, and its
    results are the ones we wrote."""
    source = filled(tmp_path / "w.xlsx")
    files = changed(sample_files(), RULES, "      age:", "      newest: {weight: 0}\n      age:")
    files = changed(files, RULES, "  B: {min: 40, label: 'B'}\n", "  B: {min: 60, label: 'B'}\n  B2: {min: 40}\n")
    files["scoring/verticals/retail.yaml"] = RETAIL
    refill(source, files)
    source.mark({CellRef("Tiers", 2, 2): "Conflict", CellRef("health", 2, 3): "look"})
    ours = source.read()
    edit(source.path, lambda workbook: None)
    resave(source.path, tmp_path)
    theirs = source.read()
    assert compare_results(ours, theirs) > 60
    assert ours.sheets["Overview"].at(3, 2).value is not None
    assert theirs.sheets["health"].at(2, 3).note == "mergecells: look"
    assert [theirs.sheets["Factors"].at(row, 2).value for row in range(2, 5)] == ["newest", "age", "home"]
    result = export_workbook(theirs, files)
    assert (result.edits, result.findings, result.base_revision) == ((), (), HEAD)
    assert len(theirs.names) == len(ours.names)


def test_fill_freezes_titles_again_that_libreoffice_let_go(tmp_path: Path) -> None:
    """A conversion without a window drops frozen panes; the next fill sets them, and then there is nothing to do."""
    source = filled(tmp_path / "w.xlsx")
    resave(source.path, tmp_path)
    refill(source, sample_files())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(source.path)
    assert {name: book[name].freeze_panes for name in ("Tiers", "Factors")} == {"Tiers": "B2", "Factors": "C2"}
    before = source.path.read_bytes()
    refill(source, sample_files())
    assert source.path.read_bytes() == before


NEWER_RULES = """\
version: "1"
tiers: {A: {min: 0}}
lists:
  ages: [3, 8, 12]
components:
  c:
    weight: 1
    factors:
"""
KNOWN = {
    "ifs": '=IFS(years>5,0.4,TRUE,0.2)',
    "switch": '=SWITCH(years,4,0.7,0.1)',
    "maxifs": '=MAXIFS(ages,ages,"<9")/10',
    "joined": '=LEN(TEXTJOIN("-",TRUE,"a","b"))/10',
    "spread": '=STDEV.S(ages)/10',
    "ceiling": '=CEILING.MATH(years/3)/10',
    "missing": '=IFNA(MATCH(7,ages,0),0.5)',
}  # fmt: skip
NEWER = {
    "let": '=LET(a,years/10,a+0.1)',
    "lambda": '=LAMBDA(a,a/10)(years)',
    "xlookup": '=XLOOKUP(8,ages,ages)/10',
    "filter": '=SUM(FILTER(ages,ages<9))/20',
    "sort": '=INDEX(SORT(ages),1)/10',
    "sequence": '=SUM(SEQUENCE(3))/10',
}  # fmt: skip


def newer_files(formulas: dict[str, str]) -> dict[str, bytes]:
    share = 1 / len(formulas)
    lines = [f"      {name}_f: {{weight: {share:.6f}, formula: '{text}'}}\n" for name, text in formulas.items()]
    return {"mergecells.yaml": b"version: 1\n", RULES: (NEWER_RULES + "".join(lines)).encode(),
            "scoring/fields.yaml": b"fields: {years: {type: number, sample: 4}}\n"}  # fmt: skip


def test_functions_of_excel_2019_survive_libreoffice(tmp_path: Path) -> None:
    """IFS, SWITCH, MAXIFS, TEXTJOIN and their kin: computed as production does, and a save is no edit."""
    files = newer_files(KNOWN)
    source = filled(tmp_path / "w.xlsx", files)
    ours = source.read()
    edit(source.path, lambda workbook: None)
    resave(source.path, tmp_path)
    theirs = source.read()
    assert compare_results(ours, theirs) > 20
    assert export_workbook(theirs, files).edits == ()


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Workbook, Workbook]]:
    """For each function of NEWER a workbook as LibreOffice saves it: once with our results in it, once without."""
    folder = tmp_path_factory.mktemp("newer")
    sources = {name: filled(folder / f"{name}.xlsx", newer_files({name: NEWER[name]})) for name in NEWER}
    resave_all([source.path for source in sources.values()], folder)
    kept = {name: source.read() for name, source in sources.items()}
    for source in sources.values():
        edit(source.path, lambda workbook: None)
    resave_all([source.path for source in sources.values()], folder)
    return {name: (kept[name], source.read()) for name, source in sources.items()}


@pytest.mark.parametrize("name", NEWER)
def test_function_that_libreoffice_lacks_is_shown_as_an_error_and_kept(
    newer: dict[str, tuple[Workbook, Workbook]], name: str
) -> None:
    """LibreOffice 7.4 has no LET, LAMBDA, XLOOKUP, FILTER, SORT and SEQUENCE: it saves them in small letters, with
    #NAME? as the result. The export sees no edit in that. Red when LibreOffice learnt it: move it to KNOWN."""
    kept, computed = newer[name]
    assert export_workbook(kept, newer_files({name: NEWER[name]})).edits == ()
    cells = [cell for cell in computed.sheets["Factors"].cells.values() if cell.formula]
    assert any(str(cell.value).startswith("#") for cell in cells)
