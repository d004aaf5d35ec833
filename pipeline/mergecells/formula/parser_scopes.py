"""LET and LAMBDA: reading them, and which of their names is meant where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mergecells.formula.bounds import Size, measure
from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.nodes import Binding, Call, Invoke, Lambda, Let, Local, Node
from mergecells.formula.registry import FUNCTIONS, name_in
from mergecells.formula.tokens import Token

if TYPE_CHECKING:
    from mergecells.formula.parser import Parser

APPLIERS: Final = {"MAP": None, "REDUCE": 2, "SCAN": 2, "BYROW": 1, "BYCOL": 1, "MAKEARRAY": 2}
"""Functions whose last argument is a LAMBDA → how many parameters it has; None for one for each list."""

_PARAMETER_PREFIX: Final = "_xlpm."
_NO_VALUE: Final = "Call it, name it with LET, or give it to MAP, REDUCE, SCAN, BYROW, BYCOL or MAKEARRAY as the last."


class Known(NamedTuple):
    """A local name in scope; `parameters` is None for a value."""

    slot: int
    parameters: int | None = None


class Scopes:
    """Which local names are known at a place."""

    def __init__(self) -> None:
        self.slots = 0
        self.known: dict[str, Known] = {}
        self.sizes: dict[int, Size] = {}
        self.defining: list[str] = []

    def new(self, token: Token, parameters: int | None = None) -> Local:
        local = Local(without_prefix(token.text), self.slots, token.start, token.end)
        self.known = {**self.known, local.text.lower(): Known(self.slots, parameters)}
        self.slots += 1
        return local

    def find(self, text: str) -> Known | None:
        return self.known.get(without_prefix(text).lower()) if self.known else None


def without_prefix(text: str) -> str:
    """`_xlpm.x`, as Excel's files have it, is x."""
    return text[len(_PARAMETER_PREFIX) :] if text.lower().startswith(_PARAMETER_PREFIX) else text


def read_let(parser: Parser, token: Token) -> Node:
    """After the word LET; the parser stands at its parenthesis."""
    scopes, outer = parser.scopes, parser.scopes.known
    opening = parser.open_call()
    bindings: list[Binding] = []
    names: set[str] = set()
    while _is_definition(parser):
        name = parser.take()
        _check_new(name, names, "LET")
        parser.take()
        scopes.defining.append(without_prefix(name.text).lower())
        value = parser.expression(0, may_be_function=True)
        scopes.defining.pop()
        local = scopes.new(name, len(value.parameters) if type(value) is Lambda else None)
        if type(value) is Lambda:
            scopes.sizes[local.slot] = Size(value.steps, value.depth)
        bindings.append(Binding(local, value))
        parser.comma("LET ends with a result after its names and values: LET(name,value,result).")
    if not bindings:
        raise FormulaSyntaxError("LET without a name", parser.tokens[parser.at].start, "Write LET(name,value,result).")
    body = parser.expression(0)
    end = parser.close_call(opening)
    scopes.known = outer
    return Let(tuple(bindings), body, token.start, end, token.end)


def read_lambda(parser: Parser, token: Token) -> Lambda:
    """After the word LAMBDA."""
    scopes, outer = parser.scopes, parser.scopes.known
    opening = parser.open_call()
    parameters: list[Local] = []
    names: set[str] = set()
    while _is_definition(parser):
        name = parser.take()
        _check_new(name, names, "LAMBDA")
        parser.take()
        parameters.append(scopes.new(name))
    body = parser.expression(0)
    end = parser.close_call(opening)
    size = measure(body, scopes.sizes)
    scopes.known = outer
    return Lambda(tuple(parameters), body, token.start, end, token.end, *size)


def read_invoke(parser: Parser, target: Local | Lambda, expected: int) -> Invoke:
    """The arguments of a call of a LAMBDA; the parser stands at the parenthesis."""
    opening = parser.open_call()
    arguments = parser.arguments()
    end = parser.close_call(opening)
    if len(arguments) != expected:
        raise FormulaSyntaxError(
            f"A LAMBDA of {expected} parameters with {len(arguments)} arguments",
            target.start,
            "Give one argument for each parameter.",
        )
    return Invoke(target, arguments, target.start, end)


def local_call(parser: Parser, token: Token, known: Known) -> Invoke:
    """A call of what may be a LAMBDA's name."""
    if known.parameters is None:
        raise FormulaSyntaxError(
            f"{token.text} is a value and cannot be called", token.start, "Name a LAMBDA with LET."
        )
    return read_invoke(parser, Local(without_prefix(token.text), known.slot, token.start, token.end), known.parameters)


def check_applier(name: str, arguments: tuple[Node, ...], position: int) -> None:
    """MAP and its kin have a LAMBDA as the last argument and nowhere else, with as many parameters as they give it."""
    spec = FUNCTIONS[name]
    last = arguments[-1]
    if type(last) is not Lambda:
        raise FormulaSyntaxError(f"{name} without a LAMBDA at its end", position, f"Write {spec.syntax}.")
    expected = APPLIERS[name] or len(arguments) - 1
    if len(last.parameters) != expected:
        raise FormulaSyntaxError(
            f"{name} calls its LAMBDA with {expected} values, and this one has {len(last.parameters)} parameters",
            last.start,
            f"Write {spec.syntax}.",
        )
    for argument in arguments[:-1]:
        refuse_function(argument)


def refuse_function(node: Node) -> None:
    """A LAMBDA where a value is needed."""
    if type(node) is Lambda:
        raise FormulaSyntaxError("A LAMBDA is not a value", node.start, _NO_VALUE)


def function_argument(parser: Parser, token: Token, expected: int) -> Lambda | None:
    """What stands for a LAMBDA as an argument of MAP and its kin: the name of one, or of a function (`SUM`)."""
    known = parser.scopes.find(token.text)
    span = (token.start, token.end)
    parameters = tuple(Local(f"_{index + 1}", parser.scopes.slots + index, *span) for index in range(expected))
    if known is not None and known.parameters is not None:
        target = Local(without_prefix(token.text), known.slot, *span)
        if known.parameters != expected:
            raise FormulaSyntaxError(f"{token.text} has {known.parameters} parameters, not {expected}", token.start)
        body: Node = Invoke(target, parameters, *span)
    elif known is None and token.text.upper() in FUNCTIONS:
        name = token.text.upper()
        body = Call(name_in(parser.dialect, name), parameters, *span, token.end)
        parser.check_arguments(body.name, expected, token.start)
    else:
        return None
    parser.scopes.slots += expected
    size = measure(body, parser.scopes.sizes)
    return Lambda(parameters, body, *span, token.end, *size, bare=token.text)


def _is_definition(parser: Parser) -> bool:
    """Whether a name and a comma follow. `LET(a,1,b)` ends with the result b."""
    token, following = parser.tokens[parser.at], parser.tokens[min(parser.at + 1, len(parser.tokens) - 1)]
    if token.kind == "reference" and following.text == ",":
        raise FormulaSyntaxError(f"{token.text} is a cell's address", token.start, "Names look like words: rate_1.")
    return token.kind == "name" and following.kind == "operator" and following.text == ","


def _check_new(token: Token, names: set[str], where: str) -> None:
    key = without_prefix(token.text).lower()
    if key in ("true", "false") or "." in key:
        raise FormulaSyntaxError(f"{token.text} cannot be a name", token.start, "Use letters, digits and _.")
    if key in names:
        raise FormulaSyntaxError(f"{where} defines {token.text} twice", token.start, "Give each its own name.")
    names.add(key)
