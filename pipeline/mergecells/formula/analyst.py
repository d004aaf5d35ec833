"""What a formula may give, from what its names may hold, and which parts of it can never matter.

An abstract interpretation over the syntax tree: each node is given a description of all values that it may have
(`abstract`), and inside a branch what its condition says about names, and about expressions that occur again, is put to
use. For the semantics of `docs/formulas.md` the description is complete; what is not known in detail is anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from mergecells.formula import abstract_calls as calls
from mergecells.formula.abstract import (
    A_BLANK,
    A_BOOLEAN,
    ANY,
    ANYTHING,
    ARRAY,
    BLANK,
    ERROR,
    ERRORS,
    FALSE,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    constant,
    finished,
    join,
)
from mergecells.formula.abstract_comparison import (
    ALLOWED,
    compared,
)
from mergecells.formula.choosing import CHOICES, Choices
from mergecells.formula.conditions import BINDERS, TESTS, Environment
from mergecells.formula.intervals import arithmetic, as_number, negated, percent
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    ErrorLiteral,
    Formula,
    Name,
    Node,
    Number,
    Omitted,
    Percent,
    Text,
    Unary,
)
from mergecells.formula.registry import FUNCTIONS
from mergecells.formula.type_mix import mixed_argument, mixed_arithmetic, mixed_comparison

MAX_STEPS: Final = 30_000
"""Nodes looked at for one formula; beyond it, it may give anything and nothing is said about it."""


class Remark(NamedTuple):
    """Something a reviewer would want to know: `position` is a character of the formula's text, from 0."""

    kind: Literal["dead-branch", "type-mix"]
    position: int
    end: int
    message: str
    hint: str


class Analysis(NamedTuple):
    """`value` describes what the formula may give, blank already turned to 0."""

    value: Abstract
    remarks: tuple[Remark, ...] = ()


def analyse(formula: Formula, names: Mapping[str, Abstract], types: Mapping[str, str]) -> Analysis:
    """What `formula` may give when its names (lower case) hold what `names` says; one that is missing may be anything.

    `types` has the names that are fields of the lead with their types: only of these a test such as ISTEXT may say
    what their type does not promise, because a lead may come with a wrong value.
    """
    analyst = Analyst(names, types)
    try:
        if formula.snaps and type(formula.root) is Binary:
            value = analyst.last_sum(formula.root)
        else:
            value = analyst.value(formula.root, analyst.root)
    except _TooManyStepsError:
        return Analysis(ANYTHING._replace(kinds=ANY & ~BLANK))
    return Analysis(finished(value), tuple(analyst.told()))


class _TooManyStepsError(Exception):
    pass


class Analyst(Choices):
    """Looks through one formula."""

    def __init__(self, names: Mapping[str, Abstract], types: Mapping[str, str]) -> None:
        super().__init__(types)
        self.names = names
        self._remarks: dict[tuple[str, int, int], Remark] = {}
        self._memo: dict[tuple[int, int], Abstract] = {}
        self._steps = 0

    def told(self) -> Iterator[Remark]:
        """The remarks; a branch that is dead because types are mixed is told as the latter only."""
        mixed = [each for each in self._remarks.values() if each.kind == "type-mix"]
        for remark in self._remarks.values():
            inside = any(remark.position <= each.position and each.end <= remark.end for each in mixed)
            if remark.kind == "type-mix" or not inside:
                yield remark

    def remark(self, kind: Literal["dead-branch", "type-mix"], node: Node, message: str, hint: str) -> None:
        if not self._quiet:
            self._remarks.setdefault((kind, node.start, node.end), Remark(kind, node.start, node.end, message, hint))

    def value(self, node: Node, env: Environment) -> Abstract:
        """All that `node` may give."""
        kind = type(node)
        if kind is Name:
            return env.facts.get(node.key) or self.names.get(node.key, ANYTHING)  # type: ignore[union-attr]
        if kind is Number:
            return Abstract(NUMBER, node.value, node.value)  # type: ignore[union-attr, arg-type]
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise _TooManyStepsError
        visitor = _VISITORS.get(kind)
        if visitor is None:
            return ANYTHING
        key = (id(node), id(env))
        found = self._memo.get(key)
        if found is None:
            found = env.facts.get(self.shape(node)) if env.shapes else None
            if found is None:
                found = visitor(self, node, env)
            self._memo[key] = found
        return found

    def last_sum(self, node: Binary) -> Abstract:
        """The last addition or subtraction, which is 0 where it cancels all 15 digits."""
        left, right = self.value(node.left, self.root), self.value(node.right, self.root)
        self._check_arithmetic(node, left, right)
        result = arithmetic(node.op, left, right)
        if not result.kinds & NUMBER or result.low <= 0.0 <= result.high:
            return result
        size = max(abs(as_number(left).low), abs(as_number(left).high))
        nearest = min(abs(result.low), abs(result.high))
        return result if nearest > 1e-13 * size else join(result, constant(0.0))

    def binary(self, node: Binary, env: Environment) -> Abstract:
        """Follows a chain of left operands in a loop: `a+b+c+…` may be thousands long."""
        chain: list[Binary] = []
        first: Node = node
        while type(first) is Binary:
            chain.append(first)
            first = first.left
        result = self.value(first, env)
        for step in reversed(chain):
            result = self._operation(step, result, self.value(step.right, env))
        return result

    def _operation(self, node: Binary, left: Abstract, right: Abstract) -> Abstract:
        self._steps += 1
        op = node.op
        if op in ALLOWED:
            if (left.kinds | right.kinds) & ARRAY:
                return ANYTHING
            self.check_comparison(node, node.left, left, node.right, right, op)
            return compared(op, left, right)
        if op == "&":
            return (
                ANYTHING
                if (left.kinds | right.kinds) & ARRAY
                else Abstract(TEXT | ERROR | (left.kinds | right.kinds) & ERRORS)
            )
        self._check_arithmetic(node, left, right)
        return arithmetic(op, left, right)

    def unary(self, node: Unary, env: Environment) -> Abstract:
        operand = self.value(node.operand, env)
        return operand if node.op == "+" else negated(operand)

    def percent(self, node: Percent, env: Environment) -> Abstract:
        return percent(self.value(node.operand, env))

    def call(self, node: Call, env: Environment) -> Abstract:
        name = node.name
        chosen = CHOICES.get(name)
        if chosen is not None:
            return chosen(self, node, env)
        spec = FUNCTIONS.get(name)
        if spec is None or name in BINDERS:
            return ANYTHING
        values = [self.value(argument, env) for argument in node.arguments]
        self._check_arguments(node, values)
        if name in TESTS:
            return self._test(node, values[0])
        return calls.result_of(spec, node.arguments, values)

    def _test(self, node: Call, value: Abstract) -> Abstract:
        """A test of the kind; of a field only blankness is sure, because a lead may hold a value of a wrong type."""
        operand = node.arguments[0]
        if value.kinds & ARRAY:
            return ANYTHING
        if node.name != "ISBLANK" and type(operand) is Name and operand.key in self.types:
            return A_BOOLEAN
        mask = TESTS[node.name]
        return Abstract((TRUE if value.kinds & mask else 0) | (FALSE if value.kinds & ~mask else 0))

    # What is told.

    def tell_dead(self, node: Node, message: str) -> None:
        hint = "Check its limits and the order of the conditions, or remove what is never used."
        self.remark("dead-branch", node, message, hint)

    def check_comparison(self, place: Node, left: Node, value: Abstract, right: Node, other: Abstract, op: str) -> None:
        if self._quiet or not self.types:
            return
        told = mixed_comparison(op, left, value, right, other, self.types)
        if told:
            self.remark("type-mix", place, *told)

    def _check_arithmetic(self, node: Binary, left: Abstract, right: Abstract) -> None:
        if self._quiet or not self.types:
            return
        for operand, value, other in ((node.left, left, node.right), (node.right, right, node.left)):
            told = mixed_arithmetic(node.op, operand, value, other, self.types)
            if told:
                self.remark("type-mix", operand, *told)

    def _check_arguments(self, node: Call, values: list[Abstract]) -> None:
        if self._quiet or not self.types:
            return
        spec = FUNCTIONS[node.name]
        for index, (argument, value) in enumerate(zip(node.arguments, values, strict=True)):
            told = type(argument) is Name and mixed_argument(spec, index, argument, value, self.types)
            if told:
                self.remark("type-mix", argument, *told)


_VISITORS: Final[Mapping[type, Callable[[Analyst, Any, Environment], Abstract]]] = {
    Text: lambda _analyst, node, _env: constant(node.value),
    Boolean: lambda _analyst, node, _env: constant(node.value),
    ErrorLiteral: lambda _analyst, node, _env: constant(node.value),
    ArrayLiteral: lambda _analyst, node, _env: constant(node.value),
    Omitted: lambda _analyst, _node, _env: A_BLANK,
    Unary: Analyst.unary,
    Percent: Analyst.percent,
    Binary: Analyst.binary,
    Call: Analyst.call,
}
