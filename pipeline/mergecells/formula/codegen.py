"""Syntax tree → Python source with fast inline paths.

The source holds no text of the user's: names and constants are parameters (`k0`, `c0`), bound to each formula's own
when its function is made. So formulas of one shape (`=IF(a>=1,1,a/10)`, `=IF(b>=5,1,b/50)`) share one code object,
and only the first of them pays for Python's compiler.

Every expression has a kind:
    F a finite float · X a float that may have overflowed, to be checked before it is used for anything but + - *
    B a bool · T a text · V a single value that is no error · N a name's variable, which may hold anything
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    Name,
    Node,
    Number,
    Omitted,
    Percent,
    Text,
    Unary,
)
from mergecells.formula.registry import FUNCTIONS
from mergecells.formula.thresholds import equality_bounds
from mergecells.formula.values import fold
from mergecells.formula.wildcards import has_wildcards

MAX_DEPTH: Final = 30
"""Nesting beyond which a formula is interpreted: Python's own compiler limits nested parentheses."""

MAX_INDENT: Final = 12


class NotCompilableError(Exception):
    """The reference interpreter runs this formula."""


class Code(NamedTuple):
    source: str
    kind: str


_COMPARE: Final = {"=": "eq", "<>": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
_FLIPPED: Final = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_PYTHON: Final = {"=": "==", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_TYPES: Final = {"ISNUMBER": "type({0}) is float", "ISTEXT": "type({0}) is str", "ISBLANK": "{0} is None"}
_RESULTS: Final = {"n": "F", "t": "T", "b": "B", "v": "V"}


class Generator:
    """Generates the body of one formula's function, and collects its parameters."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.constants: list[Any] = []
        self.temporaries = 0
        self.depth = 0
        self.lines: list[str] = []

    # Parameters

    def constant(self, value: Any) -> str:
        self.constants.append(value)
        return f"c{len(self.constants) - 1}"

    def variable(self, node: Name) -> str:
        return self.keys.setdefault(node.key, f"v{len(self.keys)}")

    def temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    # Any expression

    def code(self, node: Node) -> Code:
        generate = _GENERATORS.get(type(node))
        if generate is None:
            raise NotCompilableError
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotCompilableError
        code = generate(self, node)
        self.depth -= 1
        return code

    def _number_literal(self, node: Number) -> Code:
        return Code(self.constant(node.value), "F")

    def _text_literal(self, node: Text) -> Code:
        return Code(self.constant(node.value), "T")

    def _boolean_literal(self, node: Boolean) -> Code:
        return Code(str(node.value), "B")

    def _omitted(self, _node: Omitted) -> Code:
        return Code("None", "V")

    def _name(self, node: Name) -> Code:
        return Code(self.variable(node), "N")

    # Expressions brought to a kind

    def number(self, node: Node) -> Code:
        """Kind F or X. A choice is pushed down to its branches, so that each is checked where its type is known."""
        if type(node) is Call and node.name == "IF":
            return self._choice(node, self.number)
        source, kind = self.code(node)
        if kind in "FX":
            return Code(source, kind)
        if kind == "N":
            return Code(f"({source} if type({source}) is float else num({source}))", "F")
        return Code(f"(1.0 if {source} else 0.0)" if kind == "B" else f"num({source})", "F")

    def finite(self, node: Node) -> str:
        source, kind = self.number(node)
        return f"fin({source})" if kind == "X" else source

    def condition(self, node: Node) -> str:
        source, kind = self.code(node)
        if kind == "B":
            return source
        if kind == "N":
            return f"({source} if {source} is True or {source} is False else cond({source}))"
        return f"(fin({source}) != 0.0)" if kind in "FX" else f"cond({source})"

    def text(self, node: Node) -> str:
        source, kind = self.code(node)
        if kind == "T":
            return source
        if kind == "N":
            return f"({source} if type({source}) is str else text({source}))"
        return f"text({_checked(source, kind)})"

    def scalar(self, node: Node) -> str:
        source, kind = self.code(node)
        return f"val({source})" if kind == "N" else _checked(source, kind)

    # Operators

    def _unary(self, node: Unary) -> Code:
        if node.op == "+":
            source, kind = self.code(node.operand)
            return Code(f"val({source})", "V") if kind == "N" else Code(source, kind)
        source, kind = self.number(node.operand)
        return Code(f"(-{source})", kind)

    def _percent(self, node: Percent) -> Code:
        source, kind = self.number(node.operand)
        return Code(f"({source} / 100.0)", kind)

    def _binary(self, node: Binary) -> Code:
        op = node.op
        if op in _COMPARE:
            return self._comparison(op, node.left, node.right)
        if op == "&":
            return Code(f"join({', '.join(self.text(part) for part in _joined(node))})", "T")
        if op == "^":
            return Code(f"power({self.finite(node.left)}, {self.finite(node.right)})", "F")
        if op == "/":
            return self._division(node)
        left, right = self.number(node.left), self.number(node.right)
        kind = "F" if op == "*" and _shrinks(node, left.kind, right.kind) else "X"
        return Code(f"({left.source} {op} {right.source})", kind)

    def _division(self, node: Binary) -> Code:
        left = self.number(node.left)
        divisor = node.right
        safe = left.kind == "F" and type(divisor) is Number and divisor.value >= 1.0
        return Code(f"({left.source} / {self.finite(divisor)})", "F" if safe else "X")

    def _comparison(self, op: str, left: Node, right: Node) -> Code:
        if type(left) in (Number, Text) and type(right) not in (Number, Text):
            return self._comparison(_FLIPPED[op], right, left)
        if type(right) is Number:
            return Code(self._against_number(op, left, right.value), "B")
        if type(right) is Text and op in ("=", "<>"):
            return Code(self._against_text(op, left, right.value), "B")
        one, other = self.code(left), self.code(right)
        if one.kind in "FX" and other.kind in "FX":
            return Code(f"(order({_checked(*one)}, {_checked(*other)}) {_PYTHON[op]} 0)", "B")
        return Code(f"{_COMPARE[op]}({_checked(*one)}, {_checked(*other)})", "B")

    def _against_number(self, op: str, left: Node, value: float) -> str:
        source, kind = self.code(left)
        if kind not in "FXN":
            return f"{_COMPARE[op]}({source}, {self.constant(value)})"
        test = self._within(op, _checked(source, kind), value)
        if kind != "N":
            return f"({test})"
        return f"({test} if type({source}) is float else {_COMPARE[op]}({source}, {self.constant(value)}))"

    def _within(self, op: str, source: str, value: float) -> str:
        """Equality in 15 digits as plain comparisons with the outermost floats that count as equal."""
        low, high = equality_bounds(value)
        if op in ("=", "<>"):
            test = f"{self.constant(low)} <= {source} <= {self.constant(high)}"
            return test if op == "=" else f"not {test}"
        return f"{source} {_PYTHON[op]} {self.constant(low if op in ('<', '>=') else high)}"

    def _against_text(self, op: str, left: Node, value: str) -> str:
        source, kind = self.code(left)
        negation = "not " if op == "<>" else ""
        if kind == "T":
            return f"({negation}{source}.lower() == {self.constant(fold(value))})"
        if kind == "N":
            wanted = self.constant(fold(value))
            test = f"({source}.lower() == {wanted} if type({source}) is str else eqt({source}, {wanted}))"
            return f"({negation}{test})"
        return f"{_COMPARE[op]}({_checked(source, kind)}, {self.constant(value)})"

    # Functions

    def _call(self, node: Call) -> Code:
        special = _SPECIAL.get(node.name)
        if special is not None:
            return special(self, node)
        spec = FUNCTIONS.get(node.name)
        if spec is None or spec.implementation is None:
            raise NotCompilableError
        arguments = [self._argument(spec.kind_of(index), part) for index, part in enumerate(node.arguments)]
        source = f"f_{node.name.replace('.', '_')}({', '.join(arguments)})"
        return Code(f"val({source})" if spec.result == "v" else source, _RESULTS[spec.result])

    def _argument(self, kind: str, node: Node) -> str:
        return _ARGUMENTS[kind](self, node)

    def _whole(self, node: Node) -> str:
        if type(node) is Name:
            return f"({self.variable(node)}, True)"
        if type(node) is ArrayLiteral:
            return self.constant((node.value, False))
        _refuse_held(node)
        return f"({self._caught(node)}, False)"

    def _value_or_error(self, node: Node) -> str:
        return f"single({self.variable(node)})" if type(node) is Name else self._caught(node)

    def _caught(self, node: Node) -> str:
        if type(node) in (Number, Text, Boolean, Omitted):
            return self.code(node).source
        return f"caught(lambda: {self.scalar(node)})"

    def _numbers(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"numbers({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"numbers({self.variable(node)}, True)"
        _refuse_held(node)
        return f"({self.finite(node)},)"

    def _booleans(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"booleans({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"booleans({self.variable(node)}, True)"
        _refuse_held(node)
        return f"({self.condition(node)},)"

    def _texts(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"texts({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"texts({self.variable(node)}, True)"
        return f"({self.text(node)},)"

    # Functions with code of their own

    def _if(self, node: Call) -> Code:
        return self._choice(node, lambda branch: Code(*self._plain(branch)))

    def _plain(self, node: Node) -> Code:
        source, kind = self.code(node)
        return Code(f"val({source})", "V") if kind == "N" else Code(source, kind)

    def _choice(self, node: Call, generate: Callable[[Node], Code]) -> Code:
        condition = self.condition(node.arguments[0])
        then = generate(node.arguments[1])
        other = generate(node.arguments[2] if len(node.arguments) > 2 else Boolean(False, 0, 0))
        return _either([(condition, then)], other)

    def _ifs(self, node: Call) -> Code:
        branches, otherwise = [], Code("missing()", "")
        for condition, value in zip(node.arguments[::2], node.arguments[1::2], strict=True):
            if type(condition) is Boolean and condition.value:
                otherwise = self._plain(value)
                break
            branches.append((self.condition(condition), self._plain(value)))
        return _either(branches, otherwise)

    def _switch(self, node: Call) -> Code:
        value, *rest = node.arguments
        if not all(type(case) is Text for case in rest[: len(rest) // 2 * 2 : 2]):
            return self._switch_any(node)
        name = self.temporary()
        subject = f"({name} := folded({_checked(*self.code(value))}))"
        branches = []
        for case, result in zip(rest[::2], rest[1::2], strict=False):
            branches.append((f"{subject} == {self.constant(fold(case.value))}", self._plain(result)))  # type: ignore[union-attr, arg-type]
            subject = name
        return _either(branches, self._plain(rest[-1]) if len(rest) % 2 else Code("missing()", ""))

    def _switch_any(self, node: Call) -> Code:
        value, *rest = node.arguments
        name = self.temporary()
        subject = f"({name} := {self.scalar(value)})"
        branches = []
        for case, result in zip(rest[::2], rest[1::2], strict=False):
            branches.append((f"eq({subject}, {self.scalar(case)})", self._plain(result)))
            subject = name
        return _either(branches, self._plain(rest[-1]) if len(rest) % 2 else Code("missing()", ""))

    def _choose(self, node: Call) -> Code:
        name = self.temporary()
        values = node.arguments[1:]
        subject = f"({name} := position({self.finite(node.arguments[0])}, {len(values)}))"
        branches = []
        for index, value in enumerate(values, 1):
            branches.append((f"{subject} == {index}", self._plain(value)))
            subject = name
        return _either(branches, Code("missing()", ""))

    def _iferror(self, node: Call) -> Code:
        value, otherwise = self._plain(node.arguments[0]), self._plain(node.arguments[1])
        kind = value.kind if value.kind == otherwise.kind and value.kind in "BT" else "V"
        if value.kind in "FX" and otherwise.kind in "FX":
            kind = "F"
        function = "if_error" if node.name == "IFERROR" else "if_missing"
        return Code(f"{function}(lambda: {_checked(*value)}, lambda: {_checked(*otherwise)})", kind)

    def _and_or(self, node: Call) -> Code:
        operator = " & " if node.name == "AND" else " | "
        return Code(f"({operator.join(self._held_condition(part) for part in node.arguments)})", "B")

    def _held_condition(self, node: Node) -> str:
        if type(node) is Name:
            name = self.variable(node)
            return f"({name} if {name} is True or {name} is False else held({name}))"
        _refuse_held(node)
        return self.condition(node)

    def _not(self, node: Call) -> Code:
        return Code(f"(not {self.condition(node.arguments[0])})", "B")

    def _sum(self, node: Call) -> Code:
        parts = [self._aggregated(part, "summand") for part in node.arguments]
        return Code(f"({' + '.join(part.source for part in parts)})", parts[0].kind if len(parts) == 1 else "X")

    def _aggregated(self, node: Node, otherwise: str) -> Code:
        """An argument of SUM, MAX or MIN: a name that holds no number does not count."""
        if type(node) is Name:
            name = self.variable(node)
            return Code(f"({name} if type({name}) is float else {otherwise}({name}))", "F")
        if type(node) is Call and node.name == "IF" and _holds(node):
            return self._choice(node, lambda branch: self._aggregated(branch, otherwise))
        _refuse_held(node)
        return self.number(node)

    def _extreme(self, node: Call) -> Code:
        """MAX and MIN, two by two."""
        otherwise, operator = ("or_least", ">=") if node.name == "MAX" else ("or_most", "<=")
        parts = [_checked(*self._aggregated(part, otherwise)) for part in node.arguments]
        source = parts[0]
        for part in parts[1:]:
            one, other = self.temporary(), self.temporary()
            source = f"({one} if ({one} := {source}) {operator} ({other} := {part}) else {other})"
        unsure = all(_holds(part) for part in node.arguments)
        return Code(f"or_zero({source})" if unsure else source, "F")

    def _abs(self, node: Call) -> Code:
        source, kind = self.number(node.arguments[0])
        return Code(f"abs({source})", kind)

    def _len(self, node: Call) -> Code:
        return Code(f"float(len({self.text(node.arguments[0])}))", "F")

    def _int(self, node: Call) -> Code:
        return Code(f"float(floor({self.finite(node.arguments[0])}))", "F")

    def _type_test(self, node: Call) -> Code:
        argument = node.arguments[0]
        if node.name == "ISNUMBER" and type(argument) is Call and argument.name in ("SEARCH", "FIND"):
            return self._contains(argument)
        if type(argument) is not Name:
            return Code(f"f_{node.name}({self._caught(argument)})", "B")
        name = self.variable(argument)
        return Code(f"({_TYPES[node.name].format(name)} or (type({name}) is Array and needs()))", "B")

    def _contains(self, search: Call) -> Code:
        """`ISNUMBER(SEARCH("word",text))` is how a sheet asks whether a text contains a word."""
        wanted, *rest = search.arguments
        if type(wanted) is not Text or len(rest) != 1 or "~" in wanted.value or has_wildcards(wanted.value):
            return Code(f"f_ISNUMBER({self._caught(search)})", "B")
        if search.name == "FIND":
            return Code(f"({self.constant(wanted.value)} in {self.text(rest[0])})", "B")
        return Code(f"({self.constant(fold(wanted.value))} in {self.text(rest[0])}.lower())", "B")

    def _today(self, _node: Call) -> Code:
        return Code("D", "F")


def _checked(source: str, kind: str) -> str:
    """An expression that cannot be an overflow any more."""
    return f"fin({source})" if kind == "X" else source


def _shrinks(node: Binary, left: str, right: str) -> bool:
    """Whether a product cannot overflow: one factor is a constant of at most 1, the other finite."""
    constants = (node.left, right), (node.right, left)
    return any(type(one) is Number and one.value <= 1.0 and other == "F" for one, other in constants)


def _joined(node: Node) -> list[Node]:
    """The operands of a chain of `&`, from left to right."""
    parts: list[Node] = []
    while type(node) is Binary and node.op == "&":
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _holds(node: Node) -> bool:
    """Whether an argument may be a reference: a name, or a choice that may pick one."""
    if type(node) is Name:
        return True
    return type(node) is Call and node.name in ("IF", "CHOOSE") and any(_holds(part) for part in node.arguments[1:])


def _refuse_held(node: Node) -> None:
    if type(node) is not Name and _holds(node):
        raise NotCompilableError


def _either(branches: list[tuple[str, Code]], otherwise: Code) -> Code:
    """A chain of conditional expressions; its kind is what all branches have in common."""
    kinds = {code.kind for _, code in branches} | {otherwise.kind} - {""}
    numeric = kinds <= {"F", "X"}
    kind = min(kinds, key="XF".find) if numeric else kinds.pop() if len(kinds) == 1 else "V"
    every = [(condition, _checked(*code) if kind == "V" else code.source) for condition, code in branches]
    last = _checked(*otherwise) if kind == "V" else otherwise.source
    return Code("(" + "".join(f"{value} if {condition} else " for condition, value in every) + last + ")", kind)


_GENERATORS: Final[Mapping[type, Callable[[Generator, Any], Code]]] = {
    Number: Generator._number_literal,
    Text: Generator._text_literal,
    Boolean: Generator._boolean_literal,
    Omitted: Generator._omitted,
    Name: Generator._name,
    Unary: Generator._unary,
    Percent: Generator._percent,
    Binary: Generator._binary,
    Call: Generator._call,
}

_ARGUMENTS: Final[Mapping[str, Callable[[Generator, Node], str]]] = {
    "n": Generator.finite,
    "t": Generator.text,
    "b": Generator.condition,
    "v": Generator.scalar,
    "e": Generator._value_or_error,
    "N": Generator._numbers,
    "B": Generator._booleans,
    "T": Generator._texts,
    "r": Generator._whole,
}

_SPECIAL: Final[Mapping[str, Callable[[Generator, Call], Code]]] = {
    "IF": Generator._if,
    "IFS": Generator._ifs,
    "SWITCH": Generator._switch,
    "CHOOSE": Generator._choose,
    "IFERROR": Generator._iferror,
    "IFNA": Generator._iferror,
    "AND": Generator._and_or,
    "OR": Generator._and_or,
    "NOT": Generator._not,
    "SUM": Generator._sum,
    "MAX": Generator._extreme,
    "MIN": Generator._extreme,
    "ABS": Generator._abs,
    "LEN": Generator._len,
    "INT": Generator._int,
    "ISBLANK": Generator._type_test,
    "ISNUMBER": Generator._type_test,
    "ISTEXT": Generator._type_test,
    "TODAY": Generator._today,
}
