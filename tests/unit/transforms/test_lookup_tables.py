"""Lookup tables in formulas: arrays with the types of their columns, the same in every vertical, made once."""

from __future__ import annotations

import datetime

import pytest

from mergecells.authoring.check import check_files
from mergecells.domain.scoring import LookupTable
from mergecells.formula.values import NUM, Array
from mergecells.transforms.impact_examples import examples_impact
from mergecells.transforms.lookup_tables import table_names, table_values
from mergecells.transforms.score import compile_rules
from mergecells.transforms.yaml_to_config import load_config
from workbook_tables import PLACES, table_files

DAY = datetime.date(2026, 9, 1)


def table(**columns: str) -> LookupTable:
    kinds = {name: {"type": kind} for name, kind in columns.items()}
    return LookupTable.model_validate({"columns": kinds, "rows": {}})


def with_rows(empty: LookupTable, rows: dict[str, dict[str, object]]) -> LookupTable:
    return LookupTable.model_validate({**empty.model_dump(), "rows": rows})


def test_table_values_have_the_types_of_their_columns() -> None:
    """A number key is a number, a date its serial number, texts stay texts, and what is blank or "" is blank."""
    given = with_rows(
        table(least="number", name="text", since="date", open="boolean"),
        {"0.5": {"name": "007", "since": "2024-02-29"}, "1000": {"name": "", "open": True}},
    )
    body = Array([[0.5, "007", 45351.0, None], [1000.0, None, None, True]])
    values = table_values({"Steps": given})
    assert values["steps"] == body
    assert values["steps_since"] == Array.column([45351.0, None])
    assert [name.lower() for name in table_names({"Steps": given})] == list(values)


@pytest.mark.parametrize(
    ("kind", "key", "cell"),
    [("text", "7", "7"), ("text", "TRUE", "TRUE"), ("boolean", "TRUE", True), ("date", "2024-02-29", 45351.0)],
)
def test_table_key_is_a_cell_of_its_columns_type(kind: str, key: str, cell: object) -> None:
    """Keys are texts in YAML; the column says what they stand for."""
    assert table_values({"t": with_rows(table(k=kind), {key: {}})})["t_k"] == Array([[cell]])  # type: ignore[list-item]


def test_table_without_rows_is_one_blank_row_and_one_too_large_is_an_error() -> None:
    """As a sheet shows the first, and as any array of more than 20,000 cells."""
    assert table_values({"t": table(a="text", b="number")})["t"] == Array([[None, None]])
    many = with_rows(table(a="text", b="text"), {f"k{i}": {} for i in range(10_001)})
    assert table_values({"t": many}) == {"t": NUM, "t_a": NUM, "t_b": NUM}


def test_table_is_seen_by_every_vertical() -> None:
    """A vertical's own formula may name it, and the base's does in the vertical too."""
    vertical = 'components: {c: {factors: {g: {weight: 0, formula: "=ROWS(places)/10"}}}}\n'
    files = {**table_files(), "scoring/verticals/other.yaml": vertical.encode()}
    config = load_config(files).config
    assert config is not None
    evaluation = compile_rules(config).evaluate({"home": "OSLO"}, DAY, "other")
    assert (evaluation.factors["c", "f"], evaluation.factors["c", "g"]) == (0.75, 0.4)


def test_impact_sees_a_change_of_a_table_alone() -> None:
    """No rule changed, and the sample lead moves all the same."""
    head = {**table_files(), PLACES: table_files()[PLACES].replace(b"fit: 0.5", b"fit: 0.9")}
    (sample,) = examples_impact(load_config(table_files()).config, load_config(head).config)
    assert (sample.score_before, sample.score_after) == (50, 90)


def test_secret_in_a_table_is_found_at_its_cell() -> None:
    """Tables are config like any other."""
    leaky = table_files()[PLACES].replace(b"region: South", b"region: AKIAABCDEFGHIJKLMNOP")
    (finding,) = [f for f in check_files({**table_files(), PLACES: leaky}).findings if f.code == "security.secret"]
    assert (finding.file, finding.cell) == (PLACES, "places!B3")
