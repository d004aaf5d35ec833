"""The syntax tree. Nodes are immutable; `start` and `end` are character positions in the formula's text, from 0.

Named tuples, not dataclasses: a config of 10,000 formulas makes 150,000 nodes at load time, and a frozen dataclass
takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from mergecells.formula.registry import Dialect
from mergecells.formula.values import Array, ErrorValue


class Number(NamedTuple):
    value: float
    start: int
    end: int


class Text(NamedTuple):
    value: str
    start: int
    end: int


class Boolean(NamedTuple):
    value: bool
    start: int
    end: int


class ErrorLiteral(NamedTuple):
    value: ErrorValue
    start: int
    end: int


class Omitted(NamedTuple):
    """An argument left empty, as in `IF(a,1,)`: blank."""

    start: int
    end: int


class ArrayLiteral(NamedTuple):
    """`{1,2;3,4}`: constants only."""

    value: Array
    start: int
    end: int


class Name(NamedTuple):
    """A field, factor, intermediate or list. `key` is the lower-case form under which values are looked up."""

    text: str
    key: str
    start: int
    end: int


class Reference(NamedTuple):
    """A cell or range address; understood only to be refused by name."""

    text: str
    start: int
    end: int


class Unary(NamedTuple):
    """`op` is `-` or `+`."""

    op: str
    operand: Node
    start: int
    end: int


class Percent(NamedTuple):
    operand: Node
    start: int
    end: int


class Binary(NamedTuple):
    """`op` is one of `+ - * / ^ & = <> < > <= >=`."""

    op: str
    left: Node
    right: Node
    start: int
    end: int


class Call(NamedTuple):
    """`name` is in capitals, without `_xlfn.`; `name_end` is where the name stops in the text."""

    name: str
    arguments: tuple[Node, ...]
    start: int
    end: int
    name_end: int


class Local(NamedTuple):
    """A name that LET or LAMBDA defines. Each definition has a slot of its own, so that what shadows what is settled.

    Where it is defined it stands for itself, as in `LET(Local, …)`.
    """

    text: str
    slot: int
    start: int
    end: int


class Binding(NamedTuple):
    """One name of a LET and its value, which may be a Lambda."""

    name: Local
    value: Node


class Let(NamedTuple):
    """`LET(name,value,…,body)`. `name_end` is where the word LET stops."""

    bindings: tuple[Binding, ...]
    body: Node
    start: int
    end: int
    name_end: int


class Lambda(NamedTuple):
    """`LAMBDA(parameter,…,body)`: never a value, only called, named by LET, or the last argument of MAP and its kin.

    `steps` is how many nodes one call computes, those of the functions that it calls included, and `depth` how deep
    they nest. `bare` is the function's name where it stood alone, as in `BYROW(list,SUM)`.
    """

    parameters: tuple[Local, ...]
    body: Node
    start: int
    end: int
    name_end: int
    steps: int
    depth: int
    bare: str = ""


class Invoke(NamedTuple):
    """A call of a LAMBDA, by its name or on the spot: `LAMBDA(x,x+1)(2)`."""

    target: Local | Lambda
    arguments: tuple[Node, ...]
    start: int
    end: int


Node: TypeAlias = (
    "Number | Text | Boolean | ErrorLiteral | Omitted | ArrayLiteral"
    " | Name | Reference | Unary | Percent | Binary | Call | Local | Let | Lambda | Invoke"
)


class Formula(NamedTuple):
    """A parsed formula. `snaps` says that its last operation is an addition or subtraction outside parentheses:
    a result that is 0 in 15 digits is then 0 (what Excel does since version 97)."""

    text: str
    root: Node
    snaps: bool
    dialect: Dialect = "excel"


def walk(root: Node) -> Iterator[Node]:
    """Every node, in the order of the text. Without recursion: a chain of operators may be thousands long."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        kind = type(node)
        if kind is Call:
            stack.extend(reversed(node.arguments))  # type: ignore[union-attr]
        elif kind is Binary:
            stack += (node.right, node.left)  # type: ignore[union-attr]
        elif kind is Unary or kind is Percent:
            stack.append(node.operand)  # type: ignore[union-attr]
        elif kind is Let:
            stack.append(node.body)  # type: ignore[union-attr]
            for binding in reversed(node.bindings):  # type: ignore[union-attr]
                stack += (binding.value, binding.name)
        elif kind is Lambda:
            stack.append(node.body)  # type: ignore[union-attr]
            stack.extend(reversed(node.parameters))  # type: ignore[union-attr]
        elif kind is Invoke:
            stack.extend(reversed(node.arguments))  # type: ignore[union-attr]
            stack.append(node.target)  # type: ignore[union-attr]
