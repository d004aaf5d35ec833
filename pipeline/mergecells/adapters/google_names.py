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
MOST_NAMES = 1_000
"""A factor is a name for formulas to use. Beyond so many, only those that formulas do use: a list of thousands is of no
use to a person, and costs as many requests."""


def split_scope(name: str) -> tuple[str, str]:
    """`'health'!company.age` → (`health`, `company.age`); a name of the whole workbook has no scope."""
    scope, mark, plain = name.rpartition("!")
    return (scope.strip("'").replace("''", "'"), plain) if mark else ("", name)


def all_names(layout: WorkbookLayout) -> dict[str, str]:
    """Every name of a layout with its cells. A block that people make longer is taken with its free rows below: a named
    range of Google's is no formula, and would not grow with a row typed below its end."""
    growing = {
        name: str(dataclasses.replace(block, row=block.row + 1, last_row=block.last_row or block.row + 1))
        for name, block in layout.growing.items()
    }
    return {**layout.names, **growing}


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
