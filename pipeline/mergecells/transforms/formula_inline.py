"""Formulas without names of their own: LET and calls of LAMBDA written out, so that each part has a value by itself."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.formula.nodes import Binary, Call, Invoke, Lambda, Let, Local, Node, Percent, Unary, walk

_MOST_NODES = 2_000
"""A LET that uses its names often grows without bound when it is written out; beyond this it stays as it is."""


def inline(root: Node) -> Node:
    """The same formula with each name of LET, and each parameter of a LAMBDA that is called, replaced by its value."""
    if not any(isinstance(node, Let | Invoke) for node in walk(root)):
        return root
    try:
        return _Inliner().write(root, {})
    except _TooLargeError:
        return root


def is_closed(node: Node) -> bool:
    """Whether a part has a value by itself: it is no function, and names nothing that is bound outside of it."""
    if isinstance(node, Lambda | Local):
        return False
    parts = list(walk(node))
    bound = {local.slot for part in parts if isinstance(part, Lambda) for local in part.parameters}
    bound |= {binding.name.slot for part in parts if isinstance(part, Let) for binding in part.bindings}
    return all(part.slot in bound for part in parts if isinstance(part, Local))


class _TooLargeError(Exception):
    pass


class _Inliner:
    def __init__(self) -> None:
        self.written = 0

    def write(self, node: Node, values: Mapping[int, Node]) -> Node:
        self.written += 1
        if self.written > _MOST_NODES:
            raise _TooLargeError
        if isinstance(node, Local):
            return values.get(node.slot, node)
        if isinstance(node, Let):
            for binding in node.bindings:
                values = {**values, binding.name.slot: self.write(binding.value, values)}
            return self.write(node.body, values)
        if isinstance(node, Invoke):
            return self._invoked(node, values)
        if isinstance(node, Binary):
            return node._replace(left=self.write(node.left, values), right=self.write(node.right, values))
        if isinstance(node, Unary | Percent):
            return node._replace(operand=self.write(node.operand, values))
        if isinstance(node, Call):
            return node._replace(arguments=tuple(self.write(each, values) for each in node.arguments))
        return node._replace(body=self.write(node.body, values)) if isinstance(node, Lambda) else node

    def _invoked(self, node: Invoke, values: Mapping[int, Node]) -> Node:
        target = self.write(node.target, values)
        if not isinstance(target, Lambda):
            return node
        given = [self.write(each, values) for each in node.arguments]
        slots = (local.slot for local in target.parameters)
        return self.write(target.body, {**values, **dict(zip(slots, given, strict=False))})
