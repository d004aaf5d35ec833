"""A WorkbookSource in memory, for tests of the use cases above it: it shows each layout exactly as it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mergecells.domain.errors import WorkbookChangedError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Cell, CellKind, CellValue, Sheet, Workbook
from mergecells.domain.workbook_layout import CellLayout, WorkbookLayout


@dataclass
class FakeWorkbook:
    """`meanwhile` holds what a person does just before each of the next writes; None does nothing. `writes` counts
    those that changed something."""

    workbook: Workbook | None = None
    marks: dict[CellRef, str] = field(default_factory=dict)
    meanwhile: list[Callable[[], None] | None] = field(default_factory=list)
    writes: int = 0
    _seen: Workbook | None = None

    @property
    def address(self) -> str:
        return "fake://workbook"

    def describe(self) -> str:
        return "workbook"

    def exists(self) -> bool:
        return self.workbook is not None

    def read(self) -> Workbook:
        assert self.workbook
        self._seen = self.workbook
        return self.workbook

    def write(self, layout: WorkbookLayout) -> None:
        action = self.meanwhile.pop(0) if self.meanwhile else None
        if action:
            action()
        if self.workbook is not None and self.workbook != self._seen:
            raise WorkbookChangedError("workbook was edited in the meantime.")
        sheets = {sheet.name: Sheet(sheet.name, _cells(sheet.cells)) for sheet in layout.sheets}
        made = Workbook("workbook", sheets, dict(layout.names), dict(layout.metadata))
        self.writes += made != self.workbook
        self.workbook = made

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        self.marks = dict(marks)

    def remember(self, metadata: Mapping[str, str]) -> None:
        self.workbook = replace(self.read(), metadata=dict(metadata))

    def type(self, tab: str, place: tuple[int, int], value: CellValue) -> None:
        """A person types into a cell."""
        book = self.workbook
        assert book
        sheet = book.sheets[tab]
        cells = {**sheet.cells, place: Cell(_kind(value), value)}
        self.workbook = replace(book, sheets={**book.sheets, tab: replace(sheet, cells=cells)})


def _cells(layout: Mapping[tuple[int, int], CellLayout]) -> dict[tuple[int, int], Cell]:
    return {place: _cell(cell) for place, cell in layout.items()}


def _cell(cell: CellLayout) -> Cell:
    kind = "date" if cell.style == "date" and cell.value else _kind(cell.value)
    return Cell(kind, cell.value, cell.formula)


def _kind(value: CellValue) -> CellKind:
    if value is None or value == "":
        return "blank"
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"
