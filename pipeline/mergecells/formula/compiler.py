"""Formula → callable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from mergecells.formula.nodes import Formula
from mergecells.formula.reference import evaluate_at
from mergecells.formula.values import Value

Compiled: TypeAlias = Callable[[Mapping[str, Value], float], Value]


def compile_formula(formula: Formula) -> Compiled:
    """A function of (values by lower-case name, date serial)."""
    return lambda names, date_serial: evaluate_at(formula, names, date_serial)
