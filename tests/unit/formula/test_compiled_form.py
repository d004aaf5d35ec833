"""The compiled form gives what the reference interpreter gives, for every formula and every value."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings

from mergecells.formula import Array, ErrorValue, Value, compile_formula, compile_program, parse, to_value
from mergecells.formula.compiler import source_of
from mergecells.formula.reference import evaluate_at
from unit.formula.formula_strategies import FORMULAS, VALUES

DAY = 46347.0


def same(one: Value, other: Value) -> bool:
    return type(one) is type(other) and one == other


def well_formed(value: Value) -> bool:
    if isinstance(value, Array):
        return all(cell is not None and well_formed(cell) for cell in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (bool, str, ErrorValue))


@given(formula=FORMULAS, values=VALUES)
@settings(max_examples=100)
@example(formula="=MAX(y,u)", values={"y": None, "u": "a"})
@example(formula="=IFNA(1e300*1e300,1)", values={})
@example(formula="=AND(x>=0.3,z)", values={"x": 0.1 + 0.2, "z": None})
def test_compiled_any_formula_and_values_equals_reference(formula: str, values: dict[str, Value]) -> None:
    """Whatever the types of the values: blanks, texts, errors and lists included."""
    tree = parse(formula)
    expected = evaluate_at(tree, values, DAY)
    assert same(compile_formula(tree)(values, DAY), expected), (formula, values, source_of(tree))
    assert well_formed(expected)


@pytest.mark.parametrize(
    "formula",
    ["=IF(x>=10,1,x/10)", '=IF(AND(x>2,t="Google"),1,0.5)', "=MIN(1,x/500)", "=IFERROR(x/y,0)", "=COUNTIF(items,t)>0"],
)
def test_compiled_typical_formula_needs_no_interpreter(formula: str) -> None:
    """The everyday shapes have generated code; if they stopped to, scoring would be twenty times slower."""
    assert source_of(parse(formula)) is not None


def test_compiled_source_never_contains_user_text() -> None:
    """Names and constants are parameters: nothing typed into a cell reaches Python's compiler."""
    source = source_of(parse('=IF(secret_name="a""; import os; """,123.456,"__import__(\'os\')")'))
    assert source is not None
    assert not any(part in source for part in ("secret_name", "import os", "123.456", "__import__"))


def test_compiled_formulas_of_one_shape_share_code() -> None:
    """10,000 factors of one pattern cost Python's compiler once."""
    one, other = compile_formula(parse("=IF(aa>=10,1,aa/10)")), compile_formula(parse("=IF(bb>=7,2,bb/30)"))
    assert one.__code__ is other.__code__  # type: ignore[attr-defined]
    assert one({"aa": 5.0}, DAY) == 0.5
    assert other({"bb": 15.0}, DAY) == 2.0


@pytest.mark.parametrize("x", [0.1 + 0.2, 0.3, 0.3 - 1e-16, 0.29999999999999, 0.0, -1.0, 5.0, None, "0.3", True])
def test_compiled_lookup_in_constants_equals_reference(x: Value) -> None:
    """Bisection among bounds gives what the search gives, also for 0.1+0.2, and #N/A below the first key."""
    for text in ("=LOOKUP(x,{0,0.3,1},{1,2,3})", '=LOOKUP(x,{0,0.3,1},{1,"b",TRUE})', "=LOOKUP(x,{1,0.3,0},{1,2,3})"):
        tree = parse(text)
        assert same(compile_formula(tree)({"x": x}, DAY), evaluate_at(tree, {"x": x}, DAY))
    assert source_of(parse("=LOOKUP(x,{0,1},{1,2})")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "=MAX(" + ",".join(f"field{i}" for i in range(200)) + ")",
        "=IFS(" + ",".join(f"field{i}>={i},{i}" for i in range(100)) + ",TRUE,-1)",
        "=" + "+".join(f"field{i}" for i in range(200)),
        "=" + "MAX(1,MIN(2," * 25 + "field1" + "))" * 25,
        "=" + "IF(field1>1,IFERROR(" * 25 + "field2" + ",1),2)" * 25,
        "=1+" + "IFS(field1>1,CHOOSE(1,SWITCH(field2,1,2," * 15 + "field2" + ")),TRUE,0)" * 15,
    ],
)
def test_compiled_large_formula_equals_reference(text: str) -> None:
    """Python's compiler has limits on nesting; a formula beyond them is interpreted."""
    tree = parse(text)
    values: dict[str, Value] = {f"field{i}": float(i % 7) for i in range(200)}
    assert same(compile_formula(tree)(values, DAY), evaluate_at(tree, values, DAY))


def test_compile_formula_same_text_is_remembered() -> None:
    """A reload pays only for the formulas that changed."""
    assert compile_formula(parse("=x*0.125")) is compile_formula(parse("=x*0.125"))


def test_program_later_definitions_use_earlier_ones() -> None:
    """Results are found under the name as defined and in lower case; the inputs stay as they were."""
    program = compile_program([("Base", parse("=x*2")), ("total", parse("=BASE+1"))])
    inputs = {"x": to_value(4)}
    results = program.run(inputs, DAY)
    assert (results["Base"], results["base"], results["total"]) == (8.0, 8.0, 9.0)
    assert inputs == {"x": 4.0}


def test_program_error_in_one_definition_reaches_only_its_users() -> None:
    """An error is a value: what does not use it still has its result."""
    program = compile_program([("bad", parse("=1/0")), ("user", parse("=bad+1")), ("free", parse("=IFERROR(bad,7)"))])
    results = program.run({}, DAY)
    assert str(results["user"]) == "#DIV/0!"
    assert results["free"] == 7.0


@pytest.mark.parametrize("left", [0.1 + 0.2, 0.3, 0.29999999999999, 0.30000000000001, 0.3 + 1e-15, 10.0, -0.3])
@pytest.mark.parametrize("op", ["=", "<>", "<", ">", "<=", ">="])
@pytest.mark.parametrize("right", ["0.3", "10", "0", "-0.3", "1E-300"])
def test_compiled_comparison_with_a_constant_uses_15_digits(left: float, op: str, right: str) -> None:
    """The constant's bounds stand for the rounding that the interpreter does."""
    tree = parse(f"=x{op}{right}")
    assert compile_formula(tree)({"x": left}, DAY) is evaluate_at(tree, {"x": left}, DAY)
