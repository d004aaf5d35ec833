"""A spreadsheet as the stand-in holds it. Cells are replaced, never changed, so that a copy is cheap and a failed batch
leaves nothing behind."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from standins.google.formulas import Adjust, Span, adjust_formula

MAX_CELLS, MAX_CHARACTERS, MAX_COLUMNS, MAX_METADATA = 10_000_000, 50_000, 18_278, 30_000
ROW_HEIGHT, COLUMN_WIDTH = 21, 100

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 - an answer of the API
    """An error answer: HTTP status, the API's status word, its sentence, and details."""

    def __init__(self, code: int, status: str, message: str, *details: Json) -> None:
        super().__init__(message)
        self.code, self.status, self.message, self.details = code, status, message, details


def invalid(message: str) -> Refused:
    return Refused(400, "INVALID_ARGUMENT", message)


@dataclass
class Tab:
    """`cells[row, column]` zero-based; `rows` and `columns` hold DimensionProperties that are not the default."""

    properties: Json
    cells: dict[tuple[int, int], Json] = field(default_factory=dict)
    rows: dict[int, Json] = field(default_factory=dict)
    columns: dict[int, Json] = field(default_factory=dict)
    merges: list[Json] = field(default_factory=list)
    conditional: list[Json] = field(default_factory=list)
    protected: list[Json] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def size(self) -> tuple[int, int]:
        grid = self.properties["gridProperties"]
        return grid["rowCount"], grid["columnCount"]

    def resize(self, rows: int, columns: int) -> None:
        grid = {**self.properties["gridProperties"], "rowCount": rows, "columnCount": columns}
        self.properties = {**self.properties, "gridProperties": grid}

    def copy(self) -> Tab:
        others = [copy.deepcopy(each) for each in (self.merges, self.conditional, self.protected)]
        return Tab(copy.deepcopy(self.properties), dict(self.cells), dict(self.rows), dict(self.columns), *others)


@dataclass
class Spreadsheet:
    id: str
    properties: Json
    tabs: list[Tab]
    named: list[Json] = field(default_factory=list)
    metadata: list[Json] = field(default_factory=list)
    next_id: int = 1

    def copy(self) -> Spreadsheet:
        return Spreadsheet(
            self.id,
            copy.deepcopy(self.properties),
            [tab.copy() for tab in self.tabs],
            copy.deepcopy(self.named),
            copy.deepcopy(self.metadata),
            self.next_id,
        )

    def tab(self, sheet_id: int) -> Tab:
        found = next((tab for tab in self.tabs if tab.id == sheet_id), None)
        if found is None:
            raise invalid(f"No grid with id: {sheet_id}")
        return found

    def titled(self, title: str) -> Tab:
        found = next((tab for tab in self.tabs if tab.title == title), None)
        if found is None:
            raise invalid(f"Unable to parse range: {title}")
        return found

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def check_size(self) -> None:
        cells = sum(tab.size[0] * tab.size[1] for tab in self.tabs)
        if cells > MAX_CELLS or any(tab.size[1] > MAX_COLUMNS for tab in self.tabs):
            raise invalid(
                "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
            )

    def check_metadata(self) -> None:
        totals: dict[str, int] = {}
        for each in self.metadata:
            place = each["location"]
            where = str(place.get("sheetId", place.get("dimensionRange", {}).get("sheetId", "spreadsheet")))
            totals[where] = totals.get(where, 0) + len(each["metadataKey"]) + len(each.get("metadataValue", ""))
        if any(total > MAX_METADATA for total in totals.values()):
            raise invalid("The developer metadata of this spreadsheet exceeds its limit of 30000 characters.")

    def move(self, tab: Tab, rows: bool, where: Adjust, spans: Adjust) -> None:
        """Rows (or columns) of a tab go where `where` says for each one, `spans` for ranges of several."""

        def range_of(span: Span) -> Span | None:
            return where(span) if span[1] - span[0] == 1 else spans(span)

        def place(index: int) -> int | None:
            found = where((index, index + 1))
            return found[0] if found else None

        self._move_cells(tab, rows, place)
        start, end = ("startRowIndex", "endRowIndex") if rows else ("startColumnIndex", "endColumnIndex")

        def kept(area: Json) -> bool:
            if area.get("sheetId", 0) != tab.id or start not in area or end not in area:
                return True
            found = range_of((area[start], area[end]))
            if found:
                area[start], area[end] = found
            return found is not None

        tab.merges = [area for area in tab.merges if kept(area)]
        tab.protected = [each for each in tab.protected if kept(each["range"])]
        self.named = [each for each in self.named if kept(each["range"])]
        for rule in tab.conditional:
            rule["ranges"] = [area for area in rule["ranges"] if kept(area)]
        tab.conditional = [rule for rule in tab.conditional if rule["ranges"]]
        self._move_metadata(tab, rows, place)
        for each in self.tabs:
            for at, cell in list(each.cells.items()):
                formula = cell.get("userEnteredValue", {}).get("formulaValue")
                if formula:
                    changed = adjust_formula(formula, each.title, tab.title, rows, range_of)
                    if changed != formula:
                        each.cells[at] = {**cell, "userEnteredValue": {"formulaValue": changed}}

    def _move_cells(self, tab: Tab, rows: bool, place: Any) -> None:
        cells: dict[tuple[int, int], Json] = {}
        for (row, column), cell in tab.cells.items():
            found = place(row if rows else column)
            if found is not None:
                cells[(found, column) if rows else (row, found)] = cell
        tab.cells = cells
        held = tab.rows if rows else tab.columns
        moved = {place(index): about for index, about in held.items() if place(index) is not None}
        if rows:
            tab.rows = moved
        else:
            tab.columns = moved

    def _move_metadata(self, tab: Tab, rows: bool, place: Any) -> None:
        kept = []
        for each in self.metadata:
            span = each["location"].get("dimensionRange")
            if span and span.get("sheetId", 0) == tab.id and span["dimension"] == ("ROWS" if rows else "COLUMNS"):
                found = place(span["startIndex"])
                if found is None:
                    continue
                span["startIndex"], span["endIndex"] = found, found + 1
            kept.append(each)
        self.metadata = kept


def blank_tab(sheet_id: int, title: str, index: int, rows: int = 1000, columns: int = 26) -> Tab:
    grid = {"rowCount": rows, "columnCount": columns}
    about = {"sheetId": sheet_id, "title": title, "index": index, "sheetType": "GRID", "gridProperties": grid}
    return Tab(about)
