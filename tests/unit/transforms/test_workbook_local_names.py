"""LET, LAMBDA and @ between a workbook's file and the config."""

from __future__ import annotations

import pytest

from mergecells.transforms.workbook_formulas import normalise_formula, replace_names, same_formula, stored_formula


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("=LET(a,years+1,a*a)", "=_xlfn.LET(_xlpm.a,years+1,_xlpm.a*_xlpm.a)"),
        (
            "=LET(f,LAMBDA(x,x*rate),f(2)+SUM(MAP(items,f)))",
            "=_xlfn.LET(_xlpm.f,_xlfn.LAMBDA(_xlpm.x,_xlpm.x*rate),_xlpm.f(2)+SUM(_xlfn.MAP(items,_xlpm.f)))",
        ),
        ("=BYROW(items,SUM)", "=_xlfn.BYROW(items,SUM)"),
        ("=@items+@SORT(items)", "=_xlfn.SINGLE(items)+_xlfn.SINGLE(_xlfn._xlws.SORT(items))"),
        ("=years+LET(years,2,years)", "=years+_xlfn.LET(_xlpm.years,2,_xlpm.years)"),
        ('=REGEXTEST(x,"LET(a,1,a)")', '=_xlfn.REGEXTEST(x,"LET(a,1,a)")'),
    ],
)
def test_stored_formula_marks_local_names_and_comes_back(typed: str, stored: str) -> None:
    """As Excel 365 writes them; read again it is what was typed."""
    assert stored_formula(typed) == stored
    assert normalise_formula(stored) == typed
    assert same_formula(normalise_formula(stored), typed)


def test_stored_formula_that_does_not_parse_keeps_its_names() -> None:
    """The check says what is wrong with it."""
    assert stored_formula("=LET(a,1,a") == "=_xlfn.LET(a,1,a"


def test_replace_names_name_that_let_defines_is_left_alone() -> None:
    """A factor `age` is qualified outside of the LET that hides it, and in the value that it gets."""
    text = "=age+LET(age,age*2,f,LAMBDA(x,x+age+rate),f(age))"
    assert replace_names(text, {"age": "company.age", "x": "company.x", "rate": "company.rate"}) == (
        "=company.age+LET(age,company.age*2,f,LAMBDA(x,x+age+company.rate),f(age))"
    )
