"""What to tell a person whose text cannot be read as a formula."""

from __future__ import annotations

from typing import Final

from mergecells.formula.errors import FormulaSyntaxError
from mergecells.formula.tokens import Token, is_invisible


def not_a_formula(text: str) -> FormulaSyntaxError:
    """A text that does not start with `=`."""
    if text.startswith("'"):
        return FormulaSyntaxError("A leading apostrophe makes this a text", 0, "Delete the apostrophe before the `=`.")
    if text.startswith("＝"):
        return FormulaSyntaxError("A full-width equals sign", 0, "Type a plain =.")
    if text and not text[0].isspace() and is_invisible(text[0]):
        return FormulaSyntaxError("An invisible character before the `=`", 0, "Delete it: type the formula anew.")
    if text.lstrip().startswith("="):
        return FormulaSyntaxError("A blank before the `=`", 0, "Start the formula with `=`.")
    return FormulaSyntaxError("A formula starts with `=`", 0, "Write = first.")


def unexpected(token: Token) -> FormulaSyntaxError:
    """A token where none of its kind may stand."""
    if token.kind == "end":
        return FormulaSyntaxError("The formula stops too early", token.start, "A value is missing at the end.")
    if token.text == ";":
        return FormulaSyntaxError("`;` between arguments", token.start, "Separate arguments with a comma.")
    if token.text == ",":
        return FormulaSyntaxError("A comma outside of a function", token.start, "Write decimals with a point: 0.5.")
    if token.text == ")":
        return FormulaSyntaxError("`)` without a `(` or without a value before it", token.start)
    if token.kind == "operator":
        hint = _OPERATOR_HINTS.get(token.text, "")
        return FormulaSyntaxError(f"`{token.text}` needs a value before it", token.start, hint)
    hint = _WORD_HINTS.get(token.text.upper(), "An operator or comma is missing.")
    return FormulaSyntaxError(f"`{token.text}` follows a value", token.start, hint)


_OPERATOR_HINTS: Final = {
    "=": "Write one = to compare.",
    "&": "Write one & to join texts, AND(one,other) for conditions.",
    "*": "Write ^ for a power.",
}
_WORD_HINTS: Final = {
    "AND": "Write AND(one,other).",
    "OR": "Write OR(one,other).",
    "NOT": "Write NOT(condition).",
}
"""What people who know another language type."""
