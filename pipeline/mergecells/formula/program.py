"""Many formulas as one program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mergecells.formula.compiler import Compiled, compile_formula
from mergecells.formula.nodes import Formula
from mergecells.formula.values import Value


class Program:
    """Definitions in an order in which each uses only inputs and earlier ones."""

    def __init__(self, steps: Sequence[tuple[str, Compiled]]) -> None:
        self._steps = tuple(steps)

    def run(self, inputs: Mapping[str, Value], date_serial: float) -> dict[str, Value]:
        """The result of every definition by its name as given. `inputs` has lower-case keys and language values."""
        values = dict(inputs)
        results: dict[str, Value] = {}
        for name, step in self._steps:
            results[name] = values[name.lower()] = step(values, date_serial)
        return results


def compile_program(definitions: Sequence[tuple[str, Formula]]) -> Program:
    """Compile definitions; the caller orders them so that each uses earlier ones only."""
    return Program([(name, compile_formula(formula)) for name, formula in definitions])
