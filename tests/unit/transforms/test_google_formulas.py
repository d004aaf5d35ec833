"""Names and formulas between the config and Google Sheets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.transforms.google_formulas import GoogleDialect, choose_separator, highlight_formula
from mergecells.transforms.workbook_formulas import normalise_formula

DIALECT = GoogleDialect(scoped=frozenset({("health", "company.age")}))
CASES = [
    ("=MAX(company.age,intent.asked)", "Components", "=MAX(company__age,intent__asked)"),
    ("=company.age*2", "health", "=health__company__age*2"),
    ("=company.home*2", "health", "=company__home*2"),
    ('=IF(country="a.b",1,0.5)', "Factors", '=IF(country="a.b",1,0.5)'),
    ("=STDEV.S(years,2)", "Factors", "=STDEV.S(years,2)"),
    ("=true_fit+1", "Factors", "=__true_fit+1"),
    ("=IF(TRUE,1,0)", "Factors", "=IF(TRUE,1,0)"),
    ("='My tab'!B2+Lead!C3", "Factors", "='My tab'!B2+Lead!C3"),
]


@pytest.mark.parametrize(("ours", "tab", "theirs"), CASES)
def test_formula_is_written_in_googles_dialect_and_read_back(ours: str, tab: str, theirs: str) -> None:
    """Both ways, to the character."""
    assert DIALECT.to_google(ours, tab) == theirs
    assert DIALECT.from_google(theirs, tab) == ours


def test_array_formula_stands_inside_arrayformula_once() -> None:
    """Reading takes it off, as of any workbook; one that a person wrote is not doubled."""
    written = DIALECT.to_google("=SUM((countries=country)*1)", "Factors", array=True)
    assert written == "=ARRAYFORMULA(SUM((countries=country)*1))"
    assert DIALECT.to_google(written, "Factors", array=True) == written
    assert DIALECT.from_google(normalise_formula(written), "Factors") == "=SUM((countries=country)*1)"


NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,3}(_{1,3}[A-Za-z0-9]{1,3}){0,2}", fullmatch=True)


@given(st.lists(st.tuples(NAME, NAME), min_size=1, max_size=6), NAME)
def test_any_names_come_back_and_stay_apart(pairs: list[tuple[str, str]], tab: str) -> None:
    """Property: with the separator chosen for them, no two names become one, and each is found again."""
    names = {f"{one}.{two}" for one, two in pairs} | {one for one, _ in pairs}
    dialect = GoogleDialect(choose_separator([*names, tab]))
    scoped = {f"{tab}!{name}": dialect.name(name, tab) for name in names if "." in name}
    encoded = {name: dialect.name(name) for name in names} | scoped
    assert len({name.lower() for name in encoded.values()}) == len({name.lower() for name in encoded})
    for name in names:
        formula = f"={name}+1"
        assert dialect.from_google(dialect.to_google(formula, "Factors"), "Factors") == formula


def test_highlight_reaches_other_tabs_through_indirect() -> None:
    """Conditional formats may not name other tabs; their own tab needs no name."""
    formula = 'AND(Factors!$A$2:$A$9="x",ABS(Overview!$B$5-1)>0.005,"Lead!A1"<>"")'
    wanted = '=AND($A$2:$A$9="x",ABS(INDIRECT("Overview!$B$5")-1)>0.005,"Lead!A1"<>"")'
    assert highlight_formula(formula, "Factors") == wanted
