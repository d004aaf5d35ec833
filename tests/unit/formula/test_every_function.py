"""Every function on values that it was not written for."""

from __future__ import annotations

import random

import pytest

from mergecells.formula import FUNCTIONS, compile_formula, parse
from mergecells.formula.parser_scopes import APPLIERS
from mergecells.formula.reference import evaluate_at
from mergecells.formula.values import Array, Value

ODD = """
0|1|-1|2|0.5|-0.5|1E+300|-1E+300|1E-300|45351|60|1E+15|10|170|1E+9|36|"a"|"3"|"2024-02-29"|"12:30"|"-"|"*"|"XIV"|"FF"|"YD"
|"0000011"|TRUE|FALSE|#N/A|#DIV/0!|""|{1,2,3}|{1;2;3}|{1,2;3,4}|{"a",TRUE,#N/A}|{-5,10,3}|x|nothing|items|table|
""".replace("\n", "").split("|")

NAMES: dict[str, Value] = {
    "x": 5.0,
    "nothing": None,
    "items": Array.column([3.0, 1.0, None, "b", True, 2.0]),
    "table": Array([[1.0, "a"], [2.0, "b"], [3.0, None]]),
}


WITH_NAMES = {*APPLIERS, "LET", "LAMBDA"}
"""Their arguments are no values: `test_let_lambda`."""


@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - WITH_NAMES))
def test_function_on_odd_values_gives_the_same_value_in_both_forms(name: str) -> None:
    """Whatever comes in, a value of the language comes out: no Python exception, infinity or whole-number type."""
    chance, spec = random.Random(name), FUNCTIONS[name]
    for _ in range(25):
        count = chance.randint(spec.least, min(spec.most, max(spec.least, 6)))
        if spec.repeats == 2:
            count -= (count - len(spec.kinds)) % 2
        count = max(count, spec.least)
        atoms = ODD if count > 1 else ODD[:-1]  # `f()` has no argument, `f(,)` has two that are left out
        formula = parse(f"={name}({','.join(chance.choice(atoms) for _ in range(count))})")
        value = evaluate_at(formula, NAMES, 45351.0)
        assert repr(compile_formula(formula)(NAMES, 45351.0)) == repr(value), formula.text
        for cell in value.cells if isinstance(value, Array) else (value,):
            assert type(cell) is not int, formula.text
            assert not isinstance(cell, float) or cell - cell == 0.0, formula.text
