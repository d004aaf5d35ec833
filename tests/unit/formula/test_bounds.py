"""No formula hangs, explodes, or lets not-a-number out."""

from __future__ import annotations

import datetime

import pytest

from mergecells.formula import Array, ErrorValue, Value, compile_formula, evaluate, parse, to_value
from mergecells.formula.values import MAX_TEXT, NUM, VALUE

DAY = datetime.date(2024, 2, 29)
COLUMN = "{" + ";".join("1" for _ in range(1000)) + "}"
ROW = "{" + ",".join("1" for _ in range(1000)) + "}"

EXPENSIVE = {
    "outer product": (f"={COLUMN}*{ROW}", NUM),
    "repeated outer product": (f"=SUM({COLUMN}*{ROW[:80]}" + "1}*1)", None),
    "substitute": ('=SUBSTITUTE(REPT("a",32767),"a",REPT("b",32767))', VALUE),
    "textjoin": ('=TEXTJOIN(REPT("x",32767),FALSE,REPT("a",30000),REPT("a",30000))', VALUE),
    "concat": ('=CONCAT(REPT("a",20000),REPT("a",20000))', VALUE),
    "wildcards": ('=SEARCH("*a*a*a*a*a*a*a*a*b",REPT("a",32767))', VALUE),
    "wildcards in criteria": ('=COUNTIF(long,"*a*a*a*a*a*a*a*a*a*b")', None),
    "question marks": ('=SEARCH(REPT("?",200)&"b",REPT("a",32767))', VALUE),
    "long pattern": ('=COUNTIF(long,REPT("a",300))', VALUE),
    "tower of powers": ("=9^9^9^9^9^9", NUM),
    "doubling text": ("=LEN(" + "&".join(['REPT("a",30000)'] * 3) + ")", VALUE),
    "round far": ("=ROUND(1.5,1E+300)", None),
    "round fine and large": ("=ROUND(1E+300,200)", 1e300),
    "round finest and largest": ("=ROUND(-1.7E+308,320)", -1.7e308),
    "format fine and large": ('=LEN(TEXT(1E+308,"0."&REPT("0",250)))', 560.0),
    "round far left": ("=ROUND(1.5,-1E+300)", None),
    "date far": ("=DATE(1E+300,1E+300,1E+300)", NUM),
    "edate far": ("=EDATE(1,1E+300)", NUM),
    "rept far": ('=REPT("a",1E+300)', VALUE),
    "mid far": ('=MID("abc",1E+300,1E+300)', None),
    "mod far": ("=MOD(1E+300,3)", NUM),
    "choose far": ("=CHOOSE(1E+300,1,2)", VALUE),
    "sequence far": ("=SUM(SEQUENCE(1E+300,1E+300))", NUM),
    "repeated sequences": ("=" + "+".join(["SUM(SEQUENCE(20000))"] * 300), NUM),
    "quadratic match": ("=SUM(MATCH(SEQUENCE(5000),SEQUENCE(5000),0))", NUM),
    "quadratic lookup": ("=SUM(XLOOKUP(SEQUENCE(5000,1,5001),SEQUENCE(5000),SEQUENCE(5000),0))", NUM),
    "quadratic count": ("=SUM(COUNTIF(SEQUENCE(5000),SEQUENCE(5000)))", NUM),
    "sort of a sort": ("=ROWS(" + "SORT(" * 20 + "SEQUENCE(20000)" + ",1,-1)" * 20 + ")", NUM),
    "workday far": ("=WORKDAY(1,1E+300)", NUM),
    "fixed far": ("=LEN(FIXED(1E+300,127))", None),
    "long format": ('=TEXT(1,REPT("0",300))', VALUE),
    "nth far": ('=SUBSTITUTE("aaa","a","b",1E+300)', None),
}


@pytest.mark.timeout(30)  # What is not bounded runs for minutes.
@pytest.mark.parametrize(("text", "expected"), EXPENSIVE.values(), ids=EXPENSIVE.keys())
def test_evaluate_expensive_formula_is_bounded(text: str, expected: Value) -> None:
    """It ends; where a limit was met, with the error of that limit."""
    names = {"long": Array.column(["a" * MAX_TEXT] * 3)}
    for result in (evaluate(parse(text), names, DAY), compile_formula(parse(text))(names, 45351.0)):
        if expected is not None:
            assert result == expected


def test_evaluate_many_large_arrays_stop_at_the_work_limit() -> None:
    """Each array is allowed, all together are not."""
    names = {"big": Array.column([1.0] * 15_000)}
    text = "=SUM(" + "+".join(["big"] * 400) + ")"
    assert evaluate(parse(text), names, DAY) == NUM


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_to_value_number_outside_floats_is_num_error(raw: float) -> None:
    """A lead from JSON may hold anything; not-a-number never enters the language."""
    assert to_value(raw) == NUM


@pytest.mark.parametrize(
    "text", ["=x*x", "=-x*x", "=x+x", "=x-(-x)", "=x/0.1", "=x^2", "=EXP(x)", "=SUM(x,x)", "=x*10%*x", "=x*x/10"]
)
def test_evaluate_overflow_is_num_error(text: str) -> None:
    """Never infinity, never not-a-number; compiled and interpreted."""
    names: dict[str, Value] = {"x": 1.7e308}
    assert evaluate(parse(text), names, DAY) == NUM
    assert compile_formula(parse(text))(names, 45351.0) == NUM


def test_evaluate_overflow_inside_is_not_lost() -> None:
    """`1/(x*x)` would be 0 and a comparison with infinity TRUE if the overflow went unseen."""
    names: dict[str, Value] = {"x": 1e300}
    for text in ("=1/(x*x)", "=IF(x*x>1,1,0)", "=MIN(1,x*x)", "=x*x-x*x", "=MAX(0,x*x-x*x)"):
        assert compile_formula(parse(text))(names, 45351.0) == NUM, text


def test_evaluate_error_values_are_results() -> None:
    """Nothing is raised for a user's error."""
    result = evaluate(parse("=unknown_name+1"), {}, DAY)
    assert isinstance(result, ErrorValue)
    assert str(result) == "#NAME?"


def test_evaluate_today_is_the_date_given() -> None:
    """Never the clock."""
    assert evaluate(parse("=TODAY()"), {}, DAY) == 45351.0
