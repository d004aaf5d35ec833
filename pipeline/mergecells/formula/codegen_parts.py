"""Pieces that the code generator's modules share."""

from __future__ import annotations

from typing import Final, NamedTuple

from mergecells.formula.array_context import GIVE_ARRAYS
from mergecells.formula.nodes import Binary, Boolean, Call, Let, Name, Node, Number, Percent, Text, Unary
from mergecells.formula.registry import spec_of


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


_GIVES_A_CELL: Final = frozenset(("VLOOKUP", "HLOOKUP", "LOOKUP"))
_CONSTANTS: Final = frozenset((Number, Text, Boolean))


def spread_names(*nodes: Node) -> list[Name]:
    """The names of which an expression may be an array although another operand is an error, each once.

    `1/0+list` is a list of errors, while a look-up that fails in a list is one error.
    """
    found: dict[str, Name] = {}
    for node in nodes:
        _spread(node, found, True)
    return list(found.values())


def _spread(node: Node, found: dict[str, Name], alone: bool) -> None:
    """`alone`: there is nothing beside the node that could be the error."""
    kind = type(node)
    if kind is Name:
        if not alone:
            found[node.key] = node  # type: ignore[union-attr, assignment]
    elif kind is Binary:
        sides = (node.left, node.right)  # type: ignore[union-attr]
        for side in sides:
            _spread(side, found, alone and any(type(each) in _CONSTANTS for each in sides))
    elif kind is Unary or kind is Percent:
        _spread(node.operand, found, alone)  # type: ignore[union-attr]
    elif kind is Call:
        _spread_call(node, found, alone)  # type: ignore[arg-type]
    elif kind is Let:
        for part in (*(binding.value for binding in node.bindings), node.body):  # type: ignore[union-attr]
            _spread(part, found, False)


def _spread_call(node: Call, found: dict[str, Name], alone: bool) -> None:
    """A list that a function looks through makes no array of its result, unless it gives parts of it."""
    spec = spec_of(node.name)
    if not alone and node.name in GIVE_ARRAYS:
        raise NotCompilableError
    gives_parts = not alone and spec is not None and spec.result == "v" and node.name not in _GIVES_A_CELL
    for index, part in enumerate(node.arguments):
        is_list = spec is not None and spec.kind_of(index) in "NBTr"
        if gives_parts or not (is_list and type(part) is Name):
            _spread(part, found, alone and len(node.arguments) == 1)


def hands_on(node: Node) -> bool:
    """Whether a computed argument may be a blank that a function or a sign hands on."""
    if type(node) is Unary:
        return node.op == "+" and (type(node.operand) is Name or hands_on(node.operand))
    if type(node) is not Call:
        return type(node) is Let
    spec = spec_of(node.name)
    return spec is not None and spec.result == "v" and any(type(p) is Name or hands_on(p) for p in node.arguments)


def refuse_held(node: Node) -> None:
    if type(node) is not Name and holds(node):
        raise NotCompilableError
