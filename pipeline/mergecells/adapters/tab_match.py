"""Which tab, row and column of a workbook each part of a layout is, and which of its cells differ.

The same for every system that holds workbooks: a person may have moved columns, put a title above the table, added rows
and columns of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mergecells.adapters.cell_references import Movement
from mergecells.adapters.row_plan import Key, RowPlan, plan_rows
from mergecells.domain.errors import MergecellsError
from mergecells.domain.workbook import Cell, CellValue, Sheet, Workbook
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from mergecells.transforms.tables import item_key
from mergecells.transforms.workbook_formulas import same_formula
from mergecells.transforms.workbook_header import KEY_COLUMN, find_sheet, plain_title

LAYOUT_HEADER, _HEADER_WITHIN = 1, 20


@dataclass(frozen=True, slots=True)
class TabMatch:
    """One tab: where the layout's columns and rows stand in it, and what it holds after its rows moved."""

    layout: SheetLayout
    sheet: Sheet
    plan: RowPlan
    columns: Mapping[int, int]
    rows: Mapping[int, int]

    @property
    def from_layout(self) -> Movement:
        """How an address of the layout becomes one of this tab."""
        last = max(self.rows, default=LAYOUT_HEADER)
        shift = max(self.rows.values(), default=0) - last
        return Movement(dict(self.rows), last, shift, self.columns)


def missing_tabs(layout: WorkbookLayout, workbook: Workbook) -> list[str]:
    """The tables that have no tab. A page that somebody deleted stays deleted."""
    missing = [sheet.name for sheet in layout.sheets if sheet.keys and sheet.name not in workbook.sheets]
    for name in missing:
        alike = find_sheet(workbook, name)
        if alike is not None:
            raise MergecellsError(f"The tab {name!r} is called {alike.name!r} here.", f"Rename it to {name!r}.")
    return missing


def match_tab(layout: SheetLayout, workbook: Workbook, elsewhere: str) -> TabMatch:
    """Where the layout's titles and rows are in the tab of its name. Raises MergecellsError, with the hint `elsewhere`,
    when the tab has no row of titles."""
    sheet = workbook.sheets[layout.name]
    if not layout.keys:
        rows = {row: row for row, _ in layout.cells}
        return TabMatch(layout, sheet, RowPlan(Movement(), {}, frozenset()), {}, rows)
    header, columns = _find_columns(layout, sheet, workbook.source, elsewhere)
    keys = {row: _layout_key(layout, row) for row, _ in layout.cells if row > LAYOUT_HEADER}
    present = _present_rows(layout, sheet, header, columns)
    plan = plan_rows(present, [keys[row] for row in sorted(keys)], header, _last_row(sheet))
    rows = {LAYOUT_HEADER: header, **{row: plan.targets[key] for row, key in keys.items()}}
    return TabMatch(layout, sheet, plan, columns, rows)


def _last_row(sheet: Sheet) -> int:
    return max((row for (row, _), cell in sheet.cells.items() if cell.kind != "blank" or cell.formula), default=1)


def _find_columns(layout: SheetLayout, sheet: Sheet, source: str, elsewhere: str) -> tuple[int, dict[int, int]]:
    """The header's row and, for each layout column, the tab's. What a person may do without is left out; what they
    type into must be there, or is put behind the last column."""
    top = {column: cell for (row, column), cell in layout.cells.items() if row == LAYOUT_HEADER}
    titles = {column: plain_title(cell.value) for column, cell in top.items() if cell.formula is None}
    rows: dict[int, dict[str, int]] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        if row <= _HEADER_WITHIN and cell.kind == "text" and cell.formula is None:
            rows.setdefault(row, {}).setdefault(plain_title(cell.value), column)
    needed = {titles[column] for column in layout.keys}
    header = next((row for row, found in sorted(rows.items()) if needed <= found.keys()), None)
    if header is None:
        raise MergecellsError(f"{source}: tab {layout.name} has no row with its titles.", elsewhere)
    columns = {column: rows[header][title] for column, title in titles.items() if title in rows[header]}
    last_own = next(column for column, title in titles.items() if title == plain_title(KEY_COLUMN))
    free = max(column for row, column in sheet.cells if row == header) + 1
    for column in sorted(top):
        if column > last_own and column - 1 in columns and column not in columns:
            columns[column] = columns[column - 1] + 1  # a result stands right of its label
        elif column <= last_own and column not in columns:
            columns[column], free = free, free + 1
    return header, columns


def _layout_key(layout: SheetLayout, row: int) -> Key:
    return _key(layout, [layout.cells[row, column].value for column in layout.keys])


def _key(layout: SheetLayout, values: Sequence[CellValue]) -> Key:
    """A row's key; a text that is a name is the same as the number that it looks like, unless keys are typed."""
    parts = [_key_text(value) for value in values]
    if layout.typed_keys and isinstance(values[-1], str):
        parts[-1] = item_key(parts[-1])
    return tuple(parts)


def _key_text(value: CellValue) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else str(value)
    return (value or "").replace("\u00a0", " ").strip()


def _present_rows(layout: SheetLayout, sheet: Sheet, header: int, columns: Mapping[int, int]) -> dict[int, Key]:
    """The rows that have a key; of two with the same key the first counts."""
    first = columns[layout.keys[0]]
    found: dict[int, Key] = {}
    for row, column in sheet.cells:
        if row > header and column == first:
            key = _key(layout, [sheet.at(row, columns[each]).value for each in layout.keys])
            if key[0]:
                found[row] = key
    return found


def is_own_title(tab: TabMatch, row: int, wanted: CellLayout, place: tuple[int, int]) -> bool:
    """Whether a title is there already; a person may have changed its spelling, which is theirs."""
    return (
        bool(tab.layout.keys) and row == LAYOUT_HEADER and not wanted.formula and tab.sheet.at(*place).kind != "blank"
    )


def same_shown(value: CellValue, present: Cell) -> bool:
    if isinstance(value, str):
        # Programs trim the results that they keep of formulas.
        return value.strip() == str(present.value or "").strip()
    shown = present.value
    if value is None or isinstance(value, bool) or isinstance(shown, bool | str) or shown is None:
        return value is shown
    return abs(value - shown) <= 1e-9


def same_value(wanted: CellLayout, present: Cell) -> bool:
    """Whether the cell shows the value already; a person's own formula with that result stays theirs."""
    value = wanted.value if wanted.value != "" else None
    if value is None:
        return present.kind == "blank" and present.formula is None
    if isinstance(value, bool) or isinstance(present.value, bool):
        return value is present.value
    if isinstance(value, str):
        if present.formula is not None and value.startswith("="):
            return same_formula(present.formula, value)
        return present.kind in ("text", "date", "error") and present.value == value
    return present.kind == "number" and present.value == value
