"""Comparisons as generated code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mergecells.formula.codegen_parts import Code, checked
from mergecells.formula.nodes import Node, Number, Text
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import fold

if TYPE_CHECKING:
    from mergecells.formula.codegen import Generator

COMPARE: Final = {"=": "eq", "<>": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
_FLIPPED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_PYTHON: Final = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


def comparison(writer: Generator, op: str, left: Node, right: Node) -> Code:
    """A comparison; with a constant on one side, in plain Python where the types allow."""
    if type(left) in (Number, Text) and type(right) not in (Number, Text):
        return comparison(writer, _FLIPPED[op], right, left)
    if type(right) is Number:
        return Code(_against_number(writer, op, left, right.value), "B")
    if type(right) is Text and op in ("=", "<>"):
        return Code(_against_text(writer, op, left, right.value), "B")
    one, other = writer.code(left), writer.code(right)
    if one.kind in "FX" and other.kind in "FX":
        return Code(f"(order({writer.sure(one)}, {writer.sure(other)}) {_PYTHON[op]} 0)", "B")
    return Code(f"{COMPARE[op]}({checked(*one)}, {checked(*other)})", "B")


def _against_number(writer: Generator, op: str, left: Node, value: float) -> str:
    source, kind = writer.code(left)
    if kind not in "FXN":
        return f"{COMPARE[op]}({source}, {writer.constant(value)})"
    test = _within(writer, op, writer.sure(Code(source, kind)), value)
    if kind != "N":
        return f"({test})"
    return f"({test} if type({source}) is float else {COMPARE[op]}({source}, {writer.constant(value)}))"


def _within(writer: Generator, op: str, source: str, value: float) -> str:
    """Equality in 15 digits as plain comparisons with the outermost floats that count as equal."""
    low, high = equality_bounds(value)
    if op in ("=", "<>"):
        test = f"{writer.constant(low)} <= {source} <= {writer.constant(high)}"
        return test if op == "=" else f"not {test}"
    return f"{source} {_PYTHON[op]} {writer.constant(low if op in ('<', '>=') else high)}"


def _against_text(writer: Generator, op: str, left: Node, value: str) -> str:
    source, kind = writer.code(left)
    negation = "not " if op == "<>" else ""
    if kind == "T":
        return f"({negation}{source}.lower() == {writer.constant(fold(value))})"
    if kind == "N":
        wanted = writer.constant(fold(value))
        test = f"{source}.lower() == {wanted} if type({source}) is str else eqt({source}, {wanted})"
        return f"({negation}({f'{source} is None or ({test})' if value == '' else test}))"
    return f"{COMPARE[op]}({checked(source, kind)}, {writer.constant(value)})"
