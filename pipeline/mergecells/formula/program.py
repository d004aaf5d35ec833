"""Many formulas as one program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mergecells.formula.compiler import Compiled, compile_formula
from mergecells.formula.nodes import Formula
from mergecells.formula.values import Value


class Program:
    """Definitions in an order in which each uses only inputs and earlier ones."""

    def __init__(self, steps: Sequence[tuple[str, Compiled]]) -> None:
        self._steps = tuple((name.lower(), step) for name, step in steps)
        self._spellings = tuple((name, name.lower()) for name, _ in steps if name != name.lower())

    def run(self, inputs: Mapping[str, Value], date_serial: float) -> dict[str, Value]:
        """Inputs and results together, by lower-case name, and each result by its name as defined too.

        `inputs` has lower-case keys and values of the language (`to_value`); it is not changed.
        """
        values = dict(inputs)
        for name, step in self._steps:
            values[name] = step(values, date_serial)
        for spelling, name in self._spellings:
            values[spelling] = values[name]
        return values


def compile_program(definitions: Sequence[tuple[str, Formula]]) -> Program:
    """Compile definitions; the caller orders them so that each uses earlier ones only.

    One formula is compiled at a time (under a millisecond each), so that other threads get their turn in between, and
    a formula whose text was seen before costs a dictionary look-up.
    """
    return Program([(name, compile_formula(formula)) for name, formula in definitions])
