"""Bring an existing .xlsx to a layout by changing the cells that differ.

Never a round trip through a library that rewrites the file: cached values, rich text, sparklines, a person's own tabs,
columns, formats and notes are not ours, and stay.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from mergecells.adapters.cell_references import Movements, move_formula
from mergecells.adapters.tab_match import (
    LAYOUT_HEADER,
    TabMatch,
    is_own_title,
    match_tab,
    missing_tabs,
    same_shown,
    same_value,
)
from mergecells.adapters.xlsx_add_tab import add_tabs
from mergecells.adapters.xlsx_growing import all_names
from mergecells.adapters.xlsx_names import move_names, patch_names
from mergecells.adapters.xlsx_note_patch import move_notes
from mergecells.adapters.xlsx_package import Package
from mergecells.adapters.xlsx_properties import ask_recalculation, patch_metadata
from mergecells.adapters.xlsx_read import read_xlsx
from mergecells.adapters.xlsx_sheet_patch import SheetPatch
from mergecells.adapters.xlsx_style_patch import StylePatch
from mergecells.domain.errors import MergecellsError
from mergecells.domain.workbook import METADATA_SHEET, Cell, Workbook
from mergecells.domain.workbook_layout import CellLayout, SheetLayout, WorkbookLayout
from mergecells.transforms.workbook_formulas import same_formula

ELSEWHERE = "Fill a new one with `mergecells fill --workbook NEW.xlsx --apply` and copy your own cells over."


def patch_xlsx(path: Path, layout: WorkbookLayout) -> bytes | None:
    """The patched file, None when nothing differs. Raises MergecellsError when the workbook cannot take the change."""
    workbook = read_xlsx(path)
    package = Package(path)
    missing = missing_tabs(layout, workbook)
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
        if tab.layout.keys and tab.rows[LAYOUT_HEADER] == LAYOUT_HEADER:
            touched |= patches[name].freeze(tab.layout.frozen_rows, tab.layout.frozen_columns)
    names = {name: move_formula(target, "", translate) for name, target in all_names(layout).items()}
    touched |= patch_names(package, names, set(tabs))
    touched |= patch_metadata(package, layout.metadata, workbook.metadata)
    if not touched:
        return None
    package.remove(package.contents.part, "calcChain")
    ask_recalculation(package)
    return package.content()


def _plan_tab(layout: SheetLayout, workbook: Workbook, package: Package) -> TabMatch:
    tab = match_tab(layout, workbook, ELSEWHERE)
    part = next(tab.part for tab in package.contents.tabs if tab.name == layout.name)
    if not tab.plan.movement.is_still and "table" in package.kinds(part):
        raise MergecellsError(f"Tab {layout.name} holds a formatted table, whose rows cannot be moved.", ELSEWHERE)
    return tab


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


def _patch_cells(tab: TabMatch, patch: SheetPatch, translate: Movements) -> bool:
    """Write the cells that differ; True when there were any."""
    touched = False
    backwards = {new: old for old, new in tab.plan.movement.rows.items() if new is not None}
    for row in sorted(tab.plan.new):
        patch.dress(row, row - 1 if row - 1 > tab.rows[LAYOUT_HEADER] else row + 1)
        touched = True
    touched |= _dress_typed_rows(tab, patch)
    moved = not all(movement.is_still for movement in translate.values())
    for (row, column), wanted in tab.layout.cells.items():
        place = (tab.rows[row], tab.columns.get(column, 0) if tab.layout.keys else column)
        if not place[1] or is_own_title(tab, row, wanted, place):
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


def _dress_typed_rows(tab: TabMatch, patch: SheetPatch) -> bool:
    """Let the keys and computed cells of rows that a person typed below or between look, and be locked, as in other
    rows. What they typed into keeps its format: a date would be a number under another one."""
    if not tab.layout.keys or not tab.plan.targets:
        return False
    locked = {
        tab.columns[column]
        for (row, column), cell in tab.layout.cells.items()
        if row > LAYOUT_HEADER and cell.locked and column in tab.columns
    }
    backwards = {new: old for old, new in tab.plan.movement.rows.items() if new is not None}
    hidden = next((column for (_, column), cell in tab.layout.cells.items() if cell.style == "hidden"), 0)
    remembers = tab.columns.get(hidden, 0)
    model, typed = 0, []
    for place in sorted(tab.rows[row] for row in tab.rows if row > LAYOUT_HEADER):
        if place in tab.plan.new:
            continue
        if tab.sheet.at(backwards.get(place, place), remembers).kind == "blank":
            typed.append(place)
        else:
            model = model or place
    for place in typed if model else ():
        patch.dress_cells(place, model, locked)
    return bool(typed and model)


def _patch_cell(
    patch: SheetPatch, place: tuple[int, int], wanted: CellLayout, formula: str | None, present: Cell
) -> bool:
    if formula is not None:
        if present.formula is None or not same_formula(present.formula, formula):
            patch.put(*place, wanted, wanted.value, formula)
            return True
        if wanted.value is None or same_shown(wanted.value, present):
            return False
        patch.show(*place, wanted.value)
        return True
    if same_value(wanted, present):
        return False
    patch.put(*place, wanted, wanted.value, None)
    return True
