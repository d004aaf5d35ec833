"""An .xlsx → domain Workbook: every value, formula, format and note, in one pass and within limits."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mergecells.adapters.xlsx_cells import CellSettings, make_cell, shift_formula
from mergecells.adapters.xlsx_limits import MAX_CELL_CHARACTERS, MAX_CELLS, MAX_COLUMN, MAX_ROW, open_archive
from mergecells.adapters.xlsx_parts import (
    Tab,
    read_contents,
    read_formats,
    read_notes,
    read_properties,
    read_shared_texts,
)
from mergecells.adapters.xlsx_xml import parse_part
from mergecells.domain.errors import WorkbookUnreadableError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import METADATA_SHEET, Cell, Sheet, Workbook
from mergecells.transforms.collector import paused_collector

PROPERTY_PREFIX = "mergecells."
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})\Z")


@paused_collector()
def read_xlsx(path: Path) -> Workbook:
    """Read everything. Raises WorkbookUnreadableError; never returns part of a workbook."""
    with open_archive(path) as archive:
        contents = read_contents(archive)
        settings = CellSettings(
            texts=read_shared_texts(archive, contents.part),
            formats=read_formats(archive, contents.part),
            epoch_1904=contents.epoch_1904,
        )
        sheets = {tab.name: _read_sheet(archive, tab, settings) for tab in contents.tabs}
        metadata = {
            name.removeprefix(PROPERTY_PREFIX): value
            for name, value in read_properties(archive).items()
            if name.startswith(PROPERTY_PREFIX)
        }
    metadata |= _sheet_metadata(sheets.pop(METADATA_SHEET, None))
    return Workbook(path.name, sheets, contents.names, metadata)


def _sheet_metadata(sheet: Sheet | None) -> dict[str, str]:
    if sheet is None:
        return {}
    rows = range(1, min(sheet.last_row, 200) + 1)
    pairs = {str(sheet.at(row, 1).value or ""): str(sheet.at(row, 2).value or "") for row in rows}
    return {key: value for key, value in pairs.items() if key and value}


def _read_sheet(archive: zipfile.ZipFile, tab: Tab, settings: CellSettings) -> Sheet:
    reading = _SheetReading(tab.name, settings)
    parse_part(archive, tab.part, reading.start, reading.end, reading.text)
    cells = reading.cells
    for address, note in read_notes(archive, tab.part).items():
        place = parse_address(address)
        if place:
            cells[place] = _with_note(cells.get(place), note)
    return Sheet(tab.name, cells, tab.hidden, frozenset(reading.hidden_rows), tuple(reading.merged))


def _with_note(cell: Cell | None, note: str) -> Cell:
    if cell is None:
        return Cell("blank", note=note)
    return Cell(cell.kind, cell.value, cell.formula, cell.number_format, note, cell.quote_prefix)


def parse_address(address: str) -> tuple[int, int] | None:
    """`B7` → (7, 2); None when it is no address of a cell."""
    match = _ADDRESS.match(address)
    if match is None:
        return None
    column = 0
    for letter in match.group(1):
        column = column * 26 + ord(letter) - 64
    row = int(match.group(2))
    return (row, column) if 0 < row <= MAX_ROW and column <= MAX_COLUMN else None


class _SheetReading:
    """The state while the elements of one sheet stream by. The sheet's own idea of its size is not believed."""

    def __init__(self, name: str, settings: CellSettings) -> None:
        self.name = name
        self.settings = settings
        self.cells: dict[tuple[int, int], Cell] = {}
        self.hidden_rows: set[int] = set()
        self.merged: list[CellRef] = []
        self._row = self._column = 0
        self._attributes: Mapping[str, str] = {}
        self._value: list[str] = []
        self._formula: list[str] = []
        self._formula_attributes: Mapping[str, str] | None = None
        self._into: list[str] | None = None
        self._phonetic = False
        self._length = 0
        self._seen = 0
        self._shared: dict[str, tuple[int, int, str]] = {}

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        if element == "c":
            self._start_cell(attributes)
        elif element in ("v", "t"):
            self._into = None if self._phonetic else self._value
        elif element == "f":
            self._into, self._formula_attributes = self._formula, attributes
        elif element == "row":
            self._start_row(attributes)
        elif element == "rPh":
            self._phonetic = True
        elif element == "mergeCell":
            self._add_merged(attributes.get("ref", ""))

    def text(self, chunk: str) -> None:
        if self._into is not None:
            self._length += len(chunk)
            if self._length > MAX_CELL_CHARACTERS:
                place = CellRef(self.name, self._row, max(1, self._column))
                raise WorkbookUnreadableError(
                    f"{place} holds more than {MAX_CELL_CHARACTERS:,} characters.", "Shorten it and save again."
                )
            self._into.append(chunk)

    def end(self, element: str) -> None:
        if element == "c":
            self._end_cell()
        elif element in ("v", "t", "f"):
            self._into = None
        elif element == "rPh":
            self._phonetic = False

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        given = attributes.get("r", "")
        self._row = int(given) if given.isdigit() and len(given) <= 7 else self._row + 1
        self._column = 0
        if self._row > MAX_ROW:
            raise WorkbookUnreadableError(
                f"Tab {self.name} claims row {self._row:,}.", "Copy the tab into a new workbook."
            )
        if attributes.get("hidden") in ("1", "true"):
            self.hidden_rows.add(self._row)

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        place = parse_address(attributes["r"]) if "r" in attributes else (self._row, self._column + 1)
        self._seen += 1
        if place is None or place[1] > MAX_COLUMN or self._seen > MAX_CELLS:
            raise WorkbookUnreadableError(
                f"Tab {self.name} has more cells than a sheet can have, or cells outside of it.",
                "Copy the tab into a new workbook.",
            )
        self._row, self._column = place
        self._attributes = attributes
        self._value, self._formula, self._formula_attributes = [], [], None
        self._length = 0

    def _end_cell(self) -> None:
        formula = self._own_formula() if self._formula_attributes is not None else None
        if not self._value and formula is None and self._attributes.get("t") != "inlineStr":
            return
        cell = make_cell(self._attributes, "".join(self._value), formula, self.settings)
        if cell is not None:
            self.cells[self._row, self._column] = cell

    def _own_formula(self) -> str | None:
        """The cell's formula; one that follows a shared formula is moved here from the first cell."""
        text = "".join(self._formula)
        attributes = self._formula_attributes or {}
        if attributes.get("t") == "shared":
            group = attributes.get("si", "")
            if text:
                self._shared[group] = (self._row, self._column, text)
            elif group in self._shared:
                row, column, first = self._shared[group]
                return shift_formula(first, self._row - row, self._column - column)
        return text or None

    def _add_merged(self, address: str) -> None:
        corners: Sequence[tuple[int, int] | None] = [parse_address(part) for part in address.split(":")]
        if corners and corners[0] and corners[-1]:
            first, last = corners[0], corners[-1]
            self.merged.append(CellRef(self.name, *first, *last))
