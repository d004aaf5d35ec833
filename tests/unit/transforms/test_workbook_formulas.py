"""Formula text as programs store it and as a person typed it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from mergecells.formula import FUNCTIONS
from mergecells.transforms.workbook_formulas import (
    normalise_formula,
    pin_today,
    replace_names,
    same_formula,
    split_formula,
    stored_formula,
    unpin_today,
    unqualify_names,
)


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("IF(a,1,0)", "=IF(a,1,0)"),
        ("=IF(a,1,0)", "=IF(a,1,0)"),
        ("_xlfn.IFS(a>1,1,TRUE,0)", "=IFS(a>1,1,TRUE,0)"),
        ("_xlfn._xlws.FILTER(a,b)", "=FILTER(a,b)"),
        ('CONCATENATE("_xlfn.IFS",a)', '=CONCATENATE("_xlfn.IFS",a)'),
        ("of:=SUM(a)", "=SUM(a)"),
        ("COM.SUN.STAR.SHEET.ADDIN.ANALYSIS.GETEOMONTH(a,1)", "=EOMONTH(a,1)"),
        ('IFERROR(__xludf.DUMMYFUNCTION("REGEXMATCH(a,""x"")"),TRUE)', '=REGEXMATCH(a,"x")'),
        ('IFERROR(__xludf.DUMMYFUNCTION("=SPLIT(a,"","")"),"cached")', '=SPLIT(a,",")'),
        ("STDEV.S(a)", "=STDEV.S(a)"),
    ],
)
def test_stored_formula_is_shown_as_typed(stored: str, typed: str) -> None:
    """Prefixes and wrappers of programs go; text inside quotes is never touched."""
    assert normalise_formula(stored) == typed


def test_new_functions_are_stored_with_their_prefix() -> None:
    """Excel shows #NAME? for IFS without it; inside a text nothing changes."""
    assert stored_formula('=IFS(a>1,"IFS(",TRUE,SWITCH (b,1,2))') == '=_xlfn.IFS(a>1,"IFS(",TRUE,_xlfn.SWITCH (b,1,2))'
    assert stored_formula("=SUM(FILTER(a,VAR.S(a)>1))") == "=SUM(_xlfn._xlws.FILTER(a,_xlfn.VAR.S(a)>1))"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("=IF(a>=10, 1, a/10)", "=if(A>=10,1,a/10)", True),
        ("=IF(a,TRUE,FALSE)", "=IF(a,TRUE(),FALSE())", True),
        ("=a*0.50", "=a*0.5", True),
        ("=a*1E3", "=a*1000", True),
        ('="a b"', '="ab"', False),
        ('="A"', '="a"', False),
        ("=a b", "=ab", False),
        ("=a-b", "=a+b", False),
    ],
)
def test_same_formula_ignores_only_what_programs_rewrite(one: str, other: str, same: bool) -> None:
    """Blanks, case of names, TRUE() and the spelling of numbers; never text, never another name."""
    assert same_formula(one, other) is same


def test_names_are_replaced_outside_text_and_calls() -> None:
    """A factor called like a function does not change the call."""
    assert replace_names('=MAX(max,"max",Max)', {"max": "c.max"}) == '=MAX(c.max,"max",c.max)'


def test_qualified_names_lose_their_own_component_only() -> None:
    """Another component's factor stays qualified, so that the check can name it."""
    assert unqualify_names("=c.a+d.a+C.b", frozenset({"c"})) == "=a+d.a+b"


def test_today_is_pinned_and_comes_back() -> None:
    """TODAY() stands as a defined name in a workbook with a stated day; the text TODAY() stays."""
    text = '=IF(TODAY()-since>30,"TODAY()",TODAY())'
    pinned = pin_today(text)
    assert pinned == '=IF(evaluation_date-since>30,"TODAY()",evaluation_date)'
    assert unpin_today(pinned) == text


@given(st.text(max_size=60))
def test_formula_pieces_join_to_the_formula(text: str) -> None:
    """Whatever a cell holds, splitting loses nothing."""
    assert "".join(piece.text for piece in split_formula(text)) == text


@given(st.text(alphabet='ab."(),;=+-*/ 019{}<>&%', max_size=40))
def test_same_formula_holds_for_itself_after_storing(text: str) -> None:
    """What we store and read back is the formula we had."""
    formula = "=" + text.lstrip(" =")
    assert same_formula(normalise_formula(stored_formula(formula)), formula)


@pytest.mark.parametrize(
    ("stored", "plain"),
    [
        ("=ARRAYFORMULA(SUM((ages>5)*1))", "=SUM((ages>5)*1)"),
        ("= ArrayFormula( SUM(ages) ) ", "=SUM(ages)"),
        ("=ARRAYFORMULA(a)+ARRAYFORMULA(b)", "=ARRAYFORMULA(a)+ARRAYFORMULA(b)"),
        ('=ARRAYFORMULA(IF(a=")",1,0))', '=IF(a=")",1,0)'),
        ("=ARRAYFORMULA(a", "=ARRAYFORMULA(a"),
        ("=MY.ARRAYFORMULA(a)", "=MY.ARRAYFORMULA(a)"),
    ],
)
def test_normalise_array_call_around_everything_goes(stored: str, plain: str) -> None:
    """How Google Sheets marks an array formula; one around a part, or one that is broken, stays."""
    assert normalise_formula(stored) == plain


def test_same_formula_with_and_without_the_array_call() -> None:
    """A sheet that wraps what the file says is no edit."""
    assert same_formula("=ARRAYFORMULA(SUM(ages*2))", "=SUM(ages * 2)")


def test_stored_formula_has_each_prefix_that_xlsxwriter_gives() -> None:
    """XlsxWriter's table is Microsoft's, but for five that it does not know. Without a prefix, Excel shows #NAME?."""
    table = Worksheet()
    for name in FUNCTIONS:
        wanted = table._prepare_formula(f"={name}(1)", expand_future_functions=True).strip("= ")
        if wanted.removeprefix("_xlfn.").removeprefix("_xlws.") != f"{name}(1)":
            continue  # its patterns take a point for any character: NORM.S.DIST for NORMSDIST
        if name not in {"REGEXTEST", "REGEXEXTRACT", "REGEXREPLACE", "ENCODEURL", "PERCENTOF"}:
            assert stored_formula(f"={name}(1)") == f"={wanted}"
