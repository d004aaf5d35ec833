"""Named ranges of a spreadsheet, brought to what the layout names."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mergecells.adapters.google_state import GoogleState
from mergecells.adapters.google_writes import grid_range
from mergecells.domain.locations import CellRef, parse_cell_ref
from mergecells.domain.workbook_layout import WorkbookLayout
from mergecells.transforms.google_formulas import GoogleDialect

Json = dict[str, Any]
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)+")
_WORD = re.compile(r"[^\W\d][\w.]*")
_EXACT_SEARCH = re.compile(r"\b(?:[vh]lookup|match)\s*(?=\([^()]*,\s*(?:false|0)\s*\))")
_CALL = re.compile(r"([^\W\d][\w.]*)\s*\(")
BLIND_TO_BLANKS = frozenset({
    "abs", "and", "average", "averageif", "averageifs", "columns", "concatenate", "count", "counta", "ceiling",
    "date", "day", "exact", "floor", "if", "iferror", "ifna", "ifs", "index", "int", "large", "left", "len",
    "lower", "max", "maxifs", "median", "mid", "min", "minifs", "mod", "month", "not", "or", "product", "right",
    "round", "rounddown", "roundup", "small", "sum", "sumif", "sumifs", "switch", "text", "trim", "upper", "value",
    "xlookup", "year",
})  # fmt: skip
"""Functions for which free rows below a table are as good as none, or which do not take a table."""

MOST_NAMES = 1_000
"""A factor is a name for formulas to use. Beyond so many, only those that formulas do use: a list of thousands is of no
use to a person, and costs as many requests."""


def split_scope(name: str) -> tuple[str, str]:
    """`'health'!company.age` → (`health`, `company.age`); a name of the whole workbook has no scope."""
    scope, mark, plain = name.rpartition("!")
    return (scope.strip("'").replace("''", "'"), plain) if mark else ("", name)


def all_names(layout: WorkbookLayout) -> dict[str, str]:
    """Every name of a layout with its cells. A block that people make longer is taken with its free rows below: a named
    range of Google's is no formula, and would not grow with a row typed below its end. Not so where a formula may
    take the free rows for rows of the table (`ROWS`, a count of blanks): its result comes first."""
    ends = filled_ends(layout)
    growing = {
        name: str(dataclasses.replace(block, row=block.row + 1, last_row=ends.get(block.sheet, block.last_row)))
        for name, block in layout.growing.items()
    }
    return {**layout.names, **growing}


def filled_ends(layout: WorkbookLayout) -> dict[str, int]:
    """Tab → its last row, for the tabs that a formula uses by name in a way in which blank rows may count."""
    tabs = {name.lower(): block.sheet for name, block in layout.growing.items()}
    if not tabs:
        return {}
    found = set()
    for cell in (cell for sheet in layout.sheets for cell in sheet.cells.values() if cell.formula):
        text = (cell.formula or "").lower()
        if cell.array or not BLIND_TO_BLANKS.issuperset(_CALL.findall(_EXACT_SEARCH.sub("", text))):
            found |= {tabs[word] for word in _WORD.findall(text) if word in tabs}
    last = {sheet.name: max(row for row, _ in sheet.cells) for sheet in layout.sheets if sheet.name in found}
    return {tab: max(row, 2) for tab, row in last.items()}


def used_names(names: Mapping[str, str], formulas: Iterator[str]) -> dict[str, str]:
    """All names, or, of more than MOST_NAMES, the plain ones and those of factors that a formula uses."""
    if len(names) <= MOST_NAMES:
        return dict(names)
    used = {word.lower() for text in formulas for word in _DOTTED.findall(text)}
    return {name: target for name, target in names.items() if "." not in name or split_scope(name)[1].lower() in used}


def google_names(names: Mapping[str, str], dialect: GoogleDialect) -> dict[str, CellRef]:
    """Google's name of each, and its cells."""
    found: dict[str, CellRef] = {}
    for name, target in names.items():
        scope, plain = split_scope(name)
        cells = parse_cell_ref(target.replace("$", ""))
        if cells is not None and dialect.is_possible(plain):
            found[dialect.name(plain, scope)] = cells
    return found


def dead_names(
    state: GoogleState,
    wanted: Mapping[str, CellRef],
    sheet_ids: Mapping[str, int],
    dialect: GoogleDialect,
    gone: Callable[[Json], bool],
) -> list[str]:
    """Names to remove: ours of factors that are no more, what points nowhere, and what would lose its cells with rows
    that go (`gone`), of which it is nowhere said whether the name stays."""
    kept = {name.lower() for name in wanted}
    managed = set(sheet_ids.values())
    found = []
    for name, each in state.names.items():
        area = each.get("range", {})
        own = len(dialect.split(name)) > 1 and area.get("sheetId", 0) in managed
        is_kept = name.lower() in kept
        if (is_kept and gone(area)) or (not is_kept and (own or not area)):
            found.append(name)
    return found


def delete_name(state: GoogleState, name: str) -> Json:
    return {"deleteNamedRange": {"namedRangeId": state.names[name]["namedRangeId"]}}


def name_requests(
    names: Mapping[str, Json], wanted: Mapping[str, CellRef], sheet_ids: Mapping[str, int], moved: bool
) -> Iterator[Json]:
    """Add what is missing among `names`, correct what points elsewhere.

    With `moved`, Google has let the names follow rows by the time these are carried out, so each is set anew.
    """
    present = {name.lower(): each for name, each in names.items()}
    for name, cells in wanted.items():
        area = grid_range(sheet_ids[cells.sheet], cells.row, cells.column, cells.last_row, cells.last_column)
        found = present.get(name.lower())
        if found is None:
            yield {"addNamedRange": {"namedRange": {"name": name, "range": area}}}
        elif moved or not _same_area(found.get("range", {}), area):
            body = {"namedRangeId": found["namedRangeId"], "range": area}
            yield {"updateNamedRange": {"namedRange": body, "fields": "range"}}


def _same_area(one: Json, other: Json) -> bool:
    """A number that is 0 may be left out."""
    return all(one.get(key, 0) == other.get(key, 0) for key in (*one, *other))
