"""Formulas rewritten to what xlcalculator can read: names become cells, newer functions what they stand for.

`IFERROR(x,y)` is `IF(ISERROR(x),y,x)` by definition, and so on; the rest of the text stays as it was typed, so that the
other engine's parser is put to the test as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mergecells.domain.locations import column_letters
from mergecells.formula import Array, Formula, Value
from mergecells.formula.nodes import Call, Name, Text, walk
from mergecells.formula.tokens import tokenize
from mergecells.transforms.formula_engines import Calculation

_LONGEST = 8_192
# Texts with `:`, `!` or `%` in a formula break the loading of the whole workbook; in a cell they are data.
_PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*\Z|\Z")


def _ifs(arguments: list[str]) -> str:
    text = "NA()"
    for condition, value in reversed(list(zip(arguments[::2], arguments[1::2], strict=False))):
        text = f"IF({condition},{value},{text})"
    return text


def _switch(arguments: list[str]) -> str:
    subject, *cases = arguments
    text = cases.pop() if len(cases) % 2 else "NA()"
    for match, value in reversed(list(zip(cases[::2], cases[1::2], strict=True))):
        text = f"IF(({subject})=({match}),{value},{text})"
    return text


DEFINITIONS: Mapping[str, Callable[[list[str]], str]] = {
    "IFERROR": lambda arguments: f"IF(ISERROR({arguments[0]}),{arguments[1]},{arguments[0]})",
    "IFNA": lambda arguments: f"IF(ISNA({arguments[0]}),{arguments[1]},{arguments[0]})",
    "IFS": _ifs,
    "SWITCH": _switch,
}
"""Functions that xlcalculator lacks, by what they mean in functions that it has."""


def rewrite_formula(formula: Formula, inputs: Mapping[str, Value]) -> Calculation | None:
    """The formula in A1 notation with its inputs in cells; None when it would grow beyond a formula's length."""
    rewriting = _Rewriting(formula, inputs)
    text = rewriting.render(0, len(formula.text))
    return Calculation(text, tuple(rewriting.cells)) if len(text) <= _LONGEST else None


class _Rewriting:
    """Replaces spans of the text, inner ones inside of outer ones; `cells` collects the inputs on the way."""

    def __init__(self, formula: Formula, inputs: Mapping[str, Value]) -> None:
        self.cells: list[tuple[str, float | str | bool]] = []
        self._text = formula.text
        self._tokens = tokenize(formula.text)
        self._places: dict[str, str] = {}
        self._edits = sorted(
            ((node.start, node.end, self._edit_of(node, inputs)) for node in walk(formula.root) if _is_replaced(node)),
            key=lambda edit: (edit[0], -edit[1]),
        )

    def render(self, start: int, end: int) -> str:
        """The text from `start` to `end` with the outermost spans inside it replaced."""
        parts: list[str] = []
        at = start
        for first, last, replacement in self._edits:
            if first >= at and last <= end:
                parts += (self._text[at:first], replacement())
                at = last
        return "".join((*parts, self._text[at:end]))

    def _edit_of(self, node: object, inputs: Mapping[str, Value]) -> Callable[[], str]:
        if isinstance(node, Name):
            return lambda: self._cell(node.key, inputs.get(node.key))
        if isinstance(node, Text):
            return lambda: self._cell(f'"{node.start}', node.value)
        assert isinstance(node, Call)
        return lambda: DEFINITIONS[node.name]([self.render(*span) for span in self._argument_spans(node)])

    def _argument_spans(self, call: Call) -> list[tuple[int, int]]:
        """From comma to comma: a node's own span leaves out the parentheses around it."""
        depth, begin = 0, 0
        spans: list[tuple[int, int]] = []
        for token in self._tokens:
            if token.start < call.name_end or token.start >= call.end:
                continue
            if token.text in ("(", "{"):
                depth += 1
                begin = token.end if depth == 1 else begin
            elif token.text in (")", "}"):
                depth -= 1
            if (depth == 1 and token.text == ",") or depth == 0:
                spans.append((begin, token.start))
                begin = token.end
        return spans

    def _cell(self, key: str, value: Value) -> str:
        """The address of an input; each has a column of its own, a list as a block. A blank cell is left out."""
        if key not in self._places:
            letters = column_letters(len(self._places) + 1)
            items = value.cells if isinstance(value, Array) else (value,)
            self.cells += [
                (f"{letters}{row}", _plain(item)) for row, item in enumerate(items, start=1) if item is not None
            ]
            self._places[key] = f"{letters}1:{letters}{len(items)}" if isinstance(value, Array) else f"{letters}1"
        return self._places[key]


def _is_replaced(node: object) -> bool:
    if isinstance(node, Text):
        return not _PLAIN_TEXT.match(node.value)
    return isinstance(node, Name) or (isinstance(node, Call) and node.name in DEFINITIONS)


def _plain(value: object) -> float | str | bool:
    """Whole numbers as such: the engine shows 5.0 as the text `5.0`."""
    assert isinstance(value, float | int | str)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
