"""What a filled workbook offers: live formulas with results, names, checks, and nothing that runs by surprise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.adapters.xlsx_create import create_xlsx
from mergecells.adapters.xlsx_read import read_xlsx
from mergecells.authoring.export import export_workbook
from mergecells.domain.workbook_layout import SheetLayout, WorkbookLayout
from mergecells.transforms.config_to_workbook import lay_out
from mergecells.transforms.score import compile_rules
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config
from workbook_sample import BASE, changed, filled, sample_files

RULES = "scoring/rules.yaml"


def layout_of(files: dict[str, bytes]) -> WorkbookLayout:
    load = load_config(files)
    assert load.config is not None, load.findings
    specs = table_specs(load.documents, load.config.manifest)
    return lay_out(load.config, tables_from_documents(specs, load.documents), BASE)


def sheets(layout: WorkbookLayout) -> dict[str, SheetLayout]:
    return {sheet.name: sheet for sheet in layout.sheets}


def test_tabs_stand_in_reading_order() -> None:
    """Result first, then the rules from the top down, the lead, the examples, the verticals."""
    assert list(sheets(layout_of(sample_files()))) == [
        "Overview", "Tiers", "Components", "Factors", "Formulas", "Lists", "Lead", "Examples", "health",
    ]  # fmt: skip


def test_score_and_tier_shown_are_those_of_production() -> None:
    """The cached result of the overview is the scorer's."""
    load = load_config(sample_files())
    assert load.config is not None
    fields = load.config.rules.fields
    assert fields is not None
    score = compile_rules(load.config).score({name: field.sample for name, field in fields.fields.items()})
    overview = sheets(layout_of(sample_files()))["Overview"]
    assert (overview.cells[3, 2].value, overview.cells[4, 2].value) == (score.value, score.tier)


def test_names_point_to_fields_intermediates_lists_and_factors() -> None:
    """A formula of the file runs in the workbook as it stands."""
    names = layout_of(sample_files()).names
    assert names["years"] == "Lead!$D$2"
    assert names["spend"] == "Formulas!$B$2"
    assert names["good_countries"] == "Lists!$B$2:$B$4"
    assert names["company.age"] == "Factors!$E$2"
    assert names["health!company.age"] == "health!$E$3"


def test_field_named_like_a_cell_gets_no_name() -> None:
    """`tax2024` is cell TAX2024; a defined name of that spelling breaks the file in Excel."""
    files = changed(sample_files(), "scoring/fields.yaml", "  asked:", "  tax2024: {type: number, sample: 1}\n  asked:")
    assert "tax2024" not in layout_of(files).names


def test_list_entry_that_is_a_number_stays_a_number() -> None:
    """COUNTIF finds 49 among numbers, not among texts."""
    lists = sheets(layout_of(sample_files()))["Lists"]
    assert [lists.cells[row, 2].value for row in (2, 3, 4)] == ["Germany", "Côte d'Ivoire", 49]


@pytest.mark.parametrize(
    "formula", ['=HYPERLINK("http://x.example","y")', "=cmd|'/c calc'!A0", '=WEBSERVICE("http://x.example")', "=IF(1"]
)
def test_formula_that_may_not_run_is_written_as_text(formula: str, tmp_path: Path) -> None:
    """Opening a workbook never carries out what a hostile file holds, and export still sees its text."""
    quoted = formula.replace("'", "''")
    files = changed(sample_files(), RULES, '"=IF(years>=10, 1, years/10)"', f"'{quoted}'")
    source = filled(tmp_path / "w.xlsx", files)
    cell = source.read().sheets["Factors"].at(2, 4)
    assert (cell.kind, cell.value, cell.formula, cell.quote_prefix) == ("text", formula, None, True)
    assert export_workbook(source.read(), files).edits == ()


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    """`=France` in an example is a word that somebody typed."""
    cell = filled(tmp_path / "w.xlsx").read().sheets["Examples"].at(3, 7)
    assert (cell.kind, cell.value, cell.formula, cell.quote_prefix) == ("text", "=France", None, True)


def test_today_is_the_stated_day() -> None:
    """With a day in the manifest the workbook computes for it, whenever it is opened."""
    rules = changed(sample_files(), RULES, '"=IF(years>=10, 1, years/10)"', '"=MIN(1,(TODAY()-since)/1000)"')
    stated = {**rules, "mergecells.yaml": b'version: 1\nchecks: {evaluation_date: "2025-02-28"}\n'}
    layout = layout_of(stated)
    cell = sheets(layout)["Factors"].cells[2, 4]
    assert cell.formula == "=MIN(1,(evaluation_date-since)/1000)"
    assert cell.value == pytest.approx(0.365)
    assert layout.names["evaluation_date"] == "Overview!$B$7"
    assert sheets(layout)["Overview"].cells[7, 2].value == "2025-02-28"
    assert sheets(layout_of(rules))["Factors"].cells[2, 4].formula == "=MIN(1,(TODAY()-since)/1000)"


def test_titles_keys_and_computed_cells_are_locked_and_inputs_are_free() -> None:
    """What a person types into is free; a title carries a note that explains it."""
    factors = sheets(layout_of(sample_files()))["Factors"]
    titles = {str(cell.value): column for (row, column), cell in factors.cells.items() if row == 1}
    locked = {title for title, column in titles.items() if column in range(1, 9) and factors.cells[2, column].locked}
    assert locked == {"component", "factor", "value", "points", "_key"}
    assert factors.protected
    assert factors.hidden_columns == frozenset({titles["_key"]})
    assert all(factors.cells[1, titles[title]].note for title in titles if title in ("weight", "formula", "value"))


def test_items_of_lists_are_free_and_their_list_is_guarded() -> None:
    """An item is content, though it is its row's key: it is edited without unprotecting the tab."""
    lists = sheets(layout_of(sample_files()))["Lists"]
    assert [lists.cells[2, column].locked for column in (1, 2)] == [True, False]


def test_choices_and_ranges_are_validated() -> None:
    """Weights lie in 0..1, an example's tier is one of the tiers, types and removals are chosen from lists."""
    tabs = sheets(layout_of(sample_files()))
    weight = tabs["Factors"].validations[0]
    assert (weight.kind, weight.minimum, weight.maximum) == ("decimal", 0, 1)
    kinds = {str(rule.cells).split("!")[1][0]: rule for rule in tabs["Examples"].validations}
    assert kinds["B"].choices == ("health",)
    assert kinds["C"].source == "=Tiers!$A$2:$A$4"
    assert tabs["Lead"].validations[0].choices == ("text", "number", "boolean", "date")
    assert [rule.kind for rule in tabs["health"].validations] == ["decimal", "boolean"]


def test_rules_that_cannot_be_computed_still_fill_a_workbook(tmp_path: Path) -> None:
    """An unsupported formula leaves results blank; the person mends it in the workbook."""
    files = changed(sample_files(), RULES, '"=MAX(0,seats)*price"', '"=MAX(0,seats"')
    source = filled(tmp_path / "w.xlsx", files)
    assert source.read().sheets["Formulas"].at(2, 2).value == "=MAX(0,seats"
    assert export_workbook(source.read(), files).edits == ()


SCALARS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20),
    st.floats(-1e14, 1e14).map(lambda number: float(f"{number:.15g}")),
    st.booleans(),
    st.sampled_from(
        ["007", "1e3", "TRUE", "=1+1", "-x", "@a", "_x0041_", "2024-02-30", " a ", "\u00a0", "#N/A", "'q'"]
    ),
)


@settings(max_examples=40)
@given(st.lists(SCALARS, min_size=1, max_size=6))
def test_any_scalar_survives_fill_and_read(tmp_path_factory: pytest.TempPathFactory, values: list[object]) -> None:
    """Filling and exporting without an edit is the identity, whatever an example's lead holds."""
    import json

    lead = ", ".join(f"f{number}x: {json.dumps(value)}" for number, value in enumerate(values))
    examples = f"examples:\n  one: {{tier: A, lead: {{{lead}}}}}\n"
    files = {**sample_files(), "scoring/examples.yaml": examples.encode()}
    load = load_config(files)
    assert load.config is not None
    if load.findings:  # what YAML itself refuses (control characters) is not the workbook's matter
        return
    path = tmp_path_factory.mktemp("w") / "w.xlsx"
    path.write_bytes(create_xlsx(layout_of(files)))
    result = export_workbook(read_xlsx(path), files)
    assert [finding for finding in result.findings if finding.severity == "error"] == []
    assert result.edits == ()
