"""A layout and the state of a spreadsheet → the requests that bring it there; cells that are right stay."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mergecells.adapters.cell_references import Movements, move_formula
from mergecells.adapters.google_cells import entered_value
from mergecells.adapters.google_dress import (
    SPARE_ROWS,
    add_sheet,
    dress_tab,
    protect_request,
    protected_areas,
)
from mergecells.adapters.google_metadata import metadata_requests
from mergecells.adapters.google_names import (
    all_names,
    dead_names,
    delete_name,
    google_names,
    name_requests,
    split_scope,
    used_names,
)
from mergecells.adapters.google_redress import redress, undress
from mergecells.adapters.google_rows import is_reordered, row_requests
from mergecells.adapters.google_state import SEPARATOR_KEY, GoogleState, writes_point
from mergecells.adapters.google_styles import cell_format, number_format
from mergecells.adapters.google_writes import cell_requests
from mergecells.adapters.tab_match import LAYOUT_HEADER, TabMatch, is_own_title, match_tab, missing_tabs, same_value
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Cell
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from mergecells.transforms.google_formulas import ARRAY, SEPARATOR, GoogleDialect, choose_separator
from mergecells.transforms.workbook_formulas import same_formula

Json = dict[str, Any]
ELSEWHERE = "Put the titles back, or let `mergecells init --google` make a new sheet and copy your own cells over."
_POINT_LOCALE = "en_US"


@dataclass
class WritePlan:
    """`structure` makes tabs, rows and names what they must be; `cells` may follow in several parts; `last` makes it
    known that all is done. `creates` says whether the spreadsheet is made anew."""

    structure: list[Json] = field(default_factory=list)
    cells: list[Json] = field(default_factory=list)
    last: list[Json] = field(default_factory=list)
    creates: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.structure or self.cells or self.last)


def plan_write(state: GoogleState, layout: WorkbookLayout) -> WritePlan:
    """What has to be done. Raises MergecellsError when the spreadsheet cannot take the layout."""
    dialect = _dialect(layout)
    metadata: dict[str, str | None] = dict(layout.metadata)
    if dialect.separator != SEPARATOR or SEPARATOR_KEY in state.metadata:
        metadata[SEPARATOR_KEY] = dialect.separator
    plan = _Planning(state, layout, dialect)
    made = plan.create() if state.is_new else plan.patch()
    made.last += metadata_requests(state, metadata)
    return made


def _dialect(layout: WorkbookLayout) -> GoogleDialect:
    names = all_names(layout)
    plain = [split_scope(name) for name in names]
    separator = choose_separator([*(name for _, name in plain), *(sheet.name for sheet in layout.sheets)])
    return GoogleDialect(separator, frozenset((s.lower(), name.lower()) for s, name in plain if s))


class _Planning:
    """One write while it is planned."""

    def __init__(self, state: GoogleState, layout: WorkbookLayout, dialect: GoogleDialect) -> None:
        self._state, self._layout, self._dialect = state, layout, dialect
        self._ids = {name: tab.sheet_id for name, tab in state.tabs.items()}
        self._taken = set(state.sheet_ids)
        self._plan = WritePlan()

    def create(self) -> WritePlan:
        """Everything, in place of what an empty spreadsheet holds or an interrupted start left."""
        plan = self._plan
        plan.creates = True
        own = {sheet.name.lower() for sheet in self._layout.sheets}
        sheets = self._state.workbook.sheets
        old = [name for name in self._ids if not sheets[name].cells or name.lower() in own]
        for number, name in enumerate(old):
            if name.lower() in own:
                about = {"sheetId": self._ids[name], "title": f"mergecells {number} {self._ids[name]}"}
                plan.structure.append({"updateSheetProperties": {"properties": about, "fields": "title"}})
        if not writes_point(self._state.locale):
            about = {"locale": _POINT_LOCALE}
            plan.structure.append({"updateSpreadsheetProperties": {"properties": about, "fields": "locale"}})
        gone = {self._ids.pop(name) for name in old}
        self._add_tabs([sheet.name for sheet in self._layout.sheets], {}, first=True)
        self._set_names({}, moved=False, gone=lambda area: area.get("sheetId", 0) in gone)
        plan.structure += [{"deleteSheet": {"sheetId": sheet_id}} for sheet_id in sorted(gone)]
        return plan

    def patch(self) -> WritePlan:
        """What differs. Raises MergecellsError."""
        plan, workbook = self._plan, self._state.workbook
        missing = missing_tabs(self._layout, workbook)
        if "base_revision" not in self._state.metadata:
            # Never filled before: its pages were not deleted, they were never there.
            missing = [sheet.name for sheet in self._layout.sheets if sheet.name not in workbook.sheets]
        present = [sheet for sheet in self._layout.sheets if sheet.name in workbook.sheets]
        tabs = {sheet.name: match_tab(sheet, workbook, ELSEWHERE) for sheet in present}
        moved = {name: tab.plan.movement for name, tab in tabs.items() if not tab.plan.movement.is_still}
        translate = {name: tab.from_layout for name, tab in tabs.items()}
        reordered = any(is_reordered(tab.plan) for tab in tabs.values())
        rows: list[Json] = []
        dressing: list[Json] = []
        for name, tab in tabs.items():
            rows += row_requests(self._ids[name], tab.plan, tab.rows.get(LAYOUT_HEADER, 1))
            rows += self._grow(name, tab)
            # What goes by its id or index goes first, while these are as they were read.
            plan.structure += undress(self._ids[name], self._state.tabs[name], tab)
            dressing += redress(self._ids[name], self._state.tabs[name], tab)
            writes = self._tab_writes(tab, translate, moved, reordered)
            plan.cells += cell_requests(self._ids[name], writes)
        self._add_tabs(missing, translate)
        self._set_names(translate, moved=bool(moved), gone=lambda area: self._loses(area, tabs), after=rows)
        plan.structure += dressing
        return plan

    def _loses(self, area: Json, tabs: Mapping[str, TabMatch]) -> bool:
        """Whether all rows of an area are deleted."""
        tab = next((each for name, each in tabs.items() if self._ids[name] == area.get("sheetId", 0)), None)
        if tab is None or "endRowIndex" not in area:
            return False
        rows = tab.plan.movement.rows
        span = range(area.get("startRowIndex", 0) + 1, area["endRowIndex"] + 1)
        return len(span) <= len(rows) and all(rows.get(row, row) is None for row in span)

    def _add_tabs(self, names: list[str], translate: Movements, first: bool = False) -> None:
        for name in names:
            layout = next(sheet for sheet in self._layout.sheets if sheet.name == name)
            sheet_id = self._ids[name] = self._new_id()
            index = names.index(name) if first else len(self._state.workbook.sheets) + names.index(name)
            self._plan.structure.append(add_sheet(sheet_id, layout, index))
            writes = dict(self._new_writes(layout, translate))
            self._plan.cells += cell_requests(sheet_id, writes)
            self._plan.structure += dress_tab(sheet_id, layout)
            areas = protected_areas(sheet_id, layout, {}, {column: column for _, column in layout.cells})
            self._plan.structure += map(protect_request, areas)

    def _new_writes(self, layout: SheetLayout, translate: Movements) -> Iterator[tuple[tuple[int, int], Json]]:
        for (row, column), cell in layout.cells.items():
            formula = self._formula(cell, layout.name, translate)
            value = entered_value(cell, formula, CellRef(layout.name, row, column))
            data = {**({"userEnteredValue": value} if value else {}), **({"note": cell.note} if cell.note else {})}
            if data:
                yield (row, column), data

    def _formula(self, cell: CellLayout, tab: str, translate: Movements) -> str | None:
        if cell.formula is None:
            return None
        text = move_formula(cell.formula, tab, translate) if translate else cell.formula
        return self._dialect.to_google(text, tab, cell.array)

    def _new_id(self) -> int:
        while True:
            number = random.randrange(1, 2**31 - 1)  # noqa: S311 - an id, no secret
            if number not in self._taken:
                self._taken.add(number)
                return number

    def _grow(self, name: str, tab: TabMatch) -> Iterator[Json]:
        """Columns and rows that the layout needs beyond the tab's grid."""
        about = self._state.tabs[name]
        present = about.rows
        if tab.layout.keys:
            columns, rows = max(tab.columns.values(), default=1), max(tab.rows.values()) + SPARE_ROWS
            present += len(tab.plan.new) - sum(new is None for new in tab.plan.movement.rows.values())
        else:
            columns = max(column for _, column in tab.layout.cells)
            rows = max(row for row, _ in tab.layout.cells)
        for dimension, needed, there in (("COLUMNS", columns, about.columns), ("ROWS", rows, present)):
            if needed > there:
                body = {"sheetId": about.sheet_id, "dimension": dimension, "length": needed - there}
                yield {"appendDimension": body}

    def _set_names(
        self, translate: Movements, *, moved: bool, gone: Callable[[Json], bool], after: Iterable[Json] = ()
    ) -> None:
        """Names that go are removed before the row requests `after`, the others set behind them."""
        formulas = (cell.formula or "" for sheet in self._layout.sheets for cell in sheet.cells.values())
        names = used_names(all_names(self._layout), formulas)
        places = {name: move_formula(target, "", translate) for name, target in names.items()}
        wanted = google_names(places, self._dialect)
        wanted = {name: cells for name, cells in wanted.items() if cells.sheet in self._ids}
        dead = dead_names(self._state, wanted, self._ids, self._dialect, gone)
        kept = {name: each for name, each in self._state.names.items() if name not in dead}
        self._plan.structure += [delete_name(self._state, name) for name in dead]
        self._plan.structure += after
        self._plan.structure += name_requests(kept, wanted, self._ids, moved)

    def _tab_writes(
        self, tab: TabMatch, translate: Movements, moved: Movements, reordered: bool
    ) -> dict[tuple[int, int], Json]:
        """The cells that differ, after the rows moved. Where rows changed places, all our formulas are written: how
        Google adjusts a block whose rows were mixed is not ours to guess."""
        writes: dict[tuple[int, int], Json] = {}
        backwards = {new: old for old, new in tab.plan.movement.rows.items() if new is not None}
        name = tab.layout.name
        for (row, column), wanted in tab.layout.cells.items():
            place = (tab.rows[row], tab.columns.get(column, 0) if tab.layout.keys else column)
            if not place[1] or is_own_title(tab, row, wanted, place):
                continue
            present, is_new = Cell("blank"), place[0] in tab.plan.new
            if not is_new:
                present = tab.sheet.at(backwards.get(place[0], place[0]), place[1])
            formula = move_formula(wanted.formula, name, translate) if wanted.formula is not None else None
            entered = {} if is_new else self._entered(name, backwards.get(place[0], place[0]), place[1])
            anew = reordered or (wanted.array and not str(entered.get("formulaValue", "")).upper().startswith(ARRAY))
            if _differs(wanted, formula, present, name, moved, anew):
                encoded = self._dialect.to_google(formula, name, wanted.array) if formula is not None else None
                writes[place] = _write(wanted, entered_value(wanted, encoded, CellRef(name, *place)), present, is_new)
            elif is_new:
                writes[place] = {"userEnteredFormat": cell_format(wanted.style)}
        return writes

    def _entered(self, tab: str, row: int, column: int) -> Json:
        return self._state.entered.get(tab, {}).get((row, column), {})


def _differs(wanted: CellLayout, formula: str | None, present: Cell, tab: str, moved: Movements, anew: bool) -> bool:
    if formula is None:
        return not same_value(wanted, present)
    if present.formula is None or anew:
        return True
    expected = move_formula(present.formula, tab, moved) if moved else present.formula
    return not same_formula(expected, formula)


def _write(wanted: CellLayout, value: Json, present: Cell, is_new: bool) -> Json:
    """The CellData to write. Formats of cells that are there stay, save that a date must look like one."""
    if is_new:
        return {"userEnteredValue": value, "userEnteredFormat": cell_format(wanted.style)}
    if wanted.style == "date" and "numberValue" in value and present.kind != "date":
        return {"userEnteredValue": value, "userEnteredFormat.numberFormat": number_format("yyyy-mm-dd")}
    return {"userEnteredValue": value}
