"""All of a tab but its values: size, formats, widths, rules for typing, protection, colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mergecells.adapters.google_styles import FILLS, INKS, cell_format, colour
from mergecells.adapters.google_writes import grid_range
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook_layout import CellLayout, Highlight, SheetLayout, Validation
from mergecells.transforms.google_formulas import highlight_formula

Json = dict[str, Any]
OWN = "mergecells: keys and computed cells"
"""The description of our protected ranges. They warn and do not forbid, like the .xlsx locks without a password: with
restricted editors nobody else could rename a row at all."""

SPARE_ROWS = 200
"""How far below a table formulas, names and rules reach; the grid must hold as many rows."""

_PIXELS, _MARGIN = 7, 5


def add_sheet(sheet_id: int, layout: SheetLayout, index: int) -> Json:
    """The empty tab, with room below the table for rows that people add."""
    rows = max((row for row, _ in layout.cells), default=1) + (SPARE_ROWS if layout.keys else 20)
    columns = max(max((column for _, column in layout.cells), default=1) + 2, max(layout.column_widths, default=1))
    grid = {"rowCount": rows, "columnCount": columns, "frozenRowCount": layout.frozen_rows}
    grid["frozenColumnCount"] = layout.frozen_columns
    if not layout.keys:
        grid["hideGridlines"] = True
    about = {"sheetId": sheet_id, "title": layout.name, "index": index, "gridProperties": grid}
    return {"addSheet": {"properties": about | ({"hidden": True} if layout.hidden else {})}}


def dress_tab(sheet_id: int, layout: SheetLayout) -> Iterator[Json]:
    """Formats column by column where they are the same, widths, hidden columns, rules, colours."""
    yield from _formats(sheet_id, layout)
    for column, width in sorted(layout.column_widths.items()):
        about: Json = {"pixelSize": round(width * _PIXELS + _MARGIN)}
        if column in layout.hidden_columns:
            about["hiddenByUser"] = True
        yield _column(sheet_id, column, about)
    for column in sorted(layout.hidden_columns - layout.column_widths.keys()):
        yield _column(sheet_id, column, {"hiddenByUser": True})
    yield from (validation_request(sheet_id, each, each.cells) for each in layout.validations)
    yield from (rule_request(sheet_id, each, each.cells, layout.name) for each in layout.highlights)


def _column(sheet_id: int, column: int, about: Json) -> Json:
    span = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": column - 1, "endIndex": column}
    return {"updateDimensionProperties": {"range": span, "properties": about, "fields": ",".join(sorted(about))}}


def _formats(sheet_id: int, layout: SheetLayout) -> Iterator[Json]:
    columns: dict[int, list[tuple[int, CellLayout]]] = {}
    for (row, column), cell in sorted(layout.cells.items()):
        columns.setdefault(column, []).append((row, cell))
    for column, style in layout.column_styles.items():
        # To the last row: where a person adds rows, what they type must be taken as in the rows above.
        area = {"sheetId": sheet_id, "startRowIndex": 1, "startColumnIndex": column - 1, "endColumnIndex": column}
        yield _format_request(area, style)
    for column, cells in columns.items():
        start = previous = None
        for row, cell in [*cells, (0, CellLayout())]:
            if previous and (row, cell.style) == (previous[0] + 1, previous[1]):
                previous = (row, cell.style)
                continue
            if start and previous and (start[0] == 1 or layout.column_styles.get(column) != start[1]):
                yield _format_request(grid_range(sheet_id, start[0], column, previous[0]), start[1])
            start = previous = (row, cell.style)


def _format_request(area: Json, style: Any) -> Json:
    cell = {"userEnteredFormat": cell_format(style)}
    return {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredFormat"}}


def validation_request(sheet_id: int, rule: Validation, cells: CellRef) -> Json:
    """A rule for typed values; what breaks it is refused, as in the .xlsx workbook."""
    kind: Json
    if rule.kind == "decimal":
        limits = [{"userEnteredValue": f"{limit:g}"} for limit in (rule.minimum or 0, rule.maximum or 0)]
        kind = {"type": "NUMBER_BETWEEN", "values": limits}
    elif rule.kind == "boolean":
        kind = {"type": "BOOLEAN"}
    elif rule.kind == "date":
        kind = {"type": "DATE_IS_VALID"}
    elif rule.source:
        kind = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": rule.source}]}
    else:
        kind = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": choice} for choice in rule.choices]}
    about = {"condition": kind, "strict": True, "showCustomUi": True}
    if rule.message:
        about["inputMessage"] = rule.message
    return {"setDataValidation": {"range": _area(sheet_id, cells), "rule": about}}


def rule_request(sheet_id: int, highlight: Highlight, cells: CellRef, tab: str, index: int = 0) -> Json:
    """A conditional format. Google has no data bars; a colour scale shows size instead."""
    rule: Json = {"ranges": [_area(sheet_id, cells)]}
    if highlight.colour == "bar":
        rule["gradientRule"] = {
            "minpoint": {"colorStyle": colour("#FFFFFF"), "type": "NUMBER", "value": "0"},
            "maxpoint": {"colorStyle": colour(FILLS["bar"]), "type": "MAX"},
        }
    else:
        look = {
            "backgroundColorStyle": colour(FILLS[highlight.colour]),
            "textFormat": {"foregroundColorStyle": colour(INKS[highlight.colour])},
        }
        formula = highlight_formula(highlight.formula, tab)
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
        rule["booleanRule"] = {"condition": condition, "format": look}
    return {"addConditionalFormatRule": {"rule": rule, "index": index}}


def _area(sheet_id: int, cells: CellRef) -> Json:
    return grid_range(sheet_id, cells.row, cells.column, cells.last_row, cells.last_column)


def protected_areas(
    sheet_id: int, layout: SheetLayout, rows: Mapping[int, int], columns: Mapping[int, int]
) -> list[Json]:
    """Blocks of cells that are not for typing. `rows` and `columns`: where the layout's stand in the tab."""
    if layout.protected and not layout.keys:
        return [{"sheetId": sheet_id}]
    locked: dict[int, list[int]] = {}
    for (row, column), cell in layout.cells.items():
        if cell.locked and (not layout.keys or column in columns):
            locked.setdefault(columns.get(column, column), []).append(rows.get(row, row))
    blocks: dict[tuple[int, int], list[int]] = {}
    for column, found in sorted(locked.items()):
        for run in _runs(sorted(found)):
            blocks.setdefault(run, []).append(column)
    return [
        grid_range(sheet_id, first, left, last, right)
        for (first, last), found in sorted(blocks.items())
        for left, right in _runs(found)
    ]


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def protect_request(area: Json) -> Json:
    return {"addProtectedRange": {"protectedRange": {"range": area, "description": OWN, "warningOnly": True}}}
