"""What a formula may give: every result lies in the description, and what is said about its branches is true."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.formula import Array, Value, evaluate, parse, to_value
from mergecells.formula.abstract import (
    ANYTHING,
    BLANK,
    BOOLEAN,
    ERRORS,
    NUMBER,
    TEXT,
    Abstract,
    constant,
    contains,
    join,
    join_all,
)
from mergecells.formula.abstract_comparison import ALLOWED, NEGATED, limited
from mergecells.formula.analyst import Analysis, analyse
from mergecells.formula.comparison import COMPARISONS
from mergecells.formula.values import Fault
from unit.formula.formula_strategies import FORMULAS, NUMBERS, SCALARS, TEXTS, VALUES

DATE = datetime.date(2024, 2, 29)
FIELDS = {
    "years": Abstract(NUMBER | BLANK),
    "country": Abstract(TEXT | BLANK),
    "flag": Abstract(BOOLEAN | BLANK),
    "seen": Abstract(NUMBER | BLANK),
    "amount": Abstract(NUMBER | BLANK),
}
TYPES = {"years": "number", "country": "text", "flag": "boolean", "seen": "date", "amount": "number"}


def look(formula: str, **names: Abstract) -> Analysis:
    return analyse(parse(formula), {**FIELDS, **names}, TYPES)


def remarks(formula: str, kind: str) -> list[str]:
    return [each.message for each in look(formula).remarks if each.kind == kind]


def bounds(formula: str, **names: Abstract) -> tuple[float, float]:
    value = look(formula, **names).value
    return value.low, value.high


@st.composite
def descriptions(draw: st.DrawFn, value: Value) -> Abstract:
    """A description that holds the value: exactly, with neighbours, by its kind, or anything."""
    exact = constant(value)
    others = draw(st.lists(SCALARS, max_size=3))
    by_kind = Abstract(exact.kinds | draw(st.sampled_from([0, BLANK, NUMBER, TEXT, BOOLEAN, ERRORS])))
    return draw(st.sampled_from([exact, join_all([exact, *map(constant, others)]), by_kind, ANYTHING]))


_LIMITS = st.sampled_from(
    ["0", "1", "2", "3", "10", "0.3", "0.1+0.2", '"a"', '"Google"', "z", "t", "b", "y", '""', "TRUE"]
)
_NAMES = st.sampled_from(["x", "y", "z", "t", "u", "b", "LOWER(t)", "LEN(t)", "MAX(0,z)", "x/10", "ABS(x)"])
_ASKED = st.one_of(
    st.tuples(_NAMES, st.sampled_from(["=", "<>", "<", ">", "<=", ">="]), _LIMITS).map("".join),
    st.tuples(st.sampled_from(["ISBLANK", "ISNUMBER", "ISTEXT", "ISERROR", "NOT", "ISNA", "ISNONTEXT"]), _NAMES).map(
        lambda p: f"{p[0]}({p[1]})"
    ),
    _NAMES,
)
_CONDITIONS = st.recursive(
    _ASKED,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["AND", "OR"]), inner, inner).map(lambda p: f"{p[0]}({p[1]},{p[2]})"),
        inner.map(lambda one: f"NOT({one})"),
    ),
    max_leaves=3,
)
_RESULTS = st.sampled_from(
    ["0", "1", "0.5", "x", "y", "z", "t", "b", "x/10", "z*2", "MIN(1,z)", "SUM(x,z)", "1-z", "LEN(t)"]
)
LADDERS = st.recursive(
    _RESULTS,
    lambda inner: st.one_of(
        st.tuples(_CONDITIONS, inner, inner).map(lambda p: f"IF({p[0]},{p[1]},{p[2]})"),
        st.tuples(_CONDITIONS, inner, _CONDITIONS, inner).map(lambda p: f"IFS({p[0]},{p[1]},{p[2]},{p[3]})"),
        st.tuples(_NAMES, _LIMITS, inner, _LIMITS, inner, inner).map(lambda p: f"SWITCH({','.join(p)})"),
        st.tuples(_CONDITIONS, inner, _CONDITIONS, inner).map(lambda p: f"SWITCH(TRUE,{','.join(p)})"),
        st.tuples(_NAMES, inner, inner).map(lambda p: f"CHOOSE({','.join(p)})"),
        st.tuples(inner, inner).map(lambda p: f"IFERROR({','.join(p)})"),
    ),
    max_leaves=6,
).map("=".__add__)
"""Conditions upon conditions over the same names: what refinement has to get right."""


@settings(max_examples=200, deadline=None)
@given(st.data(), st.one_of(FORMULAS, LADDERS, LADDERS), VALUES)
def test_analysis_random_formula_and_inputs_result_lies_in_the_description(
    data: st.DataObject, formula: str, values: dict[str, Value]
) -> None:
    """Sound: whatever is known of the names, the concrete result is one of those described."""
    names = {name: data.draw(descriptions(value), name) for name, value in values.items()}
    known = {name: to_value(value) for name, value in values.items()}
    parsed = parse(formula)
    result = evaluate(parsed, known, DATE)
    types = {"x": "number", "t": "text", "b": "boolean"} if data.draw(st.booleans()) else {}
    assert contains(analyse(parsed, names, types).value, result), (result, names)


@settings(max_examples=150, deadline=None)
@given(st.data(), SCALARS, SCALARS, st.sampled_from(sorted(ALLOWED)))
def test_limited_comparison_holds_keeps_the_value(data: st.DataObject, one: Value, other: Value, op: str) -> None:
    """A value stays in what is left of its description after a comparison that it passes, or fails."""
    described, against = data.draw(descriptions(one)), data.draw(descriptions(other))
    try:
        holds = COMPARISONS[op](one, other)
    except Fault:
        return
    assert contains(limited(described, op if holds else NEGATED[op], against), one)


@given(SCALARS, SCALARS, st.one_of(NUMBERS, TEXTS))
def test_join_holds_both(one: Value, other: Value, third: Value) -> None:
    """A join loses nothing."""
    both = join(constant(one), constant(other))
    assert contains(both, one)
    assert contains(both, other)
    assert contains(join(both, constant(third)), one)


def test_contains_array_constant_is_itself_only() -> None:
    """A constant array is known in full."""
    array = Array([[1.0, 2.0]])
    assert contains(constant(array), array)
    assert not contains(constant(array), Array([[1.0, 3.0]]))


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("=MIN(1,MAX(0,years/10))", 0.0, 1.0),
        ("=MIN(0.5,MAX(0,years))", 0.0, 0.5),
        ("=IF(years>=10,1,MAX(0,years)/10)", 0.0, 1.0),
        ("=IF(ISBLANK(years),0,MAX(0,1-ABS(years)/10))", 0.0, 1.0),
        ("=LOOKUP(MAX(0,years),{0,1,3},{0.1,0.4,0.8})", 0.1, 0.8),
        ('=SWITCH(LOWER(country),"a",1,"b",0.5,0.2)', 0.2, 1.0),
        ("=IFERROR(MIN(1,MAX(0,years/amount)),0)", 0.0, 1.0),
        ("=ROUND(MIN(1,MAX(0,years)/15),2)", 0.0, 1.0),
        ("=0.5*N(flag)+0.2", 0.2, 0.7),
        ("=(MAX(0,MIN(years,10))/10)^2", 0.0, 1.0),
        ("=IF(OR(years<0,years>10),0,years/10)", 0.0, 1.0),
        ("=COUNTIF({1,2,3},years)/3", 0.0, 1.0),
        ("=AVERAGE(0.2,MIN(1,MAX(0,years)))", 0.0, 1.0),
    ],
)
def test_analysis_bounds_of_usual_forms(formula: str, low: float, high: float) -> None:
    """The forms that scoring rules are made of have tight bounds."""
    assert bounds(formula) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("=IF(years>=10,1,IF(years>=20,2,0))", "`years>=20` is never TRUE here"),
        ("=IFS(years<3,1,years<10,0.5,years<5,0.2,TRUE,0)", "`years<5` is never TRUE here"),
        ("=IFS(years<3,1,TRUE,0,years>9,0.5)", "`TRUE` is always TRUE here, so nothing behind it"),
        ("=IF(years>5,IF(years>3,1,0.5),0)", "`years>3` is always TRUE here, so the value for FALSE"),
        ('=SWITCH(country,"Google",1,"google",0.5,0)', 'The case `"google"` cannot be met here'),
        ('=IF(country="a",1,IF(LOWER(country)="x",0.5,IF(country="A",0.2,0)))', '`country="A"` is never TRUE'),
        ("=IF(AND(years>3,years<2),1,0)", "`AND(years>3,years<2)` is never TRUE here"),
        ("=CHOOSE(1+N(flag),0.2,0.4,1)", "The value at position 3 is never chosen"),
        ("=IF(FALSE,1,0)", "`FALSE` is never TRUE here"),
        ("=IF(LEN(country)>3,IF(LEN(country)>2,1,0.5),0)", "`LEN(country)>2` is always TRUE here"),
        ("=IF(ISBLANK(years),0,IF(ISBLANK(years),1,0.5))", "`ISBLANK(years)` is never TRUE here"),
        ("=IF(NOT(years>3),0,IF(years<=3,0.5,1))", "`years<=3` is never TRUE here"),
        ("=IF(years<0.1+0.2,0,IF(0.3>years,1,0.5))", "`0.3>years` is never TRUE here"),
        ("=SWITCH(TRUE,years>=10,1,years>=20,2,0)", "The case `years>=20` cannot be met here"),
    ],
)
def test_analysis_branch_that_cannot_be_taken_is_told(formula: str, told: str) -> None:
    """Branches that earlier conditions, or the condition itself, make impossible; texts are compared without case."""
    [message] = remarks(formula, "dead-branch")
    assert message.startswith(told)


@pytest.mark.parametrize(
    "formula",
    [
        "=IF(years>=20,2,IF(years>=10,1,0))",
        "=IFS(years<3,1,years<5,0.2,TRUE,0)",
        "=IFS(years<3,1,years>=3,0)",
        '=IF(OR(years="",years<3),0,1)',
        "=IF(ISTEXT(years),0,IF(years>3,1,0))",
        "=IF(ISNUMBER(years),years/10,IF(ISTEXT(years),0.1,0))",
        '=IF(ISNUMBER(years),1,IF(years="n/a",0.5,0))',
        "=IF(ISERROR(years),0,1)",
        '=IFERROR(LEFT(country,2),"")',
        "=IF(years>3,1,IF(amount>3,0.5,0))",
        '=SWITCH(country,"a",1,"b",0.5,0)',
        "=CHOOSE(years,0.2,0.4,1)",
        "=IF(AND(flag,years>3),1,IF(flag,0.5,0))",
        "=IF({1,0}>years,1,0)",
        "=IF(LET(years,5,years>3),1,0)",
        "=IF(years=3,1,IF(years<>4,0.5,0))",
    ],
)
def test_analysis_branch_that_some_lead_takes_is_not_told(formula: str) -> None:
    """No false alarm: other values, values of a wrong type, and what is not understood keep a branch alive."""
    assert remarks(formula, "dead-branch") == []


@pytest.mark.parametrize(
    ("formula", "message", "hint"),
    [
        ("=country>=10", "compares the text field country with a number: only a blank decides it.", "VALUE(country)"),
        ('=years="ten"', "compares the number field years with a text: it is never TRUE.", "A sheet puts"),
        ('=years="10"', "it is never TRUE.", "Write 10 without quotes."),
        ("=flag=1", "it is never TRUE.", "Ask flag alone, or flag=TRUE."),
        ("=flag=0", "only a blank decides it.", "Ask flag alone"),
        ('=seen>="2024-02-29"', "compares the date seen with a text", "Write DATE(2024,2,29)"),
        ("=country=years", "compares the text field country with the number field years", "VALUE(country)"),
        ('=LEN(country)>"3"', "compares a number with a text", "Write 3 without quotes."),
        ("=country*2", "`*` needs a number", "VALUE(country)"),
        ("=ROUND(country,2)", "ROUND needs a number", "VALUE(country)"),
        ("=SUM(country,1)", "SUM skips the text field country", "VALUE(country)"),
        ("=MAX(flag,0.5)", "MAX skips the field flag", "Write N(flag)"),
        ('=LEFT(seen,4)="2024"', "LEFT sees the date seen as its serial number", "YEAR"),
        ('=0=""', "compares a number with a text", "A sheet puts"),
        ("=SWITCH(flag,1,0.5,0)", "it is never TRUE.", "Ask flag alone"),
    ],
)
def test_analysis_types_that_do_not_go_together_are_told(formula: str, message: str, hint: str) -> None:
    """By the declared types of fields, and by what an expression is sure to give."""
    [remark] = [each for each in look(formula).remarks if each.kind == "type-mix"]
    assert message in remark.message
    assert hint in remark.hint
    assert remarks(formula, "dead-branch") == []


@pytest.mark.parametrize(
    "formula",
    [
        '=years=""',
        '=flag=""',
        "=IF(country=0,0,1)",
        "=country*1",
        "=country+0",
        "=VALUE(country)>3",
        "=IF(flag,1,0)",
        "=flag=TRUE",
        "=0.5*flag",
        '=years&"x"="3x"',
        "=YEAR(country)",
        "=IF(years>3,country,1)=2",
        "=seen>DATE(2024,1,1)",
        "=SUM(years,amount)",
        "=AND(flag,years>3)",
        "=unknown>3",
        "=LEN(seen)>0",
    ],
)
def test_analysis_known_idioms_are_no_type_mix(formula: str) -> None:
    """Asking for a blank, reading a text as a number on purpose, truth values as 1 and 0."""
    assert remarks(formula, "type-mix") == []


def test_analysis_dead_branch_points_at_its_condition() -> None:
    """The position is that of the condition in the formula's text."""
    formula = "=IF(years>=10,1,IF(years>=20,2,0))"
    [remark] = look(formula).remarks
    assert formula[remark.position : remark.end] == "years>=20"


@pytest.mark.parametrize(
    "formula",
    [
        "=" + "IF(" * 60 + "years>3" + ",1,0)=1" * 60,
        "=" + "AND(years>1,OR(years>2," * 30 + "years>3" + "))" * 30,
        "=" + "+".join(["years"] * 1300),
        "=" + "IF(years>1,1," * 60 + "0" + ")" * 60,
        "=AND(" + ",".join(["years>1"] * 250) + ")",
        "=IFS(" + ",".join(f"years>{n},1" for n in range(120)) + ")",
    ],
)
@pytest.mark.timeout(20)
def test_analysis_formula_built_to_explode_ends(formula: str) -> None:
    """Conditions within conditions would double the work at each level; a limit on steps ends it."""
    assert look(formula).value.kinds
