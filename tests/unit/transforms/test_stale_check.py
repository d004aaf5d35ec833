"""What the workbook showed for a formula, against what the formula gives."""

from __future__ import annotations

import dataclasses

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.tables import Tables, TableValue
from mergecells.transforms.tables import table_specs, tables_from_documents
from mergecells.transforms.yaml_to_config import load_config
from workbook_sample import changed, sample_files

FILES = changed(sample_files(), "scoring/rules.yaml", "formulas:\n", 'formulas:\n  padded: \'=" "&country&" "\'\n')


def tables_showing(name: str, value: TableValue) -> Tables:
    """The sample's tables as a workbook gives them that showed `value` for one named formula."""
    load = load_config(FILES)
    assert load.config is not None
    tables = tables_from_documents(table_specs(load.documents, load.config.manifest), load.documents)
    rows = dict(tables["Formulas"].rows)
    rows[name,] = dataclasses.replace(rows[name,], shown={"formula": value})
    return {"Formulas": dataclasses.replace(tables["Formulas"], rows=rows)}


@pytest.mark.parametrize(
    ("name", "shown", "stale"),
    [
        ("padded", " Germany ", False),
        ("padded", "Germany", False),
        ("padded", "Ger many", True),
        ("padded", 7.0, True),
        ("spend", 125.0, False),
        ("spend", 126.0, True),
    ],
)
def test_shown_text_may_have_lost_its_outer_blanks_only(name: str, shown: TableValue, stale: bool) -> None:
    """LibreOffice trims the text results that it saves; any other difference is stale."""
    findings = check_files(FILES, tables=tables_showing(name, shown)).findings
    errors = [each for each in findings if each.code == "formula.stale-value" and each.severity == "error"]
    assert bool(errors) is stale
