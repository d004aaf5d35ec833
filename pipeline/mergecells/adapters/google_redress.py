"""Protection, rules for typing and colours of a tab that is there already, where rows came, went or moved."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.adapters.cell_references import Movement, move_area, move_formula
from mergecells.adapters.google_dress import (
    OWN,
    protect_request,
    protected_areas,
    rule_request,
    validation_request,
)
from mergecells.adapters.google_state import TabState
from mergecells.adapters.tab_match import TabMatch
from mergecells.domain.locations import CellRef, column_letters, parse_cell_ref
from mergecells.domain.workbook_layout import Highlight, Validation
from mergecells.transforms.google_formulas import highlight_formula

Json = dict[str, Any]
_DIGITS = re.compile(r"\d+")


def undress(sheet_id: int, state: TabState, tab: TabMatch) -> Iterator[Json]:
    """Take away our protection and colours where they will be put anew. A colour of ours is known by its formula, in
    which only row numbers have changed."""
    if not _is_protected(sheet_id, state, tab):
        for each in _own_protection(state):
            yield {"deleteProtectedRange": {"protectedRangeId": each["protectedRangeId"]}}
    if tab.plan.movement.is_still:
        return
    known = {_DIGITS.sub("", highlight_formula(each.formula, tab.layout.name)) for each in _highlights(tab)}
    for index in reversed(range(len(state.rules))):
        if _rule_text(state.rules[index]) in known:
            yield {"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": index}}


def redress(sheet_id: int, state: TabState, tab: TabMatch) -> Iterator[Json]:
    """Protect the rows as they are now; rules for typing and colours anew where rows came or went."""
    name, spread = tab.layout.name, tab.from_layout
    if not _is_protected(sheet_id, state, tab):
        yield from map(protect_request, protected_areas(sheet_id, tab.layout, tab.rows, tab.columns))
    if tab.plan.movement.is_still:
        return
    for rule in tab.layout.validations:
        yield validation_request(sheet_id, _moved_source(rule, tab), _moved(rule.cells, spread))
    for highlight in _highlights(tab):
        changed = dataclasses.replace(highlight, formula=move_formula(highlight.formula, name, {name: spread}))
        yield rule_request(sheet_id, changed, _moved(highlight.cells, spread), name)


def _is_protected(sheet_id: int, state: TabState, tab: TabMatch) -> bool:
    areas = protected_areas(sheet_id, tab.layout, tab.rows, tab.columns)
    own = [each.get("range", {}) for each in _own_protection(state)]
    return tab.plan.movement.is_still and sorted(map(_area_key, areas)) == sorted(map(_area_key, own))


def _own_protection(state: TabState) -> list[Json]:
    return [each for each in state.protected if each.get("description") == OWN]


def _highlights(tab: TabMatch) -> list[Highlight]:
    return [each for each in tab.layout.highlights if each.formula]


def _moved(cells: CellRef, movement: Movement) -> CellRef:
    first = f"${column_letters(cells.column)}${cells.row}"
    last = f"${column_letters(cells.last_column or cells.column)}${cells.last_row or cells.row}"
    found = parse_cell_ref(f"T!{move_area(first, last, movement).replace('$', '')}")
    return dataclasses.replace(found, sheet=cells.sheet) if found else cells


def _moved_source(rule: Validation, tab: TabMatch) -> Validation:
    moved = move_formula(rule.source, tab.layout.name, {tab.layout.name: tab.from_layout})
    return dataclasses.replace(rule, source=moved)


def _rule_text(rule: Json) -> str:
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", ())
    return _DIGITS.sub("", values[0].get("userEnteredValue", "")) if values else ""


def _area_key(area: Mapping[str, int]) -> tuple[int, ...]:
    names = ("sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    return tuple(area.get(name, 0) for name in names)
