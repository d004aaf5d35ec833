"""The formula language: text → tokens → syntax tree → (names used, functions used, reference result, compiled form)."""

import mergecells.formula.functions  # noqa: F401 - fills the table of functions
from mergecells.formula.analysis import (
    NameUse,
    Unsupported,
    functions_used,
    names_used,
    refuse_reasons,
    unsupported,
)
from mergecells.formula.array_context import needs_array
from mergecells.formula.compiler import compile_formula
from mergecells.formula.dates import from_serial, to_serial
from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.nodes import Formula
from mergecells.formula.parser import parse
from mergecells.formula.program import Program, compile_program
from mergecells.formula.reference import evaluate
from mergecells.formula.refused import VOLATILE
from mergecells.formula.registry import FUNCTIONS, FunctionSpec
from mergecells.formula.tokens import is_cell_address
from mergecells.formula.values import Array, ErrorValue, Value, to_number, to_value

__all__ = [
    "FUNCTIONS",
    "VOLATILE",
    "Array",
    "ErrorValue",
    "Formula",
    "FormulaSyntaxError",
    "FunctionSpec",
    "NameUse",
    "Program",
    "Unsupported",
    "Value",
    "compile_formula",
    "compile_program",
    "evaluate",
    "from_serial",
    "functions_used",
    "is_cell_address",
    "names_used",
    "needs_array",
    "parse",
    "refuse_reasons",
    "to_number",
    "to_serial",
    "to_value",
    "unsupported",
]
