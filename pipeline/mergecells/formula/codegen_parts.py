"""Pieces that the code generator's modules share."""

from __future__ import annotations

from typing import NamedTuple

from mergecells.formula.nodes import Binary, Call, Let, Name, Node, Number


class NotCompilableError(Exception):
    """The reference interpreter runs this formula."""


class Code(NamedTuple):
    source: str
    kind: str


def checked(source: str, kind: str) -> str:
    """An expression that cannot be an overflow any more."""
    return f"fin({source})" if kind == "X" else source


def either(branches: list[tuple[str, Code]], otherwise: Code) -> Code:
    """A chain of conditional expressions; its kind is what all branches have in common."""
    kinds = {code.kind for _, code in branches} | {otherwise.kind} - {""}
    numeric = kinds <= {"F", "X"}
    kind = min(kinds, key="XF".find) if numeric else kinds.pop() if len(kinds) == 1 else "V"
    every = [(condition, checked(*code) if kind == "V" else code.source) for condition, code in branches]
    last = checked(*otherwise) if kind == "V" else otherwise.source
    return Code("(" + "".join(f"{value} if {condition} else " for condition, value in every) + last + ")", kind)


def shrinks(node: Binary, left: str, right: str) -> bool:
    """Whether a product cannot overflow: one factor is a constant of at most 1, the other finite."""
    constants = (node.left, right), (node.right, left)
    return any(type(one) is Number and one.value <= 1.0 and other == "F" for one, other in constants)


def joined(node: Node) -> list[Node]:
    """The operands of a chain of `&`, from left to right."""
    parts: list[Node] = []
    while type(node) is Binary and node.op == "&":
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def holds(node: Node) -> bool:
    """Whether an argument may be a reference: a name, or a choice that may pick one."""
    while type(node) is Let:
        node = node.body
    if type(node) is Name:
        return True
    return type(node) is Call and node.name in ("IF", "CHOOSE") and any(holds(part) for part in node.arguments[1:])


def refuse_held(node: Node) -> None:
    if type(node) is not Name and holds(node):
        raise NotCompilableError
