"""Tokens → syntax tree: a Pratt parser with Excel's precedence (`-2^2` is 4, `^` groups to the left, `%` follows).

LET and LAMBDA are read in `parser_scopes`.

Bounded: 8,192 characters, 64 nested parentheses, 128 nested expressions, 1,024 array cells.
"""

from __future__ import annotations

from typing import Final

from mergecells.formula.bounds import measure
from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.nodes import (
    ArrayLiteral,
    Binary,
    Boolean,
    Call,
    ErrorLiteral,
    Formula,
    Lambda,
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
from mergecells.formula.number_text import parse_literal
from mergecells.formula.parser_scopes import (
    APPLIERS,
    Scopes,
    check_applier,
    function_argument,
    local_call,
    read_invoke,
    read_lambda,
    read_let,
    refuse_function,
    without_prefix,
)
from mergecells.formula.registry import Dialect, name_in, spec_of
from mergecells.formula.remembered import remembered
from mergecells.formula.syntax_messages import not_a_formula, unexpected
from mergecells.formula.tokens import MAX_LENGTH, Token, tokenize
from mergecells.formula.values import ERRORS, Array, Scalar

MEMO_SIZE: Final = 32_768
MAX_NESTING: Final = 64
MAX_DEPTH: Final = 128
MAX_ARRAY_CELLS: Final = 1_024
MAX_ARGUMENTS: Final = 255

BINDING: Final = {
    **dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 10),
    "&": 20,
    "+": 30,
    "-": 30,
    "*": 40,
    "/": 40,
    "^": 50,
    "%": 70,
}
PREFIX_BINDING: Final = 60
PERCENT_BINDING: Final = 70
MAX_PERCENTS: Final = 16
GOOGLE_WRAPPER: Final = "__XLUDF.DUMMYFUNCTION"
INTERSECTION: Final = "SINGLE"
INTERSECTION_BINDING: Final = 80
_PREFIXES: Final = ("_xlfn.", "_xlws.")
_FILLED: Final = frozenset({"IFERROR"})
"""Functions whose second argument may be left out in Google Sheets."""


def parse(text: str, dialect: Dialect = "excel") -> Formula:
    """The syntax tree of a formula that starts with `=`. Raises FormulaSyntaxError with position and hint.

    `dialect` says what a function means that Excel and Google Sheets have under one name with two meanings.
    Remembered by text: the checks of a reload parse each formula once for the base and once for every vertical.
    """
    return _parse(text, dialect)


@remembered(MEMO_SIZE)
def _parse(text: str, dialect: Dialect) -> Formula:
    if len(text) > MAX_LENGTH:
        raise FormulaSyntaxError(
            f"A formula of {len(text)} characters", MAX_LENGTH, f"At most {MAX_LENGTH}: split it with named formulas."
        )
    if not text.startswith("="):
        raise not_a_formula(text)
    parser = Parser(tokenize(text), dialect)
    root = parser.whole()
    inner = _google_original(root)
    if inner is not None:
        return _parse_original(text, inner, dialect)
    return Formula(text, root, parser.snaps(root), dialect)


def unwrap_google(text: str) -> str:
    """The formula that Google Sheets wrapped on export, or the text itself. Raises FormulaSyntaxError."""
    if GOOGLE_WRAPPER.lower() not in text.lower():
        return text
    parser = Parser(tokenize(text))
    inner = _google_original(parser.whole())
    return text if inner is None else "=" + inner.value.removeprefix("=")


def _google_original(root: Node) -> Text | None:
    """What Google Sheets wrapped on export: `IFERROR(__xludf.DUMMYFUNCTION("…"),cached)`. The cache is never used."""
    if type(root) is not Call or root.name != "IFERROR" or type(root.arguments[0]) is not Call:
        return None
    wrapped = root.arguments[0]
    if wrapped.name != GOOGLE_WRAPPER or len(wrapped.arguments) != 1:
        return None
    original = wrapped.arguments[0]
    return original if type(original) is Text else None


def _parse_original(text: str, inner: Text, dialect: Dialect) -> Formula:
    """The wrapped formula under its outer text; positions count in the wrapped one."""
    body = inner.value.removeprefix("=")
    try:
        formula = parse("=" + body, dialect)
    except FormulaSyntaxError as error:
        message = f"In the formula that Google Sheets wrapped: {error.message}"
        raise FormulaSyntaxError(message, inner.start, error.hint) from None
    return Formula(text, formula.root, formula.snaps, dialect)


class Parser:
    """One reading of one formula's tokens."""

    def __init__(self, tokens: list[Token], dialect: Dialect = "excel") -> None:
        self.tokens = tokens
        self.dialect: Dialect = dialect
        self.scopes = Scopes()
        self.at = 0
        self.nesting = 0
        self.depth = 0
        self.enclosed = False

    def whole(self) -> Node:
        root = self.expression(0)
        token = self.tokens[self.at]
        if token.kind != "end":
            raise unexpected(token)
        if self.scopes.slots:
            measure(root, self.scopes.sizes)
        return root

    def snaps(self, root: Node) -> bool:
        """Whether the formula ends in an addition or subtraction that no parentheses enclose."""
        return type(root) is Binary and root.op in ("+", "-") and not self.enclosed

    def expression(self, least: int, may_be_function: bool = False) -> Node:
        """A value and every operator after it that binds more than `least`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._too_deep(self.tokens[self.at].start)
        left = self.primary()
        if type(left) is Lambda:
            left = self.called(left)
            if not may_be_function:
                refuse_function(left)
        marks = 0
        while (token := self.tokens[self.at]).kind == "operator":
            binding = BINDING.get(token.text, 0)
            if binding <= least:
                break
            self.at += 1
            if binding == PERCENT_BINDING:
                left = Percent(left, left.start, token.end)
                marks += 1
                if marks > MAX_PERCENTS:
                    raise FormulaSyntaxError("Too many % signs", token.start)
            else:
                right = self.expression(binding)
                left = Binary(token.text, left, right, left.start, right.end)
        self.depth -= 1
        return left

    def called(self, function: Lambda) -> Node:
        """`LAMBDA(x,x+1)(2)`: a LAMBDA and the arguments right after it."""
        token = self.tokens[self.at]
        if token.kind == "operator" and token.text == "(":
            return read_invoke(self, function, len(function.parameters))
        return function

    def primary(self) -> Node:
        token = self.tokens[self.at]
        kind, text = token.kind, token.text
        self.at += 1
        if kind == "name":
            return self.word(token)
        if kind == "number":
            return Number(self._number(token), token.start, token.end)
        if kind == "text":
            return Text(text[1:-1].replace('""', '"'), token.start, token.end)
        if kind == "operator" and text == "(":
            return self.group(token)
        if kind == "operator" and text in ("-", "+"):
            operand = self.expression(PREFIX_BINDING)
            return Unary(text, operand, token.start, operand.end)
        if kind == "operator" and text == "{":
            return self.array(token)
        if kind == "operator" and text == "@":
            operand = self.expression(INTERSECTION_BINDING)
            return Call(INTERSECTION, (operand,), token.start, operand.end, token.end)
        if kind == "error":
            return ErrorLiteral(ERRORS[text.upper()], token.start, token.end)
        if kind == "reference":
            return Reference(text, token.start, token.end)
        raise unexpected(token)

    def word(self, token: Token) -> Node:
        following = self.tokens[self.at]
        known = self.scopes.find(token.text)
        if following.text == "(" and following.kind == "operator":
            return self.call(token) if known is None else local_call(self, token, known)
        if known is not None:
            return self.local(token, known.slot, known.parameters is not None)
        key = token.text.lower()
        if key in ("true", "false"):
            return Boolean(key == "true", token.start, token.end)
        return Name(token.text, key, token.start, token.end)

    def local(self, token: Token, slot: int, is_function: bool) -> Local:
        if is_function:
            raise FormulaSyntaxError(
                f"{token.text} is a LAMBDA, not a value", token.start, f"Call it: {token.text}(…)."
            )
        return Local(without_prefix(token.text), slot, token.start, token.end)

    def group(self, opening: Token) -> Node:
        self._enter(opening)
        inner = self.expression(0)
        self._close(opening, ")")
        self.nesting -= 1
        self.enclosed = opening is self.tokens[0] and self.tokens[self.at].kind == "end"
        return inner

    def call(self, token: Token) -> Node:
        name = name_in(self.dialect, _function_name(token.text))
        if name == "LET":
            return read_let(self, token)
        if name == "LAMBDA":
            return read_lambda(self, token)
        if name.lower() in self.scopes.defining:
            hint = "Repeat with REDUCE or MAP instead."
            raise FormulaSyntaxError(f"{token.text} calls itself: recursion has no bound", token.start, hint)
        opening = self.open_call()
        arguments = self.arguments(name if name in APPLIERS else "")
        end = self.close_call(opening)
        self.check_arguments(name, len(arguments), token.start)
        if name in APPLIERS:
            check_applier(name, arguments, token.start)
        elif name in _FILLED and self.dialect == "google" and len(arguments) == 1:
            arguments = (*arguments, Omitted(end - 1, end - 1))
        return Call(name, arguments, token.start, end, token.end)

    def open_call(self) -> Token:
        """Into the parentheses of a call."""
        opening = self.take()
        self._enter(opening)
        return opening

    def close_call(self, opening: Token) -> int:
        """Out of them again; where they end."""
        end = self._close(opening, ")")
        self.nesting -= 1
        return end

    def take(self) -> Token:
        """The next token."""
        token = self.tokens[self.at]
        self.at += 1
        return token

    def comma(self, hint: str) -> None:
        """A comma must follow."""
        token = self.tokens[self.at]
        if token.kind != "operator" or token.text != ",":
            if token.kind == "operator" and token.text == ")":
                raise FormulaSyntaxError("A result is missing", token.start, hint)
            raise unexpected(token)
        self.at += 1

    def arguments(self, applier: str = "") -> tuple[Node, ...]:
        """All arguments up to the closing parenthesis; `applier` is the function when a LAMBDA may be among them."""
        token = self.tokens[self.at]
        if token.text == ")" and token.kind == "operator":
            return ()
        found: list[Node] = []
        while True:
            found.append(self.argument(applier, len(found)))
            token = self.tokens[self.at]
            if token.kind != "operator" or token.text != ",":
                break
            self.at += 1
            if len(found) >= MAX_ARGUMENTS:
                raise FormulaSyntaxError(f"More than {MAX_ARGUMENTS} arguments", token.start, "Use a named list.")
        return tuple(found)

    def argument(self, applier: str, before: int) -> Node:
        token = self.tokens[self.at]
        if token.kind == "operator" and token.text in (",", ")"):
            return Omitted(token.start, token.start)
        if applier and token.kind == "name" and before and self.tokens[self.at + 1].text == ")":
            function = function_argument(self, token, APPLIERS[applier] or before)
            if function is not None:
                self.at += 1
                return function
        return self.expression(0, may_be_function=bool(applier))

    def check_arguments(self, name: str, count: int, position: int) -> None:
        """A known function gets as many arguments as it takes: spreadsheets refuse anything else on entry."""
        spec = spec_of(name)
        if spec is None or (name in _FILLED and self.dialect == "google" and count == 1):
            return
        if count < spec.least or count > spec.most:
            raise FormulaSyntaxError(f"{spec.plain_name} with {count} arguments", position, f"Write {spec.syntax}.")
        if spec.repeats == 2 and (count - len(spec.kinds)) % 2:
            raise FormulaSyntaxError(f"{spec.plain_name} with an unpaired argument", position, f"Write {spec.syntax}.")

    def array(self, opening: Token) -> Node:
        rows: list[list[Scalar]] = [[]]
        cells = 0
        while True:
            rows[-1].append(self.constant())
            cells += 1
            token = self.tokens[self.at]
            if cells > MAX_ARRAY_CELLS:
                raise FormulaSyntaxError(f"An array of more than {MAX_ARRAY_CELLS} cells", token.start, "Use a list.")
            if token.kind != "operator" or token.text not in (",", ";"):
                break
            self.at += 1
            if token.text == ";":
                rows.append([])
        end = self._close(opening, "}")
        if any(len(row) != len(rows[0]) for row in rows):
            raise FormulaSyntaxError("The rows of this array differ in length", opening.start, "{1,2;3,4} has two.")
        return ArrayLiteral(Array(rows), opening.start, end)

    def constant(self) -> Scalar:
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "operator" and token.text in ("-", "+"):
            number = self.tokens[self.at]
            self.at += 1
            if number.kind == "number":
                return -self._number(number) if token.text == "-" else self._number(number)
        elif token.kind == "number":
            return self._number(token)
        elif token.kind == "text":
            return token.text[1:-1].replace('""', '"')
        elif token.kind == "error":
            return ERRORS[token.text.upper()]
        elif token.kind == "name" and token.text.lower() in ("true", "false"):
            return token.text.lower() == "true"
        raise FormulaSyntaxError(
            "An array holds constants only",
            token.start,
            "Numbers, texts, TRUE and FALSE: {1,2;3,4}. Else HSTACK or VSTACK.",
        )

    def _number(self, token: Token) -> float:
        number = parse_literal(token.text)
        if number is None:
            raise FormulaSyntaxError(f"{token.text} is too large a number", token.start, "At most 9.99E+307.")
        return number

    def _enter(self, opening: Token) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self._too_deep(opening.start)

    def _close(self, opening: Token, bracket: str) -> int:
        token = self.tokens[self.at]
        if token.kind == "operator" and token.text == bracket:
            self.at += 1
            return token.end
        if token.kind == "end":
            raise FormulaSyntaxError(f"`{opening.text}` is not closed", opening.start, f"Add a `{bracket}`.")
        raise unexpected(token)

    def _too_deep(self, position: int) -> FormulaSyntaxError:
        return FormulaSyntaxError(
            f"Nested more than {MAX_NESTING} deep", position, "Split the formula with named formulas."
        )


def _function_name(text: str) -> str:
    name = text
    while (lowered := name.lower()).startswith(_PREFIXES):
        name = name[next(len(prefix) for prefix in _PREFIXES if lowered.startswith(prefix)) :]
    return name.upper()
