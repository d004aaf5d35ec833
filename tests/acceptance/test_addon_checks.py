"""What the add-on sees in the sheet at once, in a sheet that `init --google` filled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from acceptance.stage import ADA as AUTHOR
from acceptance.stage import command
from addon_stage import AddOn, add_on
from google_stage import Stage, staged

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A filled sheet; each test takes its edits back."""
    folder = tmp_path_factory.mktemp("checks")
    with staged() as stage, pytest.MonkeyPatch.context() as patch:
        (folder / "key.json").write_text(json.dumps(stage.key))
        patch.setenv("MERGECELLS_GOOGLE_CREDENTIALS", str(folder / "key.json"))
        patch.setenv("MERGECELLS_GOOGLE_ENDPOINT", stage.standin.url)
        made = command("init", folder / "leads", "--google", "--author", AUTHOR)
        assert made.status == 0, made
        manifest: dict[str, Any] = yaml.safe_load((folder / "leads/mergecells.yaml").read_text())
        stage.book_id = str(manifest["google"]["spreadsheet"])
        yield stage


@pytest.fixture
def sheet(filled: Stage) -> Iterator[AddOn]:
    before = filled.book.copy()
    with add_on(filled) as made:
        yield made
    filled.standin.drive.books[filled.book_id] = before


def seen(sheet: AddOn) -> list[tuple[str, str, str]]:
    return [(each["severity"], each["cell"], each["message"]) for each in sheet.value("checkSheet")]


def test_check_of_a_filled_sheet_finds_nothing(sheet: AddOn, filled: Stage) -> None:
    """No false alarm in what ships, in one read of the whole sheet; dates, blanks, verticals and tables included."""
    before = filled.standin.count()
    assert seen(sheet) == []
    assert filled.standin.count() - before == 1


def test_check_weights_that_do_not_sum_to_one_are_named(sheet: AddOn, filled: Stage) -> None:
    """Of the components and within a component, with how much is missing or too much; within the tolerance of the rules
    nothing is said."""
    filled.type("Components", (2, 2), 0.084)
    assert seen(sheet) == []
    filled.type("Components", (2, 2), 0.18)
    filled.type("Factors", (2, 3), 0.2)
    assert seen(sheet) == [
        ("error", "Components!B2", "The components’ weights sum to 110\u00a0%, not to 100\u00a0%."),
        ("error", "Factors!C2", "The weights in company_info sum to 90\u00a0%, not to 100\u00a0%."),
    ]
    assert sheet.value("checkSheet")[1]["hint"].startswith("10\u00a0% missing")


@pytest.mark.parametrize("typed", ["0,3", "0.3 ", "30 %", "1.234,5"])
def test_check_number_that_is_a_text_is_named(sheet: AddOn, filled: Stage, typed: str) -> None:
    """It looks right and counts as nothing."""
    filled.type("Factors", (2, 3), typed, "RAW")
    assert seen(sheet) == [("error", "Factors!C2", f"“{typed}” looks like a number but is a text.")]


def test_check_wrong_types_are_named(sheet: AddOn, filled: Stage) -> None:
    """A word for a weight, a weight above one, no weight, a word for a truth value, a date and a tier's minimum."""
    filled.type("Factors", (2, 3), "much")
    filled.type("Components", (2, 2), 8)
    filled.type("Components", (3, 2), None)
    filled.type("Tiers", (2, 2), "high")
    filled.type("Examples", (2, 17), "maybe", "RAW")
    filled.type("Examples", (2, 27), "soon", "RAW")
    assert sorted(seen(sheet)) == [
        ("error", "Components!B2", "A weight lies between 0 and 1; this is 8."),
        ("error", "Components!B3", "This row has no weight."),
        ("error", "Examples!AA2", "“soon” is no date."),
        ("error", "Examples!Q2", "“maybe” is neither TRUE nor FALSE."),
        ("error", "Factors!C2", "“much” is no number."),
        ("error", "Tiers!B2", "“high” is no number."),
    ]


def test_check_names_that_stand_twice_or_not_at_all_are_named(sheet: AddOn, filled: Stage) -> None:
    """Case makes no difference; the same factor in two components is fine, a row without a name is not."""
    filled.type("Tiers", (3, 1), "a")
    filled.type("countries", (3, 1), None)
    assert sorted(seen(sheet)) == [
        ("error", "Tiers!A3", "“a” stands in row 2 already."),
        ("error", "countries!A3", "This row has no country."),
    ]


@pytest.mark.parametrize(
    ("formula", "shows"),
    [("=IF(years>=10,1", "#ERROR!"), ("=no_such_name*2", "#NAME?"), ("=1/0", "#DIV/0!"), ("=NA()", "#N/A")],
)
def test_check_formula_that_shows_an_error_is_named(sheet: AddOn, filled: Stage, formula: str, shows: str) -> None:
    """Once, at the formula and not again at what is computed from it; with what to look for."""
    filled.type("Factors", (3, 4), formula)
    (told,) = sheet.value("checkSheet")
    assert (told["severity"], told["cell"]) == ("error", "Factors!D3")
    assert told["message"].startswith(f"{shows} This formula ")
    assert told["hint"]


def test_check_formula_that_is_a_text_is_a_warning(sheet: AddOn, filled: Stage) -> None:
    """Typed into a cell of the format Plain text: it computes nothing, and a submission is not kept back."""
    filled.type("Factors", (3, 4), "=IF(years>=10,1,0)", "RAW")
    assert [each[:2] for each in seen(sheet)] == [("warning", "Factors!D3")]


def test_check_keeps_back_a_submission_and_leaves_other_tabs_alone(sheet: AddOn, filled: Stage) -> None:
    """Errors are told before anything is sent; a tab of the person's own may hold whatever it likes."""
    filled.edit({"addSheet": {"properties": {"title": "Notes", "sheetId": 77}}})
    filled.type("Notes", (1, 1), "=1/0")
    filled.type("Notes", (2, 1), "weight")
    assert seen(sheet) == []
    filled.type("Tiers", (2, 2), "high")
    told = sheet.problem("submitChanges", "")
    assert told["title"] == "One problem keeps this from being submitted."


def test_check_finds_titles_below_a_line_of_the_persons_own(sheet: AddOn, filled: Stage) -> None:
    """A row above the titles moves all addresses by one."""
    tab = filled.book.titled("Tiers").id
    area = {"sheetId": tab, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    filled.edit({"insertDimension": {"range": area, "inheritFromBefore": False}})
    filled.type("Tiers", (1, 1), "Our tiers")
    assert seen(sheet) == []
    filled.type("Tiers", (3, 2), "high")
    assert [each[1] for each in seen(sheet)] == ["Tiers!B3"]


def test_check_tells_no_more_than_a_person_can_mend_at_once(sheet: AddOn, filled: Stage) -> None:
    """Fifty at most, errors first."""
    filled.type("Factors", (3, 4), "=IF(years>=10,1,0)", "RAW")
    for row in range(2, 62):
        filled.type("Factors", (row, 3), "x")
    found = seen(sheet)
    assert len(found) == 50
    assert {each[0] for each in found} == {"error"}
