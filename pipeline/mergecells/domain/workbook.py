"""A workbook as values: what was read from a spreadsheet, whichever system holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mergecells.domain.locations import CellRef

CellKind = Literal["blank", "number", "text", "boolean", "error", "date"]
CellValue: TypeAlias = float | str | bool | None

METADATA_SHEET = "_mergecells"
"""A hidden tab with `key | value` rows where a system has no better place for metadata."""

BASE_REVISION = "base_revision"
SUBMITTED = "submitted"
WRITING = "writing"
LIVE = "live"
"""Metadata: pairs of revisions `branch:proposal`, one for each submission whose merge the workbook does not show.

`live`: a revision and how far it got, `<sha> live on 3 of 3 services since …`.

`writing`: there while a write of several parts is under way, and left behind by one that was interrupted."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `value` is what the spreadsheet showed (a formula: its last result, None if never computed).

    kind `error`: value is the error text (`#N/A`). kind `date`: value is an ISO text (`2024-02-29` or with a time).
    """

    kind: CellKind
    value: CellValue = None
    formula: str | None = None
    number_format: str = "General"
    note: str = ""
    quote_prefix: bool = False


BLANK = Cell("blank")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tab. `cells[row, column]`, both from 1; blank cells may be left out."""

    name: str
    cells: Mapping[tuple[int, int], Cell]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[CellRef, ...] = ()

    def at(self, row: int, column: int) -> Cell:
        return self.cells.get((row, column), BLANK)

    @property
    def last_row(self) -> int:
        return max((row for row, _ in self.cells), default=0)

    @property
    def last_column(self) -> int:
        return max((column for _, column in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class Workbook:
    """`names` are the defined names (`years` → `Lead!$D$5`); `metadata` holds the base revision among others."""

    source: str
    sheets: Mapping[str, Sheet]
    names: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
