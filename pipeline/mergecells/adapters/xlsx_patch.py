"""Bring an existing .xlsx to a layout by changing the cells that differ.

Never a round trip through a library that rewrites the file: cached values, rich text, sparklines, a person's own tabs,
columns, formats and notes are not ours, and stay.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mergecells.adapters.xlsx_add_tab import add_tabs
from mergecells.adapters.xlsx_growing import all_names
from mergecells.adapters.xlsx_names import move_names, patch_names
from mergecells.adapters.xlsx_note_patch import move_notes
from mergecells.adapters.xlsx_package import Package
from mergecells.adapters.xlsx_properties import ask_recalculation, patch_metadata
from mergecells.adapters.xlsx_read import read_xlsx
from mergecells.adapters.xlsx_references import Movement, Movements, move_formula
from mergecells.adapters.xlsx_rows import Key, RowPlan, plan_rows
from mergecells.adapters.xlsx_sheet_patch import SheetPatch
from mergecells.adapters.xlsx_style_patch import StylePatch
from mergecells.domain.errors import MergecellsError
from mergecells.domain.workbook import METADATA_SHEET, Cell, CellValue, Sheet, Workbook
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from mergecells.transforms.tables import item_key
from mergecells.transforms.workbook_formulas import same_formula
from mergecells.transforms.workbook_header import KEY_COLUMN, find_sheet, plain_title

ELSEWHERE = "Fill a new one with `mergecells fill --workbook NEW.xlsx --apply` and copy your own cells over."
_LAYOUT_HEADER, _HEADER_WITHIN = 1, 20


@dataclass(frozen=True, slots=True)
class _TabPatch:
    """One tab: where the layout's columns and rows stand in it, and what it holds after its rows moved."""

    layout: SheetLayout
    sheet: Sheet
    plan: RowPlan
    columns: Mapping[int, int]
    rows: Mapping[int, int]

    @property
    def from_layout(self) -> Movement:
        """How an address of the layout becomes one of this tab."""
        last = max(self.rows, default=_LAYOUT_HEADER)
        shift = max(self.rows.values(), default=0) - last
        return Movement(dict(self.rows), last, shift, self.columns)


def patch_xlsx(path: Path, layout: WorkbookLayout) -> bytes | None:
    """The patched file, None when nothing differs. Raises MergecellsError when the workbook cannot take the change."""
    workbook = read_xlsx(path)
    package = Package(path)
    missing = _missing_tabs(layout, workbook)
    add_tabs(package, layout, missing)
    parts = {tab.name: tab.part for tab in package.contents.tabs}
    present = [sheet for sheet in layout.sheets if sheet.name in workbook.sheets]
    tabs = {sheet.name: _plan_tab(sheet, workbook, package) for sheet in present}
    styles = StylePatch(package)
    moved = {name: tab.plan.movement for name, tab in tabs.items() if not tab.plan.movement.is_still}
    needed = parts if moved else {name: part for name, part in parts.items() if name in tabs or name in missing}
    patches = {name: SheetPatch(name, package.tree(part), styles) for name, part in needed.items()}
    if moved:
        _move(package, workbook, patches, moved)
    translate = {name: tab.from_layout for name, tab in tabs.items()}
    for name in missing:
        patches[name].move_formulas(translate)
    touched = bool(moved or missing)
    for name, tab in tabs.items():
        touched |= _patch_cells(tab, patches[name], translate)
        if tab.layout.keys and tab.rows[_LAYOUT_HEADER] == _LAYOUT_HEADER:
            touched |= patches[name].freeze(tab.layout.frozen_rows, tab.layout.frozen_columns)
    names = {name: move_formula(target, "", translate) for name, target in all_names(layout).items()}
    touched |= patch_names(package, names, set(tabs))
    touched |= patch_metadata(package, layout.metadata, workbook.metadata)
    if not touched:
        return None
    package.remove(package.contents.part, "calcChain")
    ask_recalculation(package)
    return package.content()


def _missing_tabs(layout: WorkbookLayout, workbook: Workbook) -> list[str]:
    """The tables that have no tab. A page that somebody deleted stays deleted."""
    missing = [sheet.name for sheet in layout.sheets if sheet.keys and sheet.name not in workbook.sheets]
    for name in missing:
        alike = find_sheet(workbook, name)
        if alike is not None:
            raise MergecellsError(f"The tab {name!r} is called {alike.name!r} here.", f"Rename it to {name!r}.")
    return missing


def _plan_tab(layout: SheetLayout, workbook: Workbook, package: Package) -> _TabPatch:
    sheet = workbook.sheets[layout.name]
    if not layout.keys:
        rows = {row: row for row, _ in layout.cells}
        return _TabPatch(layout, sheet, RowPlan(Movement(), {}, frozenset()), {}, rows)
    header, columns = _find_columns(layout, sheet, workbook.source)
    keys = {row: _layout_key(layout, row) for row, _ in layout.cells if row > _LAYOUT_HEADER}
    present = _present_rows(layout, sheet, header, columns)
    plan = plan_rows(present, [keys[row] for row in sorted(keys)], header, _last_row(sheet))
    part = next(tab.part for tab in package.contents.tabs if tab.name == layout.name)
    if not plan.movement.is_still and "table" in package.kinds(part):
        raise MergecellsError(f"Tab {layout.name} holds a formatted table, whose rows cannot be moved.", ELSEWHERE)
    rows = {_LAYOUT_HEADER: header, **{row: plan.targets[key] for row, key in keys.items()}}
    return _TabPatch(layout, sheet, plan, columns, rows)


def _last_row(sheet: Sheet) -> int:
    return max((row for (row, _), cell in sheet.cells.items() if cell.kind != "blank" or cell.formula), default=1)


def _find_columns(layout: SheetLayout, sheet: Sheet, source: str) -> tuple[int, dict[int, int]]:
    """The header's row and, for each layout column, the tab's. What a person may do without is left out; what they
    type into must be there, or is put behind the last column."""
    top = {column: cell for (row, column), cell in layout.cells.items() if row == _LAYOUT_HEADER}
    titles = {column: plain_title(cell.value) for column, cell in top.items() if cell.formula is None}
    rows: dict[int, dict[str, int]] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        if row <= _HEADER_WITHIN and cell.kind == "text" and cell.formula is None:
            rows.setdefault(row, {}).setdefault(plain_title(cell.value), column)
    needed = {titles[column] for column in layout.keys}
    header = next((row for row, found in sorted(rows.items()) if needed <= found.keys()), None)
    if header is None:
        raise MergecellsError(f"{source}: tab {layout.name} has no row with its titles.", ELSEWHERE)
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


def _move(package: Package, workbook: Workbook, patches: Mapping[str, SheetPatch], moved: Movements) -> None:
    """Rows go where they belong; every formula, name, rule and note of the workbook follows them."""
    for name, part, _ in package.contents.tabs:
        if name not in workbook.sheets and name != METADATA_SHEET:
            continue  # a tab that was just added is written for where the rows stand now
        patch = patches[name]
        if name in moved:
            cells = workbook.sheets[name].cells
            patch.unshare_formulas({place: cell.formula for place, cell in cells.items() if cell.formula})
            patch.move_rows(moved[name])
            move_notes(package, part, moved[name])
        patch.move_formulas(moved)
    move_names(package, moved)


def _patch_cells(tab: _TabPatch, patch: SheetPatch, translate: Movements) -> bool:
    """Write the cells that differ; True when there were any."""
    touched = False
    backwards = {new: old for old, new in tab.plan.movement.rows.items() if new is not None}
    for row in sorted(tab.plan.new):
        patch.dress(row, row - 1 if row - 1 > tab.rows[_LAYOUT_HEADER] else row + 1)
        touched = True
    touched |= _dress_typed_rows(tab, patch)
    moved = not all(movement.is_still for movement in translate.values())
    for (row, column), wanted in tab.layout.cells.items():
        place = (tab.rows[row], tab.columns.get(column, 0) if tab.layout.keys else column)
        if not place[1] or _is_own_title(tab, row, wanted, place):
            continue
        formula = wanted.formula
        if formula is not None and moved:
            formula = move_formula(formula, tab.layout.name, translate)
        present = Cell("blank")
        if place[0] not in tab.plan.new:
            present = tab.sheet.at(backwards.get(place[0], place[0]), place[1])
        if present.formula is not None:
            # As it stands now: it followed the rows that moved. A shared formula is in its first cell only.
            present = dataclasses.replace(present, formula=patch.formula_of(*place) or present.formula)
        touched |= _patch_cell(patch, place, wanted, formula, present)
    return touched


def _dress_typed_rows(tab: _TabPatch, patch: SheetPatch) -> bool:
    """Let the keys and computed cells of rows that a person typed below or between look, and be locked, as in other
    rows. What they typed into keeps its format: a date would be a number under another one."""
    if not tab.layout.keys or not tab.plan.targets:
        return False
    locked = {
        tab.columns[column]
        for (row, column), cell in tab.layout.cells.items()
        if row > _LAYOUT_HEADER and cell.locked and column in tab.columns
    }
    backwards = {new: old for old, new in tab.plan.movement.rows.items() if new is not None}
    hidden = next((column for (_, column), cell in tab.layout.cells.items() if cell.style == "hidden"), 0)
    remembers = tab.columns.get(hidden, 0)
    model, typed = 0, []
    for place in sorted(tab.rows[row] for row in tab.rows if row > _LAYOUT_HEADER):
        if place in tab.plan.new:
            continue
        if tab.sheet.at(backwards.get(place, place), remembers).kind == "blank":
            typed.append(place)
        else:
            model = model or place
    for place in typed if model else ():
        patch.dress_cells(place, model, locked)
    return bool(typed and model)


def _is_own_title(tab: _TabPatch, row: int, wanted: CellLayout, place: tuple[int, int]) -> bool:
    """Whether a title is there already; a person may have changed its spelling, which is theirs."""
    return (
        bool(tab.layout.keys) and row == _LAYOUT_HEADER and not wanted.formula and tab.sheet.at(*place).kind != "blank"
    )


def _patch_cell(
    patch: SheetPatch, place: tuple[int, int], wanted: CellLayout, formula: str | None, present: Cell
) -> bool:
    if formula is not None:
        if present.formula is None or not same_formula(present.formula, formula):
            patch.put(*place, wanted, wanted.value, formula)
            return True
        if wanted.value is None or _same_shown(wanted.value, present):
            return False
        patch.show(*place, wanted.value)
        return True
    if _same_value(wanted, present):
        return False
    patch.put(*place, wanted, wanted.value, None)
    return True


def _same_shown(value: CellValue, present: Cell) -> bool:
    if isinstance(value, str):
        # Programs trim the results that they keep of formulas.
        return value.strip() == str(present.value or "").strip()
    shown = present.value
    if value is None or isinstance(value, bool) or isinstance(shown, bool | str) or shown is None:
        return value is shown
    return abs(value - shown) <= 1e-9


def _same_value(wanted: CellLayout, present: Cell) -> bool:
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
