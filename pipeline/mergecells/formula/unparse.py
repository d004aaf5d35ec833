"""Syntax tree → formula text: canonical spelling, no blanks, as few parentheses as the meaning allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    ErrorLiteral,
    Formula,
    Invoke,
    Lambda,
    Let,
    Local,
    Name,
    Node,
    Number,
    Omitted,
    Percent,
    Reference,
    Text,
    Unary,
)
from mergecells.formula.number_text import write_number
from mergecells.formula.parser import BINDING, INTERSECTION, INTERSECTION_BINDING, PERCENT_BINDING, PREFIX_BINDING
from mergecells.formula.registry import plain_name
from mergecells.formula.values import Scalar

_ATOM: Final = 100


def unparse(part: Formula | Node) -> str:
    """The text of a node; of a whole Formula, with its `=`. Parsing it again gives the same tree."""
    if not isinstance(part, Formula):
        return _text(part)
    whole = _text(part.root)
    grouped = type(part.root) is Binary and part.root.op in ("+", "-") and not part.snaps
    return f"=({whole})" if grouped else f"={whole}"


def _text(node: Node) -> str:
    return _WRITERS[type(node)](node)


def _binding(node: Node) -> int:
    if type(node) is Binary:
        return BINDING[node.op]
    if type(node) is Unary:
        return PREFIX_BINDING
    if type(node) is Number and node.value < 0:
        return PREFIX_BINDING
    return PERCENT_BINDING if type(node) is Percent else _ATOM


def _within(node: Node, least: int) -> str:
    text = _text(node)
    return text if _binding(node) >= least else f"({text})"


def _binary(node: Binary) -> str:
    """Follows left operands in a loop, as chains may be thousands long."""
    parts: list[str] = []
    while True:
        binding = BINDING[node.op]
        parts.append(node.op + _within(node.right, binding + 1))
        if type(node.left) is not Binary or _binding(node.left) < binding:
            break
        node = node.left
    parts.append(_within(node.left, binding))
    return "".join(reversed(parts))


def _unary(node: Unary) -> str:
    # The operand of a sign may be another sign, but nothing that binds less.
    return node.op + _within(node.operand, PREFIX_BINDING)


def _percent(node: Percent) -> str:
    # `-2%` reads as -2 followed by %, so a sign needs no parentheses.
    return _within(node.operand, PREFIX_BINDING) + "%"


def _constant(value: Scalar) -> str:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return write_number(value) if isinstance(value, float) else str(value)


def _array(node: ArrayLiteral) -> str:
    return "{" + ";".join(",".join(map(_constant, row)) for row in node.value.rows) + "}"


def _listed(nodes: Iterable[Node]) -> str:
    return ",".join(map(_text, nodes))


def _call(node: Call) -> str:
    if node.name == INTERSECTION:
        return "@" + _within(node.arguments[0], INTERSECTION_BINDING)
    return f"{plain_name(node.name)}({_listed(node.arguments)})"


def _let(node: Let) -> str:
    bound = "".join(f"{binding.name.text},{_text(binding.value)}," for binding in node.bindings)
    return f"LET({bound}{_text(node.body)})"


def _lambda(node: Lambda) -> str:
    if node.bare:
        return node.bare.upper() if type(node.body) is Call else node.bare
    return f"LAMBDA({_listed((*node.parameters, node.body))})"


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    Number: lambda node: _constant(node.value),
    Text: lambda node: _constant(node.value),
    Boolean: lambda node: _constant(node.value),
    ErrorLiteral: lambda node: str(node.value),
    Omitted: lambda _node: "",
    ArrayLiteral: _array,
    Name: lambda node: node.text,
    Reference: lambda node: node.text,
    Unary: _unary,
    Percent: _percent,
    Binary: _binary,
    Call: _call,
    Local: lambda node: node.text,
    Let: _let,
    Lambda: _lambda,
    Invoke: lambda node: f"{_text(node.target)}({_listed(node.arguments)})",
}
