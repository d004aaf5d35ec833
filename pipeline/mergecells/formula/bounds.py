"""What a formula with LAMBDA can cost, known before it runs: there is no recursion, so every call can be counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.nodes import Binary, Call, Invoke, Lambda, Let, Node, Percent, Unary

MAX_STEPS: Final = 10_000
"""Nodes that one evaluation computes, each call of a LAMBDA counted anew; what MAP and its kin repeat counts once here,
and while it runs as array cells."""

MAX_EXPANDED_DEPTH: Final = 96
"""How deep nodes nest when each call of a LAMBDA stands in its place."""


class Size(NamedTuple):
    steps: int
    depth: int


def measure(root: Node, functions: Mapping[int, Size]) -> Size:
    """The nodes that `root` computes and how deep they nest; `functions` has the sizes of named LAMBDAs by slot.

    Raises FormulaSyntaxError beyond the limits. Follows left operands without depth, as the interpreter does.
    """
    steps = deepest = 0
    stack: list[tuple[Node, int]] = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        kind = type(node)
        steps += 1
        if kind is Binary:
            stack += ((node.left, depth), (node.right, depth + 1))  # type: ignore[union-attr]
        elif kind is Unary or kind is Percent:
            stack.append((node.operand, depth + 1))  # type: ignore[union-attr]
        elif kind is Call:
            stack += ((argument, depth + 1) for argument in node.arguments)  # type: ignore[union-attr]
        elif kind is Let:
            stack += ((b.value, depth + 1) for b in node.bindings if type(b.value) is not Lambda)  # type: ignore[union-attr]
            stack.append((node.body, depth + 1))  # type: ignore[union-attr]
        elif kind is Lambda:
            steps, depth = steps + node.steps, depth + node.depth  # type: ignore[union-attr]
        elif kind is Invoke:
            target = node.target  # type: ignore[union-attr]
            size = target if isinstance(target, Lambda) else functions[target.slot]
            steps, depth = steps + size.steps, depth + size.depth
            stack += ((argument, depth + 1) for argument in node.arguments)  # type: ignore[union-attr]
        deepest = max(deepest, depth)
        if steps > MAX_STEPS or deepest > MAX_EXPANDED_DEPTH:
            raise _too_large(steps, node.start)
    return Size(steps, deepest)


def _too_large(steps: int, position: int) -> FormulaSyntaxError:
    what = f"more than {MAX_STEPS} steps" if steps > MAX_STEPS else f"calls more than {MAX_EXPANDED_DEPTH} deep"
    return FormulaSyntaxError(f"The LAMBDAs of this formula take {what}", position, "Use named formulas instead.")
