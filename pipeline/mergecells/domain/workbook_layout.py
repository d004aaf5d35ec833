"""What a workbook should look like, said once for every system that can hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import CellValue

Style = Literal["header", "key", "input", "percent", "number", "formula", "computed", "text", "date", "ok", "title"]


@dataclass(frozen=True, slots=True)
class CellLayout:
    """A cell to write. With a `formula` (starting with `=`), `value` is the result to show until it is recomputed."""

    value: CellValue = None
    formula: str | None = None
    style: Style = "text"
    note: str = ""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """A rule for typed values: a list of choices, or a number range."""

    cells: CellRef
    kind: Literal["list", "decimal", "boolean", "date"]
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Highlight:
    """Colour `cells` red (or green) while `formula` is true for the first of them."""

    cells: CellRef
    formula: str
    colour: Literal["red", "green"] = "red"


@dataclass(frozen=True, slots=True)
class SheetLayout:
    name: str
    cells: Mapping[tuple[int, int], CellLayout]
    column_widths: Mapping[int, float] = field(default_factory=dict)
    frozen_rows: int = 1
    frozen_columns: int = 0
    hidden: bool = False
    hidden_columns: frozenset[int] = frozenset()
    validations: tuple[Validation, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    protected: bool = False


@dataclass(frozen=True, slots=True)
class WorkbookLayout:
    """Tabs in order, defined names (`years` → `Lead!$D$5`), metadata (the base revision among others)."""

    sheets: tuple[SheetLayout, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
