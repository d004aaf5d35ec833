"""LET, LAMBDA and the functions that call one for each cell, for the reference interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from mergecells.formula.broadcasting import cell_at
from mergecells.formula.nodes import Call, Invoke, Lambda, Let, Node, Omitted
from mergecells.formula.values import CALC, MAX_CELLS, NUM, VALUE, Array, ErrorValue, Fault, Scalar, Value, to_number

if TYPE_CHECKING:
    from mergecells.formula.reference import Interpreter

Held: TypeAlias = "tuple[Value, bool]"
"""A value and whether it stands in a cell."""


def bind_let(run: Interpreter, node: Let) -> Node:
    """Computes the names; the body is left to the caller."""
    for name, value in node.bindings:
        if type(value) is Lambda:
            run.functions[name.slot] = value
        else:
            run.locals[name.slot] = run.argument(value)
    return node.body


def bind_call(run: Interpreter, node: Invoke) -> Node:
    """Computes the arguments; the body is left to the caller. A LAMBDA cannot call itself, so one frame is enough."""
    target = node.target
    function = target if isinstance(target, Lambda) else run.functions[target.slot]
    values = [run.argument(argument) for argument in node.arguments]
    for parameter, value in zip(function.parameters, values, strict=True):
        run.locals[parameter.slot] = value
    return function.body


def _apply(run: Interpreter, function: Lambda, values: tuple[Held, ...]) -> Value:
    for parameter, value in zip(function.parameters, values, strict=True):
        run.locals[parameter.slot] = value
    return run.value(function.body)


def _single(value: Value) -> Scalar:
    """A result that must fit into one cell."""
    if type(value) is Array:
        return value.cells[0] if len(value) == 1 else CALC
    return cast(Scalar, value)


def _table(value: Value) -> Array:
    return value if type(value) is Array else Array([[cast(Scalar, value)]])


def call_applier(run: Interpreter, node: Call) -> Value:
    """MAP, REDUCE, SCAN, BYROW, BYCOL or MAKEARRAY."""
    function = cast(Lambda, node.arguments[-1])
    run.looping += 1
    try:
        return _APPLIERS[node.name](run, node, function)
    finally:
        run.looping -= 1


def _map(run: Interpreter, node: Call, function: Lambda) -> Value:
    held = [run.argument(argument) for argument in node.arguments[:-1]]
    tables = [_table(value) for value, _ in held]
    height, width = max(t.height for t in tables), max(t.width for t in tables)
    run.charge(height * width, function.steps)
    return Array(
        [
            [
                _single(
                    _apply(
                        run,
                        function,
                        tuple((cell_at(t, row, column), ref) for t, (_, ref) in zip(tables, held, strict=True)),
                    )
                )
                for column in range(width)
            ]
            for row in range(height)
        ]
    )


def _start(run: Interpreter, node: Call) -> tuple[Held | None, tuple[Scalar, ...], Array, bool]:
    """What REDUCE and SCAN begin with, the cells that they go through, the list, and whether it is a reference."""
    first, listed = node.arguments[0], node.arguments[1]
    begin = None if type(first) is Omitted else run.argument(first)
    value, is_reference = run.argument(listed)
    table = _table(value)
    return begin, table.cells, table, is_reference


def _reduce(run: Interpreter, node: Call, function: Lambda) -> Value:
    held, cells, table, is_reference = _start(run, node)
    run.charge(len(table), function.steps)
    if held is None:
        held, cells = (cells[0], is_reference), cells[1:]
    for cell in cells:
        held = (_apply(run, function, (held, (cell, is_reference))), False)
    return held[0]


def _scan(run: Interpreter, node: Call, function: Lambda) -> Value:
    held, cells, table, is_reference = _start(run, node)
    run.charge(len(table), function.steps)
    found: list[Scalar] = []
    if held is None:
        held, cells = (cells[0], is_reference), cells[1:]
        found.append(_single(held[0]))
    for cell in cells:
        found.append(_single(_apply(run, function, (held, (cell, is_reference)))))
        held = (found[-1], False)
    return Array([found[row * table.width : (row + 1) * table.width] for row in range(table.height)])


def _by_row(run: Interpreter, node: Call, function: Lambda) -> Value:
    value, is_reference = run.argument(node.arguments[0])
    table = _table(value)
    run.charge(len(table), function.steps)
    return Array([[_single(_apply(run, function, ((_line(row), is_reference),)))] for row in table.rows])


def _by_column(run: Interpreter, node: Call, function: Lambda) -> Value:
    value, is_reference = run.argument(node.arguments[0])
    table = _table(value)
    run.charge(len(table), function.steps)
    columns = zip(*table.rows, strict=True)
    return Array(
        [[_single(_apply(run, function, ((Array([(c,) for c in column]), is_reference),))) for column in columns]]
    )


def _line(row: tuple[Scalar, ...]) -> Array:
    return Array([row])


def _make_array(run: Interpreter, node: Call, function: Lambda) -> Value:
    try:
        height, width = (_count(run.value(argument)) for argument in node.arguments[:2])
    except Fault as fault:
        return fault.error
    if height * width > MAX_CELLS:
        return NUM
    run.charge(height * width, function.steps)
    return Array(
        [
            [_single(_apply(run, function, ((row + 1.0, False), (column + 1.0, False)))) for column in range(width)]
            for row in range(height)
        ]
    )


def _count(value: Value) -> int:
    if type(value) is Array:
        value = value.cells[0]
    if type(value) is ErrorValue:
        raise Fault(value)
    number = to_number(value)
    if number < 1:
        raise Fault(VALUE)
    return int(min(number, MAX_CELLS + 1))


_APPLIERS: Final = {
    "MAP": _map,
    "REDUCE": _reduce,
    "SCAN": _scan,
    "BYROW": _by_row,
    "BYCOL": _by_column,
    "MAKEARRAY": _make_array,
}
