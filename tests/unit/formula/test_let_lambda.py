"""LET and LAMBDA: names, what the compiled form makes of them, and bounds."""

from __future__ import annotations

import pytest

from mergecells.formula import FormulaSyntaxError, Value, compile_formula, functions_used, names_used, parse, to_value
from mergecells.formula.analysis import local_names
from mergecells.formula.compiler import source_of
from mergecells.formula.reference import evaluate_at
from mergecells.formula.unparse import unparse
from mergecells.formula.values import NUM

DAY = 45351.0


def test_names_used_local_names_are_not_among_them() -> None:
    """They are no fields; the field that one of them hides is not used either."""
    formula = parse("=LET(years,seen+1,f,LAMBDA(x,x*rate),f(years)+years)")
    assert [use.name for use in names_used(formula)] == ["seen", "rate"]
    assert [use.name for use in local_names(formula)] == ["years", "f", "x", "x", "f", "years", "years"]
    assert [use.name for use in functions_used(formula)] == ["LET", "LAMBDA"]


@pytest.mark.parametrize(
    "text",
    [
        "=LET(a,x+1,b,a*2,a+b)",
        "=LET(f,LAMBDA(q,q*2),f(f(x)))",
        "=LAMBDA(a,b,a/b)(x,y)",
        "=IF(LET(a,x,a>1),LET(b,x/3,b+b),0)",
        "=IFERROR(LET(a,x/y,a*a),-1)",
        "=LET(a,IF(x>2,x,y),SUM(a,1))",
        '=LET(t,TEXT(x,"0")&"!",LEN(t)+LEN(t))',
        "=LET(a,x+1,LET(a,a*2,a)+a)",
    ],
)
@pytest.mark.parametrize(("x", "y"), [(3.0, 0.0), (3.0, "4"), (None, None), ("z", True), (1e308, 10.0)])
def test_compiled_let_equals_reference(text: str, x: Value, y: Value) -> None:
    """Whatever stands in the names: errors, texts, blanks, an overflow."""
    tree, values = parse(text), {"x": x, "y": y}
    expected = evaluate_at(tree, values, DAY)
    got = compile_formula(tree)(values, DAY)
    assert (type(got), got) == (type(expected), expected)


def test_compiled_let_of_single_values_needs_no_interpreter() -> None:
    """LET is there so that a formula computes a part once; interpreted it would be slower than without."""
    source = source_of(parse("=LET(a,x*x+1,f,LAMBDA(q,q/a),IF(a>10,f(1),f(2)))"))
    assert source is not None
    assert source.count("num(v0)") == 2  # x*x once, though `a` is read three times


@pytest.mark.parametrize(
    "text",
    ["=LET(a,1,b,a+n,b)", "=BYROW({1,2;3,4},SUM)", "=LET(f,LAMBDA(x,x),MAP({1,2},f))", "=LAMBDA(x,x+1)(2)", "=@n"],
)
def test_unparse_let_and_lambda_parse_to_the_same_text(text: str) -> None:
    """Canonical text is stable."""
    assert unparse(parse(text)) == text


BOUNDED = {
    "map over map": "=SUM(MAP(SEQUENCE(20000),LAMBDA(a,SUM(MAP(SEQUENCE(20000),LAMBDA(b,a*b))))))",
    "reduce over arrays": "=SUM(REDUCE(SEQUENCE(10000),SEQUENCE(10000),LAMBDA(a,b,a+b)))",
    "growing array": "=ROWS(REDUCE(1,SEQUENCE(20000),LAMBDA(a,b,VSTACK(a,a))))",
    "growing array by one": "=ROWS(REDUCE(1,SEQUENCE(20000),LAMBDA(a,b,VSTACK(a,b))))",
    "searching each time": "=SUM(MAP(SEQUENCE(20000),LAMBDA(a,COUNTIF(SEQUENCE(20000),a))))",
    "summing each time": "=SUM(MAP(SEQUENCE(20000),LAMBDA(a,SUM(big))))",
    "regular expression each time": '=SUM(MAP(SEQUENCE(20000),LAMBDA(a,N(REGEXTEST(REPT("a",3000),"(a|b)*c")))))',
    "regular expressions": "=" + "+".join(['REGEXREPLACE(REPT("a",9000),"(a|b)*c","x")'] * 100),
    "matrices": "=SUM(" + "+".join(["MMULT(WRAPROWS(SEQUENCE(19881),141),WRAPROWS(SEQUENCE(19881),141))"] * 40) + ")",
    "makearray": "=SUM(MAKEARRAY(1E9,1E9,LAMBDA(r,c,1)))",
    "scan": "=SUM(SCAN(0,SEQUENCE(20000),LAMBDA(a,b,a+SUM(SCAN(0,SEQUENCE(20000),LAMBDA(c,d,c+d))))))",
}


@pytest.mark.parametrize("text", BOUNDED.values(), ids=BOUNDED.keys())
def test_lambda_repeating_without_sense_meets_the_limit(text: str) -> None:
    """#NUM! after the work that one evaluation may take. Without a bound each would run for hours."""
    names = {"big": to_value([1.0] * 20_000)}
    assert evaluate_at(parse(text), names, DAY) == NUM
    assert compile_formula(parse(text))(names, DAY) == NUM


def test_lambda_text_that_doubles_stops_at_the_longest_text() -> None:
    """No memory is taken for what cannot be."""
    result = evaluate_at(parse('=REDUCE("a",SEQUENCE(60),LAMBDA(a,b,a&a))'), {}, DAY)
    assert str(result) == "#VALUE!"


def test_parse_chain_of_lambdas_that_doubles_is_refused_before_it_runs() -> None:
    """30 LAMBDAs, each calling the one before twice: 2^30 steps, counted without taking them."""
    links = ",".join(f"f{i}_,LAMBDA(x,f{i - 1}_(x)+f{i - 1}_(x))" for i in range(1, 30))
    with pytest.raises(FormulaSyntaxError, match="10000 steps") as raised:
        parse(f"=LET(f0_,LAMBDA(x,x+1),{links},f29_(1))")
    assert raised.value.position > 0


def test_parse_chain_of_lambdas_that_nests_deep_is_refused() -> None:
    """Each call stands inside of the one before; the interpreter's own stack is never at risk."""
    links = ",".join(f"f{i}_,LAMBDA(x,f{i - 1}_(x))" for i in range(1, 150))
    with pytest.raises(FormulaSyntaxError, match="deep"):
        parse(f"=LET(f0_,LAMBDA(x,x+1),{links},f149_(1))")
