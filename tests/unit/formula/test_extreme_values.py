"""No function raises, and none gives what no cell can hold, whatever numbers it gets."""

from __future__ import annotations

import math
import random

import pytest

from mergecells.formula import FUNCTIONS, Array, FormulaSyntaxError, FunctionSpec, Value, compile_formula, parse
from mergecells.formula.reference import evaluate_at

EXTREMES: list[Value] = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 1e308, -1e308, 1e-308, 5e-324, 1e154, 1e16, -1e16,
                         2.0**53 + 2, 709.9, -745.5, 171.0, 1e5, 40_000.0, 3e6, "", None, True, "a"]  # fmt: skip
ROUNDS = 30


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=lambda spec: spec.name)
def test_function_of_extreme_values_gives_a_value(spec: FunctionSpec) -> None:
    """A finite number, a text, a truth value, an error or an array of these, and the same from both of our engines."""
    chance = random.Random(spec.name)
    for _ in range(ROUNDS):
        count = chance.randint(spec.least, min(spec.most, spec.least + 3))
        inputs = {f"p_{'abcdefgh'[index]}": drawn(chance, spec.kind_of(index)) for index in range(count)}
        try:
            formula = parse(f"={spec.name}({','.join(inputs)})")
        except FormulaSyntaxError:
            continue  # LET and its kin name things of their own
        value = evaluate_at(formula, inputs, 45_351.0)
        assert compile_formula(formula)(inputs, 45_351.0) == value, inputs
        for item in value.cells if isinstance(value, Array) else (value,):
            assert not isinstance(item, float) or math.isfinite(item), inputs
            assert type(item) is not int, inputs


def drawn(chance: random.Random, kind: str) -> Value:
    if kind in "rNBT" and chance.random() < 0.7:
        return Array.column([chance.choice(EXTREMES) for _ in range(3)])  # type: ignore[misc]
    return chance.choice(EXTREMES)
