"""Tokens → syntax tree: a Pratt parser with Excel's precedence (`-2^2` is 4, `^` groups to the left, `%` follows).

Bounded: 8,192 characters, 64 nested parentheses, 128 nested expressions, 1,024 array cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from mergecells.formula.errors import FormulaSyntaxError
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
    Reference,
    Text,
    Unary,
)
from mergecells.formula.number_text import parse_literal
from mergecells.formula.registry import FUNCTIONS
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
_PREFIXES: Final = ("_xlfn.", "_xlws.")


@lru_cache(maxsize=MEMO_SIZE)
def parse(text: str) -> Formula:
    """The syntax tree of a formula that starts with `=`. Raises FormulaSyntaxError with position and hint.

    Remembered by text: the checks of a reload parse each formula once for the base and once for every vertical.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaSyntaxError(
            f"A formula of {len(text)} characters", MAX_LENGTH, f"At most {MAX_LENGTH}: split it with named formulas."
        )
    if not text.startswith("="):
        raise not_a_formula(text)
    parser = _Parser(tokenize(text))
    root = parser.whole()
    inner = _google_original(root)
    if inner is not None:
        return _parse_original(text, inner)
    return Formula(text, root, parser.snaps(root))


def unwrap_google(text: str) -> str:
    """The formula that Google Sheets wrapped on export, or the text itself. Raises FormulaSyntaxError."""
    if GOOGLE_WRAPPER.lower() not in text.lower():
        return text
    parser = _Parser(tokenize(text))
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


def _parse_original(text: str, inner: Text) -> Formula:
    """The wrapped formula under its outer text; positions count in the wrapped one."""
    body = inner.value.removeprefix("=")
    try:
        formula = parse("=" + body)
    except FormulaSyntaxError as error:
        message = f"In the formula that Google Sheets wrapped: {error.message}"
        raise FormulaSyntaxError(message, inner.start, error.hint) from None
    return Formula(text, formula.root, formula.snaps)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.nesting = 0
        self.depth = 0
        self.enclosed = False

    def whole(self) -> Node:
        root = self.expression(0)
        token = self.tokens[self.at]
        if token.kind != "end":
            raise unexpected(token)
        return root

    def snaps(self, root: Node) -> bool:
        """Whether the formula ends in an addition or subtraction that no parentheses enclose."""
        return type(root) is Binary and root.op in ("+", "-") and not self.enclosed

    def expression(self, least: int) -> Node:
        """A value and every operator after it that binds more than `least`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._too_deep(self.tokens[self.at].start)
        left = self.primary()
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
        if kind == "error":
            return ErrorLiteral(ERRORS[text.upper()], token.start, token.end)
        if kind == "reference":
            return Reference(text, token.start, token.end)
        raise unexpected(token)

    def word(self, token: Token) -> Node:
        following = self.tokens[self.at]
        if following.text == "(" and following.kind == "operator":
            return self.call(token)
        key = token.text.lower()
        if key in ("true", "false"):
            return Boolean(key == "true", token.start, token.end)
        return Name(token.text, key, token.start, token.end)

    def group(self, opening: Token) -> Node:
        self._enter(opening)
        inner = self.expression(0)
        self._close(opening, ")")
        self.nesting -= 1
        self.enclosed = opening is self.tokens[0] and self.tokens[self.at].kind == "end"
        return inner

    def call(self, token: Token) -> Node:
        opening = self.tokens[self.at]
        self.at += 1
        self._enter(opening)
        arguments = self.arguments()
        end = self._close(opening, ")")
        self.nesting -= 1
        name = _function_name(token.text)
        _check_arguments(name, len(arguments), token.start)
        return Call(name, arguments, token.start, end, token.end)

    def arguments(self) -> tuple[Node, ...]:
        token = self.tokens[self.at]
        if token.text == ")" and token.kind == "operator":
            return ()
        found: list[Node] = []
        while True:
            found.append(self.argument())
            token = self.tokens[self.at]
            if token.kind != "operator" or token.text != ",":
                break
            self.at += 1
            if len(found) >= MAX_ARGUMENTS:
                raise FormulaSyntaxError(f"More than {MAX_ARGUMENTS} arguments", token.start, "Use a named list.")
        return tuple(found)

    def argument(self) -> Node:
        token = self.tokens[self.at]
        if token.kind == "operator" and token.text in (",", ")"):
            return Omitted(token.start, token.start)
        return self.expression(0)

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
            "An array holds constants only", token.start, "Numbers, texts, TRUE and FALSE: {1,2;3,4}."
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


def _check_arguments(name: str, count: int, position: int) -> None:
    """A known function gets as many arguments as it takes: spreadsheets refuse anything else on entry."""
    spec = FUNCTIONS.get(name)
    if spec is None:
        return
    if count < spec.least or count > spec.most:
        raise FormulaSyntaxError(f"{name} with {count} arguments", position, f"Write {spec.syntax}.")
    if spec.repeats == 2 and (count - len(spec.kinds)) % 2:
        raise FormulaSyntaxError(f"{name} with an unpaired argument", position, f"Write {spec.syntax}.")


def _function_name(text: str) -> str:
    name = text
    while (lowered := name.lower()).startswith(_PREFIXES):
        name = name[next(len(prefix) for prefix in _PREFIXES if lowered.startswith(prefix)) :]
    return name.upper()
