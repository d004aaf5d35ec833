"""What a workbook should look like, said once for every system that can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import CellValue

Style = Literal[
    "header", "computed-header", "key", "text", "number", "percent", "date", "formula", "computed", "share", "points",
    "facts", "boolean", "rate", "label", "title", "big", "hidden",
]  # fmt: skip
"""What a cell is for; each system draws it its own way. `share` is a computed 0..1, `points` a computed 0..100, `rate`
a computed percentage."""


@dataclass(frozen=True, slots=True)
class CellLayout:
    """A cell to write. With a `formula` (starting with `=`), `value` is the result to show until it is recomputed.

    A text `value` is written as text whatever it starts with: it never becomes a live formula. A `date` holds ISO text.
    An `array` formula is computed with whole lists where an ordinary one takes a single cell of each.
    """

    value: CellValue = None
    formula: str | None = None
    style: Style = "text"
    note: str = ""
    locked: bool = False
    array: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """A rule for typed values: a list of choices (or the range that holds them), or a number range."""

    cells: CellRef
    kind: Literal["list", "decimal", "boolean", "date"]
    choices: tuple[str, ...] = ()
    source: str = ""
    minimum: float | None = None
    maximum: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Highlight:
    """Colour `cells` red (or green) while `formula`, relative to the first of them, is true; `bar` draws their size."""

    cells: CellRef
    formula: str = ""
    colour: Literal["red", "green", "bar"] = "red"


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """A tab. A table has its titles in row 1 and one row per key below; `keys` are the columns that name a row.

    Without `keys` the tab is a page: its cells stand at their addresses, and a person may delete it.
    With `typed_keys` the last key keeps its type: the number 7 and the text 7 are two rows.
    `column_styles` dress the empty cells below a table, where a person adds rows.
    """

    name: str
    cells: Mapping[tuple[int, int], CellLayout]
    keys: tuple[int, ...] = ()
    typed_keys: bool = False
    column_widths: Mapping[int, float] = field(default_factory=dict)
    column_styles: Mapping[int, Style] = field(default_factory=dict)
    frozen_rows: int = 1
    frozen_columns: int = 0
    hidden: bool = False
    hidden_columns: frozenset[int] = frozenset()
    validations: tuple[Validation, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    protected: bool = False


@dataclass(frozen=True, slots=True)
class WorkbookLayout:
    """Tabs in order, defined names (`years` → `Lead!$D$5`), metadata (the base revision among others).

    A name that holds in one tab only is written `'tab name'!name`.
    `growing` are names, not among `names`, of blocks of rows that a person makes longer. The block is given with its
    row of titles and with the free rows below that it may grow into; the name covers the rows from below the titles to
    the last one whose first cell, in the tab's first column, is not blank, and one row at least.
    """

    sheets: tuple[SheetLayout, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    growing: Mapping[str, CellRef] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
