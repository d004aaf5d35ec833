"""LET and calls of a LAMBDA as generated code: each call stands in its place, constants and names in theirs, and what
is left are variables of the function. What repeats (MAP and its kin) is interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from mergecells.formula.codegen_parts import NotCompilableError
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Binding,
    Boolean,
    Call,
    Formula,
    Invoke,
    Lambda,
    Let,
    Local,
    Name,
    Node,
    Number,
    Percent,
    Text,
    Unary,
    walk,
)

MAX_NODES: Final = 300
"""A larger tree, after every call was put in its place, is interpreted."""

_ATOMS: Final = (Name, Number, Text, Boolean, ArrayLiteral)
Scope: TypeAlias = "Mapping[int, Node]"


def without_calls(formula: Formula) -> Node:
    """The tree of a formula with no Invoke, and with LET only for values that must be computed.

    Raises NotCompilableError when it would be too large.
    """
    if not any(type(node) in (Let, Invoke) for node in walk(formula.root)):
        return formula.root
    return _Expansion().node(formula.root, {})


class _Expansion:
    def __init__(self) -> None:
        self.made = 0
        self.slots = 0

    def node(self, node: Node, scope: Scope) -> Node:
        self.made += 1
        if self.made > MAX_NODES:
            raise NotCompilableError
        if type(node) is Local:
            return scope[node.slot]
        if type(node) is Binary:
            return node._replace(left=self.node(node.left, scope), right=self.node(node.right, scope))
        if type(node) is Unary or type(node) is Percent:
            return node._replace(operand=self.node(node.operand, scope))
        if type(node) is Call:
            return node._replace(arguments=tuple(self.node(argument, scope) for argument in node.arguments))
        if type(node) is Let:
            return self._let(node, scope)
        if type(node) is Invoke:
            return self._invoke(node, scope)
        if type(node) is Lambda:
            raise NotCompilableError
        return node

    def _let(self, node: Let, scope: Scope) -> Node:
        inner, bindings = dict(scope), list[Binding]()
        for name, value in node.bindings:
            if type(value) is Lambda:
                inner[name.slot] = value
            else:
                self._bind(name, self.node(value, inner), inner, bindings)
        body = self.node(node.body, inner)
        return node._replace(bindings=tuple(bindings), body=body) if bindings else body

    def _invoke(self, node: Invoke, scope: Scope) -> Node:
        function = node.target if isinstance(node.target, Lambda) else scope[node.target.slot]
        assert type(function) is Lambda
        inner, bindings = dict(scope), list[Binding]()
        for name, argument in zip(function.parameters, node.arguments, strict=True):
            self._bind(name, self.node(argument, scope), inner, bindings)
        body = self.node(function.body, inner)
        return Let(tuple(bindings), body, node.start, node.end, node.start) if bindings else body

    def _bind(self, name: Local, value: Node, scope: dict[int, Node], bindings: list[Binding]) -> None:
        """An atom stands for itself; anything else gets a slot of its own, as calls may nest."""
        if type(value) in _ATOMS:
            scope[name.slot] = value
            return
        local = Local(name.text, self.slots, name.start, name.end)
        self.slots += 1
        scope[name.slot] = local
        bindings.append(Binding(local, value))
