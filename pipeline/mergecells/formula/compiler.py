"""Formula → Python function. What the generated code does not handle inline, the reference interpreter answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import FunctionType
from typing import Any, Final, TypeAlias, cast

from mergecells.formula.codegen import MAX_INDENT, Generator
from mergecells.formula.codegen_calls import SPECIAL_CALLS
from mergecells.formula.codegen_let import without_calls
from mergecells.formula.codegen_parts import Code, NotCompilableError
from mergecells.formula.nodes import Binary, Boolean, Call, Formula, Let, Name, Node
from mergecells.formula.reference import evaluate_at
from mergecells.formula.remembered import Memory
from mergecells.formula.runtime import GLOBALS
from mergecells.formula.values import Value

Compiled: TypeAlias = Callable[[Mapping[str, Value], float], Value]

MAX_COMPILED_LENGTH: Final = 2_000
"""Longer formulas are interpreted: Python's compiler would hold every thread for as long as it takes."""

_memory: Memory[Compiled] = Memory(32_768)


def compile_formula(formula: Formula) -> Compiled:
    """A function of (values by lower-case name, date serial), remembered by the formula's text and dialect.

    Its result is that of `reference.evaluate_at` for every input. Values are those of the language (`to_value`).
    """
    if not formula.text:
        raise ValueError("a part of a formula has no text to be remembered by: use compile_node")
    key = (formula.text, formula.dialect)
    return _memory.find(key) or _memory.keep(key, _compile(formula))


def compile_node(node: Node) -> Compiled:
    """A part of a formula by itself, not remembered. A blank result is 0, as that of a whole formula."""
    return _compile(Formula("", node, snaps=False))


def interpreted(formula: Formula) -> Compiled:
    """The same interface without generated code."""
    return lambda names, date_serial: evaluate_at(formula, names, date_serial)


def source_of(formula: Formula) -> str | None:
    """The generated source, for tests and for the curious; None when the formula is interpreted."""
    try:
        return _generate(formula)[0]
    except NotCompilableError:
        return None


def _compile(formula: Formula) -> Compiled:
    if len(formula.text) > MAX_COMPILED_LENGTH:
        return interpreted(formula)
    try:
        source, defaults = _generate(formula)
        code = _template(source).__code__
    except (NotCompilableError, SyntaxError, RecursionError):
        # Python's own compiler has limits on nesting (200 parentheses); what exceeds them is interpreted.
        return interpreted(formula)
    return cast(Compiled, FunctionType(code, GLOBALS, "formula", (interpreted(formula), *defaults)))


@lru_cache(maxsize=2_048)
def _template(source: str) -> FunctionType:
    """One code object per shape of formula. The source is ours alone: it names parameters, never a user's text."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<formula>", "exec"), GLOBALS, scope)  # noqa: S102
    return cast(FunctionType, scope["formula"])


def _generate(formula: Formula) -> tuple[str, tuple[Any, ...]]:
    """Source, and the values of its parameters after N (names), D (date) and S (the slow way)."""
    generator = Generator(SPECIAL_CALLS)
    root = without_calls(formula) if _may_define(formula.text) else formula.root
    if formula.snaps:
        _return_sum(generator, cast(Binary, root))
    else:
        _return(generator, root, 0)
    keys, constants = generator.keys, generator.constants
    parameters = [f"k{i}" for i in range(len(keys))] + [f"c{i}" for i in range(len(constants))]
    head = f"def formula(N, D, S{''.join(f', {parameter}' for parameter in parameters)}):\n try:\n"
    loads = "".join(f"  {variable} = N[k{i}]\n" for i, variable in enumerate(keys.values()))
    source = f"{head}{loads}{''.join(generator.lines)} except FALLBACK:\n  return S(N, D)\n"
    return source, (*keys, *constants)


def _may_define(text: str) -> bool:
    """Whether LET or LAMBDA may be in it, without a walk through the tree: nearly no formula has them."""
    lowered = text.lower()
    return "let" in lowered or "lambda" in lowered


def _emit(generator: Generator, indent: int, line: str) -> None:
    generator.lines.append(f"{' ' * (indent + 2)}{line}\n")


def _return(generator: Generator, node: Node, indent: int) -> None:
    """Statements that return the value of `node`. A chain of IFs needs no nesting: what is true returns at once."""
    while type(node) in (Call, Let) and indent < MAX_INDENT:
        if type(node) is Let:
            for binding in node.bindings:
                _emit(generator, indent, " = ".join(generator.bound(binding)))
            node = node.body
            continue
        assert type(node) is Call
        if node.name == "IF":
            _return_when(generator, node.arguments[0], node.arguments[1], indent)
            node = node.arguments[2] if len(node.arguments) > 2 else Boolean(False, 0, 0)
        elif node.name == "IFS":
            for condition, value in zip(node.arguments[::2], node.arguments[1::2], strict=True):
                _return_when(generator, condition, value, indent)
            return _emit(generator, indent, "missing()")
        elif node.name == "IFERROR":
            _emit(generator, indent, "try:")
            _return(generator, node.arguments[0], indent + 1)
            _emit(generator, indent, "except CAUGHT:")
            names = generator.spread(node.arguments[0])
            _emit(generator, indent + 1, f"no_array(({names[2:]},))" if names else "pass")
            node = node.arguments[1]
        else:
            break
    return _emit(generator, indent, _returned(generator.code(node), type(node) is Name))


def _return_when(generator: Generator, condition: Node, value: Node, indent: int) -> None:
    if type(condition) is Boolean and condition.value:
        return _return(generator, value, indent)
    _emit(generator, indent, f"if {generator.condition(condition)}:")
    return _return(generator, value, indent + 1)


def _returned(code: Code, is_name: bool) -> str:
    source, kind = code
    if is_name:
        return f"return {source} if type({source}) is float else done(val({source}))"
    if kind == "X":
        return f"r = {source}; return r if r - r == 0.0 else fin(r)"
    return f"return done({source})" if kind == "V" else f"return {source}"


def _return_sum(generator: Generator, node: Binary) -> None:
    left, right = generator.finite(node.left), generator.finite(node.right)
    _emit(generator, 0, f"a = {left}; b = {right}; r = a {node.op} b")
    _emit(generator, 0, f"if abs(r) <= 1e-13 * abs(a): r = snapped('{node.op}', a, b, r)")
    _emit(generator, 0, "return r if r - r == 0.0 else fin(r)")
