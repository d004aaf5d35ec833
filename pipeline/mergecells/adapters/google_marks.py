"""Notes and colour at cells with a conflict or a finding, told from a person's own by their text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from mergecells.adapters.google_state import GoogleState
from mergecells.adapters.google_styles import FILLS, colour
from mergecells.adapters.google_writes import cell_requests, grid_range
from mergecells.domain.locations import CellRef

Json = dict[str, Any]
Place = tuple[int, int]
TITLE = "mergecells:"
_RULE = '=LEN("mergecells")>0'


def mark_requests(state: GoogleState, marks: Mapping[CellRef, str]) -> list[Json]:
    """The requests that leave exactly these marks; none when it has none and shall have none."""
    requests: list[Json] = []
    for title, tab in state.tabs.items():
        # From below: each deletion moves up what follows.
        for index in reversed([number for number, rule in enumerate(tab.rules) if _is_ours(rule)]):
            requests.append({"deleteConditionalFormatRule": {"sheetId": tab.sheet_id, "index": index}})
        wanted = {(ref.row, ref.column): note for ref, note in marks.items() if ref.sheet == title}
        wanted = {place: note for place, note in wanted.items() if place[0] <= tab.rows and place[1] <= tab.columns}
        notes = dict(_notes(state, title, wanted))
        requests += cell_requests(tab.sheet_id, {place: {"note": note} for place, note in notes.items()})
        if wanted:
            requests.append(_rule_request(tab.sheet_id, wanted))
    return requests


def without_marks(state: GoogleState) -> GoogleState:
    """The state as it is once the marks are cleared; rules are counted from the top, so ours must not count."""
    tabs = {
        title: dataclasses.replace(tab, rules=tuple(rule for rule in tab.rules if not _is_ours(rule)))
        for title, tab in state.tabs.items()
    }
    return dataclasses.replace(state, tabs=tabs)


def _notes(
    state: GoogleState, title: str, wanted: Mapping[tuple[int, int], str]
) -> Iterator[tuple[tuple[int, int], str]]:
    cells = state.workbook.sheets[title].cells
    for place in sorted({*wanted, *(at for at, cell in cells.items() if TITLE in cell.note)}):
        present = cells[place].note if place in cells else ""
        own = present.partition(TITLE)[0].rstrip("\n")
        mark = f"{TITLE} {wanted[place]}" if place in wanted else ""
        note = f"{own}\n\n{mark}" if own and mark else own or mark
        if note != present:
            yield place, note


def _is_ours(rule: Json) -> bool:
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", ())
    return any(each.get("userEnteredValue") == _RULE for each in values)


def _rule_request(sheet_id: int, places: Mapping[tuple[int, int], str]) -> Json:
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": _RULE}]}
    look = {"backgroundColorStyle": colour(FILLS["mark"])}
    ranges = [grid_range(sheet_id, row, column) for row, column in sorted(places)]
    rule = {"ranges": ranges, "booleanRule": {"condition": condition, "format": look}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}
