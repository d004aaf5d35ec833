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
from typing import Any, Final, TypeAlias

from mergecells.formula.codegen_comparison import COMPARE, comparison
from mergecells.formula.codegen_parts import (
    Code,
    NotCompilableError,
    checked,
    either,
    joined,
    refuse_held,
    shrinks,
    spread_names,
)
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Binding,
    Boolean,
    Call,
    Let,
    Local,
    Name,
    Node,
    Number,
    Omitted,
    Percent,
    Text,
    Unary,
)
from mergecells.formula.registry import spec_of

MAX_DEPTH: Final = 30
"""Nesting beyond which a formula is interpreted: Python's own compiler limits nested parentheses."""

MAX_INDENT: Final = 12


CallWriter: TypeAlias = "Callable[[Generator, Call], Code]"

_PLAIN: Final = frozenset((Number, Text, Boolean, Omitted))
_RESULTS: Final = {"n": "F", "t": "T", "b": "B", "v": "V"}


class Generator:
    """Writes the expressions of one formula's function, and collects its parameters."""

    def __init__(self, special_calls: Mapping[str, CallWriter]) -> None:
        self.special_calls = special_calls
        self.keys: dict[str, str] = {}
        self.constants: list[Any] = []
        self.temporaries = 0
        self.locals: dict[int, Code] = {}
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

    def _local(self, node: Local) -> Code:
        return self.locals[node.slot]

    def bound(self, binding: Binding) -> tuple[str, str]:
        """A variable of the generated function and the expression that it holds."""
        refuse_held(binding.value)
        source, kind = self.plain(binding.value)
        variable = self.temporary()
        self.locals[binding.name.slot] = Code(variable, "F" if kind == "X" else kind)
        return variable, checked(source, kind)

    def _let(self, node: Let) -> Code:
        parts = [f"({variable} := {source})" for variable, source in map(self.bound, node.bindings)]
        source, kind = self.plain(node.body)
        return Code(f"({', '.join(parts)}, {source})[-1]", kind)

    # Expressions brought to a kind

    def number(self, node: Node) -> Code:
        """Kind F or X. A choice is pushed down to its branches, so that each is checked where its type is known."""
        if type(node) is Call and node.name == "IF":
            return self.choice(node, self.number)
        source, kind = self.code(node)
        if kind in "FX":
            return Code(source, kind)
        if kind == "N":
            return Code(f"({source} if type({source}) is float else num({source}))", "F")
        return Code(f"(1.0 if {source} else 0.0)" if kind == "B" else f"num({source})", "F")

    def counted(self, node: Node) -> Code:
        """Kind F or X, for an aggregate that passes over blanks."""
        if type(node) is Call and node.name == "IF":
            return self.choice(node, self.counted)
        source, kind = self.code(node)
        return Code(f"counted({source})", "F") if kind == "V" else self.number(node)

    def finite(self, node: Node) -> str:
        return self.sure(self.number(node))

    def sure(self, code: Code) -> str:
        """As `checked`; the test is inline, because a call takes longer than most of what it would be asked about."""
        if code.kind != "X":
            return code.source
        name = self.temporary()
        return f"({name} if ({name} := {code.source}) - {name} == 0.0 else fin({name}))"

    def condition(self, node: Node) -> str:
        source, kind = self.code(node)
        if kind == "B":
            return source
        if kind == "N":
            return f"({source} if {source} is True or {source} is False else cond({source}))"
        return f"({self.sure(Code(source, kind))} != 0.0)" if kind in "FX" else f"cond({source})"

    def counted_condition(self, node: Node) -> str:
        """A condition among others, which pass over blanks."""
        source, kind = self.code(node)
        return f"counted_condition({source})" if kind == "V" and type(node) is not Omitted else self.condition(node)

    def text(self, node: Node) -> str:
        source, kind = self.code(node)
        if kind == "T":
            return source
        if kind == "N":
            return f"({source} if type({source}) is str else text({source}))"
        return f"text({checked(source, kind)})"

    def scalar(self, node: Node) -> str:
        source, kind = self.code(node)
        return f"val({source})" if kind == "N" else checked(source, kind)

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
        if op in COMPARE:
            return comparison(self, op, node.left, node.right)
        if op == "&":
            return Code(f"join({', '.join(self.text(part) for part in joined(node))})", "T")
        if op == "^":
            return Code(f"power({self.finite(node.left)}, {self.finite(node.right)})", "F")
        if op == "/":
            return self._division(node)
        left, right = self.number(node.left), self.number(node.right)
        kind = "F" if op == "*" and shrinks(node, left.kind, right.kind) else "X"
        return Code(f"({left.source} {op} {right.source})", kind)

    def _division(self, node: Binary) -> Code:
        left = self.number(node.left)
        divisor = node.right
        safe = left.kind == "F" and type(divisor) is Number and divisor.value >= 1.0
        return Code(f"({left.source} / {self.finite(divisor)})", "F" if safe else "X")

    # Functions

    def _call(self, node: Call) -> Code:
        special = self.special_calls.get(node.name)
        if special is not None:
            return special(self, node)
        return self.plain_call(node)

    def plain_call(self, node: Call) -> Code:
        """A call of the function's implementation, each argument brought to its kind."""
        spec = spec_of(node.name)
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
        refuse_held(node)
        return f"({self.code(node).source}, False)" if type(node) in _PLAIN else f"whole({self.caught(node)})"

    def _value_or_error(self, node: Node) -> str:
        return f"single({self.variable(node)})" if type(node) is Name else self.caught(node)

    def caught(self, node: Node) -> str:
        if type(node) in _PLAIN:
            return self.code(node).source
        return f"caught(lambda: {self.scalar(node)}{self.spread(node)})"

    def spread(self, *nodes: Node) -> str:
        """The names that may make arrays of the expressions, as further arguments."""
        return "".join(f", {self.variable(name)}" for name in spread_names(*nodes))

    def _numbers(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"numbers({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"numbers({self.variable(node)}, True)"
        refuse_held(node)
        return f"({checked(*self.counted(node)) if type(node) is not Omitted else '0.0'},)"

    def _booleans(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"booleans({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"booleans({self.variable(node)}, True)"
        refuse_held(node)
        return f"({self.counted_condition(node)},)"

    def _texts(self, node: Node) -> str:
        if type(node) is ArrayLiteral:
            return f"texts({self.constant(node.value)}, True)"
        if type(node) is Name:
            return f"texts({self.variable(node)}, True)"
        return f"({self.text(node)},)"

    def plain(self, node: Node) -> Code:
        source, kind = self.code(node)
        return Code(f"val({source})", "V") if kind == "N" else Code(source, kind)

    def choice(self, node: Call, generate: Callable[[Node], Code]) -> Code:
        condition = self.condition(node.arguments[0])
        then = generate(node.arguments[1])
        other = generate(node.arguments[2] if len(node.arguments) > 2 else Boolean(False, 0, 0))
        return either([(condition, then)], other)


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
    Local: Generator._local,
    Let: Generator._let,
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
