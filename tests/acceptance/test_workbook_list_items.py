"""The entries of a list keep their type on the way from a cell to the file and back: 7 is not "7", nor is "007"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.transforms.tables import item_key, item_value
from workbook_sample import changed, diff_lines, edit, export, filled, refill, sample_files

RULES = "scoring/rules.yaml"
COUNTRIES = '  good_countries: [Germany, "Côte d\'Ivoire", 49]'


def add_items(*items: object) -> Any:
    def change(workbook: Any) -> None:
        sheet = workbook["Lists"]
        for number, item in enumerate(items, start=sheet.max_row + 1):
            sheet.cell(number, 1, "good_countries")
            sheet.cell(number, 2, item)

    return change


@pytest.mark.parametrize(
    ("item", "written"),
    [(7, "7"), ("7", '"7"'), ("007", '"007"'), (0.5, "0.5"), (True, "true"), ("TRUE", '"TRUE"'), ("1e3", '"1e3"')],
)
def test_added_item_is_written_with_the_type_of_its_cell(tmp_path: Path, item: object, written: str) -> None:
    """What was typed as a number is a number in the file, and what was typed as text is text."""
    source = filled(tmp_path / "book.xlsx")
    edit(source.path, add_items(item))
    assert diff_lines(export(source))[1] == "+" + COUNTRIES.replace("49]", f"49, {written}]")


def test_number_and_text_of_the_same_look_are_two_items(tmp_path: Path) -> None:
    """A list may hold 49 and "49": both come out, and a fill shows both again."""
    source = filled(tmp_path / "book.xlsx")
    edit(source.path, add_items("49"))
    result = export(source)
    assert not result.findings
    assert yaml.safe_load(result.files[RULES])["lists"]["good_countries"][2:] == [49, "49"]
    head = {**sample_files(), **result.files}
    refill(source, head)
    assert not export(source, head).edits


def test_item_retyped_as_text_changes_only_its_own_text(tmp_path: Path) -> None:
    """The same look with another type is an edit, of one item."""
    source = filled(tmp_path / "book.xlsx")
    edit(source.path, lambda workbook: workbook["Lists"].cell(4, 2, "49"))
    assert diff_lines(export(source)) == ["-" + COUNTRIES, "+" + COUNTRIES.replace("49]", '"49"]')]


def test_fill_adds_a_number_beside_the_text_that_looks_like_it(tmp_path: Path) -> None:
    """An item that the branch added gets its own row, with its own type."""
    source = filled(tmp_path / "book.xlsx")
    refill(source, changed(sample_files(), RULES, "49]", '49, "49", 50]'))
    cells = source.read().sheets["Lists"].cells
    assert [cells[row, 2].value for row in range(4, 7)] == [49, "49", 50]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(min_size=1), st.integers(-(10**15), 10**15), st.booleans(), st.floats(allow_nan=False)))
def test_item_comes_back_from_its_key(item: str | float | bool) -> None:
    """The key says the type, so nothing is lost in a table."""
    if item not in (float("inf"), float("-inf")):
        back = item_value(item_key(item))
        assert back == item
        assert isinstance(back, str) == isinstance(item, str)
        assert isinstance(back, bool) == isinstance(item, bool)
