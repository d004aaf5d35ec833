"""The reference interpreter: walks the tree, one node at a time, errors as values. Plain before fast; the compiled form
must give the same answer and falls back on this one for whatever it does not handle inline.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard, cast

from mergecells.formula.arguments import BROADCAST_KINDS, COERCIONS
from mergecells.formula.broadcasting import guarded, spread
from mergecells.formula.choices import choice, is_error, is_missing, switched
from mergecells.formula.comparison import equal
from mergecells.formula.dates import to_serial
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
from mergecells.formula.operators import apply_operator, snapped
from mergecells.formula.parser_scopes import APPLIERS
from mergecells.formula.reference_lambda import bind_call, bind_let, call_applier
from mergecells.formula.registry import FunctionSpec, spec_of
from mergecells.formula.values import (
    MAX_CELLS,
    NA,
    NAME,
    NUM,
    REF,
    VALUE,
    Array,
    ErrorValue,
    Fault,
    Value,
    finish,
    to_boolean,
    to_number,
)

MAX_WORK: Final = 200_000
"""Array cells that one evaluation may compute, all operations together; beyond it the answer is #NUM!."""

SEARCHED_PER_CELL: Final = 16
"""Cells of a list that are looked through at the cost of computing one: `MATCH(list, list, 0)` is quadratic."""


def evaluate(formula: Formula, names: Mapping[str, Value], date: datetime.date) -> Value:
    """The result, never blank; error values are results. `names` has lower-case keys, `date` is what TODAY() gives."""
    return evaluate_at(formula, names, to_serial(date))


def evaluate_at(formula: Formula, names: Mapping[str, Value], date_serial: float) -> Value:
    """`evaluate` with the date as a serial number."""
    try:
        interpreter = Interpreter(names, date_serial)
        if formula.snaps:
            return finish(interpreter.last_sum(cast(Binary, formula.root)))
        return finish(interpreter.value(formula.root))
    except _TooMuchWork:
        return NUM


class _TooMuchWork(Exception):  # noqa: N818 - a limit reached, not a failure
    pass


class Interpreter:
    """One evaluation: the values it reads, the local names so far, and the work done."""

    def __init__(self, names: Mapping[str, Value], date_serial: float) -> None:
        self.names = names
        self.date_serial = date_serial
        self.work = 0
        self.locals: dict[int, tuple[Value, bool]] = {}
        self.functions: dict[int, Lambda] = {}
        self.looping = 0

    def value(self, node: Node) -> Value:
        return _VISITORS[type(node)](self, node)

    def argument(self, node: Node) -> tuple[Value, bool]:
        """A value and whether it stands in a cell: a name's, or what IF or CHOOSE picked when that is a name.

        A blank does wherever it comes from: what IFNA, SWITCH or INDEX pass on does not count in AND, MAX and COUNT.
        """
        while True:
            if type(node) is Name:
                return self.name(node), True
            if type(node) is Local:
                return self.locals[node.slot]
            if type(node) is Let:
                node = bind_let(self, node)
                continue
            if type(node) is Invoke:
                node = bind_call(self, node)
                continue
            if type(node) is not Call or node.name not in ("IF", "CHOOSE"):
                value = self.value(node)
                return value, value is None and type(node) is not Omitted
            chosen = self.chosen(node)
            if not isinstance(chosen, tuple):
                return chosen, False
            node = cast(Node, chosen)

    def chosen(self, node: Call) -> Any:
        """The argument that IF or CHOOSE picks, as a node; or a value when there is none (an error, an array)."""
        selector = self.value(node.arguments[0])
        if type(selector) is Array:
            return self.spread_choice(node, selector)
        try:
            index = (2 - to_boolean(selector)) if node.name == "IF" else choice(selector, len(node.arguments))
        except Fault as fault:
            return fault.error
        return node.arguments[index] if index < len(node.arguments) else False

    def name(self, node: Name) -> Value:
        return self.names.get(node.key, NAME)

    def constant(self, node: Number | Text | Boolean | ErrorLiteral | ArrayLiteral) -> Value:
        return node.value

    def local(self, node: Local) -> Value:
        return self.locals[node.slot][0]

    def let(self, node: Let | Invoke) -> Value:
        return self.argument(node)[0]

    def unary(self, node: Unary) -> Value:
        operand = self.value(node.operand)
        if node.op == "+":
            return operand
        return self.broadcast(lambda value: -to_number(value), [operand])

    def percent(self, node: Percent) -> Value:
        return self.broadcast(lambda value: to_number(value) / 100.0, [self.value(node.operand)])

    def binary(self, node: Binary) -> Value:
        """Follows a chain of left operands in a loop: `a+b+c+…` may be thousands long."""
        chain: list[Binary] = []
        first: Node = node
        while type(first) is Binary:
            chain.append(first)
            first = first.left
        result = self.value(first)
        for step in reversed(chain):
            result = self.operation(step.op, result, self.value(step.right))
        return result

    def operation(self, op: str, left: Value, right: Value) -> Value:
        return self.broadcast(lambda one, other: apply_operator(op, one, other), [left, right])

    def last_sum(self, node: Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        result = self.operation(node.op, left, right)
        if type(result) is not float:
            return result
        return snapped(node.op, to_number(left), to_number(right), result)

    def call(self, node: Call) -> Value:
        lazy = _LAZY.get(node.name)
        if lazy is not None:
            return lazy(self, node)
        spec = spec_of(node.name)
        if spec is None or spec.implementation is None:
            return NAME
        arguments = [self.argument(argument) for argument in node.arguments]
        kinds = [spec.kind_of(index) for index in range(len(arguments))]
        if any(type(v) is Array and k in BROADCAST_KINDS for (v, _), k in zip(arguments, kinds, strict=True)):
            return self.spread_call(spec, kinds, arguments)
        if self.looping:
            # A call inside of MAP and its kin is one of many: what it looks through counts as in `spread_call`.
            self.charge(1, 1 + sum(len(v) for (v, _) in arguments if type(v) is Array) // SEARCHED_PER_CELL)
        result = self.applied(spec, kinds, arguments)
        if type(result) is Array:
            self.charge(len(result))
        return result

    def spread_call(self, spec: FunctionSpec, kinds: list[str], arguments: list[tuple[Value, bool]]) -> Value:
        """A function of single values over arrays: once for each cell."""
        places = [index for index, kind in enumerate(kinds) if kind in BROADCAST_KINDS]
        operands = [arguments[index][0] for index in places]
        searched = sum(len(v) for (v, _), k in zip(arguments, kinds, strict=True) if _is_searched(v, k))

        def at_cell(*cells: Value) -> Value:
            current = list(arguments)
            for index, cell in zip(places, cells, strict=True):
                current[index] = (cell, arguments[index][1])
            result = self.applied(spec, kinds, current)
            return VALUE if type(result) is Array else result

        return spread(at_cell, operands, lambda cells: self.charge(cells, 1 + searched // SEARCHED_PER_CELL))

    def applied(self, spec: FunctionSpec, kinds: list[str], arguments: list[tuple[Value, bool]]) -> Value:
        """One call, each argument brought to its kind."""
        try:
            ready = [COERCIONS[kind](*argument) for kind, argument in zip(kinds, arguments, strict=True)]
            if spec.cost is not None:
                self.charge(1, spec.cost(*ready))
            return cast(Callable[..., Value], spec.implementation)(*ready)
        except Fault as fault:
            return fault.error

    def broadcast(self, operation: Callable[..., Value], operands: Sequence[Value]) -> Value:
        """Apply to single values, or cell by cell."""
        return spread(operation, operands, self.charge)

    def charge(self, cells: int, weight: int = 1) -> None:
        self.work += cells * weight
        if cells > MAX_CELLS or self.work > MAX_WORK:
            raise _TooMuchWork

    def choose(self, node: Call) -> Value:
        value, _ = self.argument(node)
        return value

    def spread_choice(self, node: Call, selector: Array) -> Value:
        """IF or CHOOSE with an array to decide by: every branch is evaluated, each cell picks its own."""
        branches = [self.value(argument) for argument in node.arguments[1:]]
        if node.name == "IF" and len(branches) == 1:
            branches.append(False)

        def pick(decided: Value, *values: Value) -> Value:
            if node.name == "IF":
                return values[0 if to_boolean(decided) else 1]
            return values[choice(decided, len(values) + 1) - 1]

        return self.broadcast(pick, [selector, *branches])

    def ifs(self, node: Call) -> Value:
        for index in range(0, len(node.arguments) - 1, 2):
            condition = self.value(node.arguments[index])
            if type(condition) is Array:
                return self.spread_rest(node, index)
            holds = guarded(to_boolean, [condition])
            if type(holds) is ErrorValue:
                return holds
            if holds:
                return self.value(node.arguments[index + 1])
        return NA

    def spread_rest(self, node: Call, index: int) -> Value:
        """IFS from an array condition on: everything that is left is evaluated."""

        def pick(*values: Value) -> Value:
            for condition, value in zip(values[::2], values[1::2], strict=True):
                if to_boolean(condition):
                    return value
            raise Fault(NA)

        return self.broadcast(pick, [self.value(argument) for argument in node.arguments[index:]])

    def iferror(self, node: Call) -> Value:
        value = self.value(node.arguments[0])
        caught = is_error if node.name == "IFERROR" else is_missing
        if type(value) is Array:
            other = self.value(node.arguments[1])
            return self.broadcast(lambda one, two: two if caught(one) else one, [value, other])
        return self.value(node.arguments[1]) if caught(value) else value

    def switch(self, node: Call) -> Value:
        value = self.value(node.arguments[0])
        if type(value) is Array:
            return self.broadcast(switched, [value, *(self.value(a) for a in node.arguments[1:])])
        if type(value) is ErrorValue:
            return value
        cases = node.arguments[1:]
        for index in range(0, len(cases) - 1, 2):
            case = self.value(cases[index])
            if type(case) is Array:
                return self.broadcast(switched, [value, *(self.value(a) for a in cases[index:])])
            met = guarded(equal, [value, case])
            if type(met) is ErrorValue:
                return met
            if met:
                return self.value(cases[index + 1])
        return self.value(cases[-1]) if len(cases) % 2 else NA

    def today(self, _node: Call) -> Value:
        return self.date_serial


def _is_searched(value: Value, kind: str) -> TypeGuard[Array]:
    """A list that a function looks through as a whole, for each cell that it computes."""
    return type(value) is Array and kind not in BROADCAST_KINDS


_LAZY: Final[Mapping[str, Callable[[Interpreter, Call], Value]]] = {
    "IF": Interpreter.choose,
    "CHOOSE": Interpreter.choose,
    "IFS": Interpreter.ifs,
    "IFERROR": Interpreter.iferror,
    "IFNA": Interpreter.iferror,
    "SWITCH": Interpreter.switch,
    "TODAY": Interpreter.today,
    **dict.fromkeys(APPLIERS, call_applier),
}

_VISITORS: Final[Mapping[type, Callable[[Interpreter, Any], Value]]] = {
    Number: Interpreter.constant,
    Text: Interpreter.constant,
    Boolean: Interpreter.constant,
    ErrorLiteral: Interpreter.constant,
    ArrayLiteral: Interpreter.constant,
    Omitted: lambda _interpreter, _node: None,
    Name: Interpreter.name,
    Reference: lambda _interpreter, _node: REF,
    Unary: Interpreter.unary,
    Percent: Interpreter.percent,
    Binary: Interpreter.binary,
    Call: Interpreter.call,
    Local: Interpreter.local,
    Let: Interpreter.let,
    Invoke: Interpreter.let,
}
