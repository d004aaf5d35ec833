"""Every function that Microsoft or Google publishes is in the language, or refused by name with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from mergecells.formula import FUNCTIONS
from mergecells.formula.dialects import INSTEAD, PROGRAMS, dialects_of
from mergecells.formula.localised import english_name, localised_names
from mergecells.formula.refused import REFUSED, VOLATILE
from mergecells.formula.registry import DIALECTS, Dialect

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "formulas.md").read_text("utf-8")
UNPUBLISHED = {"SINGLE", "COPILOT"}
"""SINGLE is what files have for @; COPILOT has a page, but no place in the list."""


def published(dialect: Dialect) -> Mapping[str, str]:
    """Function → category, from the list in this folder."""
    found, category = {}, ""
    for line in (HERE / f"{dialect}.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            category = line.strip("[]")
        elif line and not line.startswith("#"):
            found |= dict.fromkeys(line.split(), category)
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_published_function_is_here_or_refused_with_a_reason(dialect: Dialect) -> None:
    """Nobody has to guess whether a function was forgotten."""
    known = {*FUNCTIONS, *REFUSED, *VOLATILE}
    assert sorted(published(dialect).keys() - known) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_function_is_said_to_be_in_the_programs_that_publish_it(dialect: Dialect) -> None:
    """`formula.other-dialect` warns of what the workbook's program would show as #NAME?."""
    stated = {name for name in FUNCTIONS if dialect in dialects_of(name)}
    assert stated - UNPUBLISHED == published(dialect).keys() & FUNCTIONS.keys()


def test_refused_function_is_a_published_one() -> None:
    """No reason for what does not exist, and none for what is here."""
    everything = published("excel").keys() | published("google").keys() | UNPUBLISHED
    assert sorted({*REFUSED, *VOLATILE} - everything) == []
    assert sorted({*REFUSED, *VOLATILE} & FUNCTIONS.keys()) == []
    assert sorted(INSTEAD.keys() - FUNCTIONS.keys()) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_docs_count_of_published_functions_is_right(dialect: Dialect) -> None:
    """docs/formulas.md says how many there are, and how many of them are here."""
    names = published(dialect)
    row = rf"\| {re.escape(PROGRAMS[dialect])} \| {len(names)} \| {len(names.keys() & FUNCTIONS.keys())} \|"
    assert re.search(row, PAGE), row


def test_localised_name_stands_for_a_function_that_is_here() -> None:
    """A hint never leads to a function that is refused, and no English function is taken for a foreign word."""
    assert {english_name(name) for name in localised_names()} <= FUNCTIONS.keys()
    assert not set(localised_names()) & FUNCTIONS.keys()
    assert {english_name(name) for name in ("WENN", "SI", "SE", "ALS")} == {"IF"}
