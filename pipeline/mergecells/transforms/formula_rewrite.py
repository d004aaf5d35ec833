"""Formulas rewritten to what an outside engine can read: names become cells, TODAY() the cell of the evaluation date.

For xlcalculator, newer functions become what they stand for: `IFERROR(x,y)` is `IF(ISERROR(x),y,x)` by definition. The
rest of the text stays as it was typed, so that the other engine's parser is put to the test as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mergecells.domain.locations import column_letters
from mergecells.formula import Array, ErrorValue, Formula, Value, parse
from mergecells.formula.nodes import Call, Name, Node, Text, walk
from mergecells.formula.parser import GOOGLE_WRAPPER
from mergecells.formula.tokens import tokenize
from mergecells.formula.unparse import unparse
from mergecells.transforms.formula_engines import Calculation

_LONGEST = 8_192
_TODAY = "TODAY"
"""In capitals, as no name's key is."""
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


def rewrite_formula(
    formula: Formula, inputs: Mapping[str, Value], serial: float, *, plain: bool = False
) -> Calculation | None:
    """The formula in A1 notation with its inputs in cells; None when it would grow beyond a formula's length.

    `serial` is the evaluation date. `plain`: without what xlcalculator's parser does not know.
    """
    given = {**inputs, _TODAY: serial}
    shapes = tuple((key, (v.height, v.width) if isinstance(v, Array) else None) for key, v in given.items())
    layout = _layout(formula, shapes, plain)
    if len(layout.text) > _LONGEST:
        return None
    cells = (cell for key, column in layout.columns for cell in _cells(given.get(key), column))
    return Calculation(layout.text, (*layout.constants, *cells))


@dataclass(frozen=True, slots=True)
class _Layout:
    """A rewritten text, the first column of each input that it uses, and the cells of its own constants."""

    text: str
    columns: tuple[tuple[str, int], ...]
    constants: tuple[tuple[str, str], ...]


_Shapes = tuple[tuple[str, tuple[int, int] | None], ...]


@lru_cache(maxsize=4_096)
def _layout(formula: Formula, shapes: _Shapes, plain: bool) -> _Layout:
    """The same for all leads of a formula, so that a lead costs its cells only."""
    if GOOGLE_WRAPPER in formula.text.upper():
        formula = parse(unparse(formula), formula.dialect)  # positions are those of the wrapped text
    rewriting = _Rewriting(formula, dict(shapes), plain)
    text = rewriting.render(0, len(formula.text))
    return _Layout(text, tuple(rewriting.columns.items()), tuple(rewriting.constants))


def _cells(value: Value, column: int) -> Iterator[tuple[str, float | str | bool | ErrorValue]]:
    """The cells of an input whose first column is `column`; a blank cell is left out."""
    rows = value.rows if isinstance(value, Array) else ((value,),)
    for number, row in enumerate(rows, start=1):
        for index, item in enumerate(row):
            if item is not None:
                yield f"{column_letters(column + index)}{number}", _plain(item)


class _Rewriting:
    """Replaces spans of the text, inner ones inside of outer ones; collects where the inputs go on the way."""

    def __init__(self, formula: Formula, shapes: Mapping[str, tuple[int, int] | None], plain: bool) -> None:
        self.columns: dict[str, int] = {}
        self.constants: list[tuple[str, str]] = []
        self._used = 0
        self._text = formula.text
        self._tokens = tokenize(formula.text)
        self._shapes = shapes
        replaced = _is_replaced_plain if plain else _is_replaced
        self._edits = sorted(
            ((node.start, node.end, self._edit_of(node)) for node in walk(formula.root) if replaced(node, shapes)),
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

    def _edit_of(self, node: Node) -> Callable[[], str]:
        if isinstance(node, Name):
            return lambda: self._place(node.key)
        if isinstance(node, Text):
            return lambda: self._constant(node.value)
        assert isinstance(node, Call)
        if node.name == _TODAY:
            return lambda: self._place(_TODAY)
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

    def _place(self, key: str) -> str:
        """The address of an input; each has columns of its own, a list or table as a block."""
        shape = self._shapes[key]
        height, width = shape or (1, 1)
        if key not in self.columns:
            self.columns[key] = self._used + 1
            self._used += width
        first = self.columns[key]
        block = f"{column_letters(first)}1:{column_letters(first + width - 1)}{height}"
        return block if shape else f"{column_letters(first)}1"

    def _constant(self, text: str) -> str:
        self._used += 1
        address = f"{column_letters(self._used)}1"
        self.constants.append((address, text))
        return address


def _is_replaced(node: Node, inputs: Mapping[str, object]) -> bool:
    """Names that have a value: a name of LET or LAMBDA's own has none here."""
    return (isinstance(node, Name) and node.key in inputs) or (isinstance(node, Call) and node.name == _TODAY)


def _is_replaced_plain(node: Node, inputs: Mapping[str, object]) -> bool:
    if isinstance(node, Text):
        return not _PLAIN_TEXT.match(node.value)
    return _is_replaced(node, inputs) or (isinstance(node, Call) and node.name in DEFINITIONS)


def _plain(value: object) -> float | str | bool | ErrorValue:
    """Whole numbers as such: xlcalculator shows 5.0 as the text `5.0`."""
    assert isinstance(value, float | int | str | ErrorValue)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
