"""The values of the formula language, and how one kind becomes another.

A value is None (a blank cell), a finite float, a bool, a text, an ErrorValue or an Array of those. Dates are serial
numbers. Rules follow Excel's English (United States) locale; `docs/formulas.md` lists them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Final, Literal, TypeAlias, cast

from mergecells.formula.number_text import format_number, parse_number

MAX_TEXT: Final = 32_767
"""Characters in a cell's text; a longer result is #VALUE!."""

MAX_CELLS: Final = 20_000
"""Cells in one array or list; a larger one is #NUM!."""

LARGEST: Final = 1.7976931348623157e308

ErrorCode = Literal["#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#CALC!"]


class ErrorValue:
    """An error as a value, the way a cell holds it. Two of the same code are equal."""

    __slots__ = ("code",)

    def __init__(self, code: ErrorCode) -> None:
        self.code: Final[ErrorCode] = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ErrorValue) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"ErrorValue({self.code!r})"

    def __str__(self) -> str:
        return self.code


NULL: Final = ErrorValue("#NULL!")
DIV0: Final = ErrorValue("#DIV/0!")
VALUE: Final = ErrorValue("#VALUE!")
REF: Final = ErrorValue("#REF!")
NAME: Final = ErrorValue("#NAME?")
NUM: Final = ErrorValue("#NUM!")
NA: Final = ErrorValue("#N/A")
CALC: Final = ErrorValue("#CALC!")
ERRORS: Final[Mapping[str, ErrorValue]] = {error.code: error for error in (NULL, DIV0, VALUE, REF, NAME, NUM, NA, CALC)}


class Fault(Exception):  # noqa: N818 - it is not a failure of the program but an error value on its way up
    """Carries an error value from where it arose to where it becomes the result."""

    def __init__(self, error: ErrorValue) -> None:
        super().__init__(error.code)
        self.error = error


class NeedsReferenceError(Exception):
    """Compiled code met a value outside its fast paths: the reference interpreter answers instead."""


Scalar: TypeAlias = "float | bool | str | ErrorValue | None"
Value: TypeAlias = "float | bool | str | ErrorValue | Array | None"


class Array:
    """A rectangle of scalar values, `rows[row][column]`; never empty. Immutable."""

    def __init__(self, rows: Sequence[Sequence[Scalar]]) -> None:
        self.rows: Final = tuple(map(tuple, rows))
        if not self.rows or not self.rows[0] or len(set(map(len, self.rows))) != 1:
            raise ValueError("an array has at least one cell and rows of one length")

    @classmethod
    def column(cls, values: Sequence[Scalar]) -> Array:
        """One column, the shape of a named list."""
        return cls([(value,) for value in values])

    @property
    def height(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        return len(self.rows[0])

    @cached_property
    def cells(self) -> tuple[Scalar, ...]:
        """Row by row."""
        return tuple(chain.from_iterable(self.rows))

    @cached_property
    def columns(self) -> tuple[tuple[Scalar, ...], ...]:
        """`columns[column][row]`."""
        return tuple(zip(*self.rows, strict=True))

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """What SUM sees: the numbers only. Raises Fault for the first error value."""
        if self.all_numbers:
            return cast("tuple[float, ...]", self.cells)
        for cell in self.cells:
            if type(cell) is ErrorValue:
                raise Fault(cell)
        return tuple(cell for cell in self.cells if type(cell) is float)

    @cached_property
    def all_numbers(self) -> bool:
        return set(map(type, self.cells)) == {float}

    @cached_property
    def text_counts(self) -> Mapping[str, float]:
        """How often each text occurs, without regard to case."""
        counts: dict[str, float] = {}
        for cell in self.cells:
            if type(cell) is str:
                counts[fold(cell)] = counts.get(fold(cell), 0.0) + 1.0
        return counts

    def __iter__(self) -> Iterator[Scalar]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.rows) * len(self.rows[0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and other.rows == self.rows

    def __hash__(self) -> int:
        return hash(self.rows)

    def __repr__(self) -> str:
        return f"Array({self.rows!r})"


def to_value(raw: Any) -> Value:
    """A Python or JSON value as a value of the language: a list becomes a column, a list of lists a rectangle.

    Not-a-number, an infinity or an integer beyond float's range becomes #NUM!, anything that no cell can hold #VALUE!.
    """
    if raw is None or isinstance(raw, (bool, ErrorValue, Array)):
        return raw
    if isinstance(raw, (int, float)):
        return _finite(raw)
    if isinstance(raw, str):
        return raw if len(raw) <= MAX_TEXT else VALUE
    if isinstance(raw, (list, tuple)):
        return _to_array(raw)
    return VALUE


def _finite(raw: float) -> float | ErrorValue:
    try:
        number = float(raw)
    except OverflowError:
        return NUM
    return number if math.isfinite(number) else NUM


def _to_array(raw: Sequence[Any]) -> Value:
    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in raw]
    if not rows or not rows[0]:
        return None
    width = max(map(len, rows))
    if width * len(rows) > MAX_CELLS:
        return NUM
    cells = [[to_value(cell) for cell in row] + [NA] * (width - len(row)) for row in rows]
    if any(isinstance(cell, Array) for row in cells for cell in row):
        return VALUE
    return Array(cast("list[list[Scalar]]", cells))


def to_number(value: Value) -> float:
    """A number where one is needed: blank is 0, TRUE is 1, a text is read. Raises Fault (#VALUE! for other texts)."""
    if type(value) is float:
        return value
    if value is None:
        return 0.0
    if type(value) is str:
        number = parse_number(value)
        if number is None:
            raise Fault(VALUE)
        return number
    if type(value) is ErrorValue:
        raise Fault(value)
    if type(value) is Array:
        raise NeedsReferenceError
    return float(cast(float, value))


def to_text(value: Value) -> str:
    """A text where one is needed: blank is "", numbers show 15 significant digits. Raises Fault for an error value."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is bool:
        return "TRUE" if value else "FALSE"
    if type(value) is ErrorValue:
        raise Fault(value)
    if type(value) is Array:
        raise NeedsReferenceError
    return format_number(cast(float, value))


def to_boolean(value: Value) -> bool:
    """A condition: blank and 0 are FALSE, the texts TRUE and FALSE are read, other texts are #VALUE!."""
    if type(value) is bool:
        return value
    if value is None:
        return False
    if type(value) is str:
        truth = {"TRUE": True, "FALSE": False}.get(value.strip(" ").upper())
        if truth is None:
            raise Fault(VALUE)
        return truth
    return to_number(value) != 0.0


def to_scalar(value: Value) -> Scalar:
    """Any single value but an error. Raises Fault."""
    if type(value) is ErrorValue:
        raise Fault(value)
    if type(value) is Array:
        raise NeedsReferenceError
    return cast(Scalar, value)


def finish(value: Value) -> Value:
    """What a cell shows for this result: blank is 0, an array of one cell is that cell."""
    if type(value) is Array:
        if len(value) == 1:
            return finish(value.cells[0])
        return Array([[0.0 if cell is None else cell for cell in row] for row in value.rows])
    if type(value) is str and len(value) > MAX_TEXT:
        return VALUE
    return 0.0 if value is None else value


def fold(text: str) -> str:
    """The form in which texts are compared: without case, with nothing else changed."""
    return text.lower()
