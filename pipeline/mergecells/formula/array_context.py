"""Which formulas a spreadsheet must be told to compute as array formulas, so that it shows what production computes.

An ordinary formula takes one cell of a list where a single value is expected (implicit intersection); this language
computes with the whole list, as an array formula does. Source: Microsoft, "Implicit intersection operator: @" and
"Guidelines and examples of array formulas".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, cast

from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Call,
    Formula,
    Invoke,
    Lambda,
    Let,
    Local,
    Name,
    Node,
    Percent,
    Unary,
)
from mergecells.formula.registry import spec_of

GIVE_ARRAYS: Final = frozenset(
    (
        "TRANSPOSE", "SORT", "SORTBY", "FILTER", "UNIQUE", "SEQUENCE", "FREQUENCY", "MMULT", "MINVERSE", "LINEST",
        "LOGEST", "TREND", "GROWTH", "MODE.MULT", "TOCOL", "TOROW", "VSTACK", "HSTACK", "TAKE", "DROP", "CHOOSECOLS",
        "CHOOSEROWS", "EXPAND", "WRAPROWS", "WRAPCOLS", "TEXTSPLIT", "SPLIT", "FLATTEN", "MAP", "SCAN", "BYROW",
        "BYCOL", "MAKEARRAY", "REDUCE", "ARRAYFORMULA", "ARRAY_CONSTRAIN", "MUNIT",
    )
)  # fmt: skip
"""Functions whose result is an array whatever they are given."""

_SINGLE: Final = frozenset("ntbve*")
"""Kinds of arguments that take a single value; see `registry`."""


def needs_array(formula: Formula, arrays: Collection[str]) -> bool:
    """Whether an array meets a place for a single value, or is made, anywhere in the formula.

    `arrays`: the names, in lower case, that hold more than one cell: lists, tables and their columns.
    """
    told = [False]
    _is_array(formula.root, frozenset(arrays), told)
    return told[0]


def _with_names(node: Let | Invoke, arrays: frozenset[str | int], told: list[bool]) -> bool:
    """The body of a LET, whose names may hold arrays too. A call of a LAMBDA is one as soon as an argument is."""
    if type(node) is Invoke:
        found = [_is_array(part, arrays, told) for part in node.arguments]
        return _meets(any(found), told)
    for name, value in cast(Let, node).bindings:
        if type(value) is not Lambda and _is_array(value, arrays, told):
            arrays = arrays | {name.slot}
    return _is_array(node.body, arrays, told)  # type: ignore[union-attr]


def _is_array(node: Node, arrays: frozenset[str | int], told: list[bool]) -> bool:
    """Whether the node's value is an array; `told[0]` becomes True where that needs an array formula."""
    kind = type(node)
    if kind is ArrayLiteral:
        return True
    if kind is Name:
        return node.key in arrays  # type: ignore[union-attr]
    if kind is Call:
        return _call(node, arrays, told)  # type: ignore[arg-type]
    if kind is Local:
        return node.slot in arrays  # type: ignore[union-attr]
    if kind is Let or kind is Invoke:
        return _with_names(node, arrays, told)  # type: ignore[arg-type]
    if kind is Unary or kind is Percent:
        parts: tuple[Node, ...] = (node.operand,)  # type: ignore[union-attr]
    elif kind is Binary:
        parts = (node.left, node.right)  # type: ignore[union-attr]
    else:
        return False
    return _meets(any([_is_array(part, arrays, told) for part in parts]), told)  # noqa: C419 - every part is looked at


def _call(node: Call, arrays: frozenset[str | int], told: list[bool]) -> bool:
    spec = spec_of(node.name)
    kinds = [spec.kind_of(index) if spec and spec.kinds else "*" for index in range(len(node.arguments))]
    found = [_is_array(part, arrays, told) for part in node.arguments]
    single = any(is_array and kind in _SINGLE for is_array, kind in zip(found, kinds, strict=True))
    return _meets(single or node.name in GIVE_ARRAYS, told)


def _meets(is_array: bool, told: list[bool]) -> bool:
    told[0] = told[0] or is_array
    return is_array
