"""`spreadsheets.batchUpdate`: each request changes a copy; the copy becomes the spreadsheet when all of them could."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from standins.google.dimensions import append_dimension, delete_dimension, insert_dimension, move_dimension, sort_range
from standins.google.formulas import shift_formula
from standins.google.grid import MAX_CHARACTERS, Json, Spreadsheet, Tab, blank_tab, invalid
from standins.google.masks import Mask, check_mask, parse_mask, write_masked
from standins.google.objects import HANDLERS as OBJECT_HANDLERS

Handler = Callable[[Spreadsheet, Json], Json]


def apply_batch(book: Spreadsheet, requests: list[Json], api: Any) -> tuple[Spreadsheet, list[Json]]:
    """The spreadsheet after all requests, and a reply to each. Raises Refused; `book` then is as it was."""
    if not requests:
        raise invalid("Must specify at least one request.")
    work = book.copy()
    replies = []
    for number, request in enumerate(requests):
        if len(request) != 1:
            raise invalid(f"Invalid value at 'requests[{number}]': oneof field 'kind' must have exactly one field set.")
        kind, body = next(iter(request.items()))
        handler = HANDLERS.get(kind)
        if handler is None:
            raise NotImplementedError(f"the stand-in does not know {kind}")
        _check_fields(kind, body, api)
        try:
            reply = handler(work, body)
        except Exception as error:
            if hasattr(error, "message"):
                error.message = f"Invalid requests[{number}].{kind}: {error.message}"
            raise
        replies.append({kind: reply} if reply else {})
    work.check_size()
    work.check_metadata()
    return work, replies


_ROOTS = {
    "updateCells": "CellData",
    "repeatCell": "CellData",
    "updateSheetProperties": "SheetProperties",
    "updateDimensionProperties": "DimensionProperties",
    "updateSpreadsheetProperties": "SpreadsheetProperties",
    "updateNamedRange": "NamedRange",
    "updateProtectedRange": "ProtectedRange",
    "updateDeveloperMetadata": "DeveloperMetadata",
}


def _check_fields(kind: str, body: Json, api: Any) -> None:
    if kind in _ROOTS:
        if not body.get("fields"):
            raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
        check_mask(parse_mask(body["fields"]), api, _ROOTS[kind])


def cell_value(value: Json) -> Json:
    if len(value) > 1 or "errorValue" in value:
        raise invalid("A cell has one value, and no error can be entered.")
    for text in (value.get("stringValue"), value.get("formulaValue")):
        if text is not None and len(text) > MAX_CHARACTERS:
            raise invalid("Your input contains more than the maximum of 50000 characters in a single cell.")
    if "formulaValue" in value and not value["formulaValue"].startswith("="):
        raise invalid("A formula starts with =.")
    return value


def write_cell(tab: Tab, row: int, column: int, mask: Mask, source: Json) -> None:
    if row >= tab.size[0] or column >= tab.size[1]:
        raise invalid(f"Range ({tab.title}!R{row + 1}C{column + 1}) exceeds grid limits.")
    cell = dict(tab.cells.get((row, column), {}))
    write_masked(mask, cell, {**source, "userEnteredValue": cell_value(source.get("userEnteredValue", {}))})
    kept = {name: about for name, about in cell.items() if about not in ({}, "")}
    if kept:
        tab.cells[row, column] = kept
    else:
        tab.cells.pop((row, column), None)


def _update_cells(book: Spreadsheet, body: Json) -> Json:
    mask = parse_mask(body["fields"])
    rows = body.get("rows", [])
    if ("start" in body) == ("range" in body):
        raise invalid("Exactly one of start and range must be set.")
    if "start" in body:
        tab = book.tab(body["start"].get("sheetId", 0))
        top, left = body["start"].get("rowIndex", 0), body["start"].get("columnIndex", 0)
        for down, row in enumerate(rows):
            for right, cell in enumerate(row.get("values", [])):
                write_cell(tab, top + down, left + right, mask, cell)
        return {}
    tab = book.tab(body["range"].get("sheetId", 0))
    top, bottom, left, right_end = bounds(tab, body["range"])
    for row in range(top, bottom):
        values = rows[row - top].get("values", []) if row - top < len(rows) else []
        for column in range(left, right_end):
            write_cell(tab, row, column, mask, values[column - left] if column - left < len(values) else {})
    return {}


def _repeat_cell(book: Spreadsheet, body: Json) -> Json:
    mask, source = parse_mask(body["fields"]), body.get("cell", {})
    tab = book.tab(body["range"].get("sheetId", 0))
    top, bottom, left, right = bounds(tab, body["range"])
    formula = source.get("userEnteredValue", {}).get("formulaValue")
    same: dict[int, Json] = {}
    for row in range(top, bottom):
        for column in range(left, right):
            before = tab.cells.get((row, column))
            if not formula and id(before) in same:
                # What was the same before is the same after: thousands of formatted cells are one object.
                tab.cells[row, column] = same[id(before)]
                continue
            cell = source
            if formula:
                moved = shift_formula(formula, row - top, column - left)
                cell = {**source, "userEnteredValue": {"formulaValue": moved}}
            write_cell(tab, row, column, mask, cell)
            if not formula and (row, column) in tab.cells:
                same[id(before)] = tab.cells[row, column]
    return {}


def bounds(tab: Tab, area: Json) -> tuple[int, int, int, int]:
    rows, columns = tab.size
    found = (
        area.get("startRowIndex", 0),
        area.get("endRowIndex", rows),
        area.get("startColumnIndex", 0),
        area.get("endColumnIndex", columns),
    )
    if found[1] > rows or found[3] > columns or found[0] >= found[1] or found[2] >= found[3] or min(found) < 0:
        raise invalid(f"Range {area} exceeds the grid of {tab.title}, {rows} rows and {columns} columns.")
    return found


def _set_data_validation(book: Spreadsheet, body: Json) -> Json:
    tab = book.tab(body["range"].get("sheetId", 0))
    rule = body.get("rule")
    if rule:
        _check_condition(book, rule.get("condition", {}))
    top, bottom, left, right = bounds(tab, body["range"])
    mask = parse_mask("dataValidation")
    same: dict[int, Json] = {}
    for row in range(top, bottom):
        for column in range(left, right):
            before = tab.cells.get((row, column))
            if id(before) in same:
                tab.cells[row, column] = same[id(before)]
                continue
            write_cell(tab, row, column, mask, {"dataValidation": rule} if rule else {})
            if (row, column) in tab.cells:
                same[id(before)] = tab.cells[row, column]
    return {}


_VALUES = {"ONE_OF_RANGE": 1, "NUMBER_BETWEEN": 2, "BOOLEAN": 0, "DATE_IS_VALID": 0, "CUSTOM_FORMULA": 1}


def _check_condition(book: Spreadsheet, condition: Json) -> None:
    kind, values = condition.get("type"), condition.get("values", [])
    wanted = _VALUES.get(str(kind))
    if kind != "ONE_OF_LIST" and wanted is None:
        raise NotImplementedError(f"the stand-in does not know the condition {kind}")
    if (wanted is None and not values) or (wanted is not None and len(values) != wanted):
        raise invalid(f"{kind} does not take {len(values)} values.")
    if kind == "ONE_OF_RANGE" and not values[0].get("userEnteredValue", "").startswith("="):
        raise invalid("A range starts with =.")


def _add_sheet(book: Spreadsheet, body: Json) -> Json:
    wanted = body.get("properties", {})
    title = wanted.get("title", f"Sheet{len(book.tabs) + 1}")
    _check_title(book, title, None)
    sheet_id = wanted.get("sheetId", book.new_id())
    if any(tab.id == sheet_id for tab in book.tabs):
        raise invalid(f"Sheet with id {sheet_id} already exists.")
    tab = blank_tab(sheet_id, title, len(book.tabs))
    _write_sheet(tab, wanted)
    book.tabs.insert(wanted.get("index", len(book.tabs)), tab)
    _number(book)
    return {"properties": tab.properties}


def _write_sheet(tab: Tab, wanted: Json) -> None:
    grid = {**tab.properties["gridProperties"], **wanted.get("gridProperties", {})}
    tab.properties = {**tab.properties, **wanted, "gridProperties": grid}
    if grid.get("frozenRowCount", 0) >= grid["rowCount"] or grid.get("frozenColumnCount", 0) >= grid["columnCount"]:
        raise invalid("You can't freeze all visible rows or columns.")


def _check_title(book: Spreadsheet, title: str, own: Tab | None) -> None:
    if not title or len(title) > 100:
        raise invalid("A sheet's name has 1 to 100 characters.")
    if any(tab.title.lower() == title.lower() for tab in book.tabs if tab is not own):
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def _number(book: Spreadsheet) -> None:
    for index, tab in enumerate(book.tabs):
        tab.properties = {**tab.properties, "index": index}


def _delete_sheet(book: Spreadsheet, body: Json) -> Json:
    tab = book.tab(body["sheetId"])
    if len(book.tabs) == 1:
        raise invalid("You can't remove all the sheets in a document.")
    book.tabs.remove(tab)
    book.named = [each for each in book.named if each["range"].get("sheetId", 0) != tab.id]
    places = ("sheetId", "dimensionRange")
    book.metadata = [
        each
        for each in book.metadata
        if not any(
            tab.id == (each["location"].get(p) if p == "sheetId" else each["location"].get(p, {}).get("sheetId"))
            for p in places
        )
    ]
    _number(book)
    return {}


def _update_sheet(book: Spreadsheet, body: Json) -> Json:
    wanted, mask = body["properties"], parse_mask(body["fields"])
    tab = book.tab(wanted["sheetId"])
    if "title" in mask:
        _check_title(book, wanted.get("title", ""), tab)
        old = tab.title
        for each in book.tabs:
            for place, cell in list(each.cells.items()):
                text = cell.get("userEnteredValue", {}).get("formulaValue")
                if text and re.search(rf"(?<!\w){re.escape(old)}!", text):
                    new = re.sub(rf"(?<!\w){re.escape(old)}!", f"'{wanted['title']}'!", text)
                    each.cells[place] = {**cell, "userEnteredValue": {"formulaValue": new}}
    properties = dict(tab.properties)
    write_masked(mask, properties, wanted)
    tab.properties = properties
    _write_sheet(tab, {})
    if "index" in mask:
        book.tabs.remove(tab)
        book.tabs.insert(wanted["index"], tab)
        _number(book)
    return {}


def _update_spreadsheet(book: Spreadsheet, body: Json) -> Json:
    write_masked(parse_mask(body["fields"]), book.properties, body["properties"])
    return {}


def _update_dimension(book: Spreadsheet, body: Json) -> Json:
    span, mask = body["range"], parse_mask(body["fields"])
    tab = book.tab(span.get("sheetId", 0))
    limit = tab.size[0] if span["dimension"] == "ROWS" else tab.size[1]
    held = tab.rows if span["dimension"] == "ROWS" else tab.columns
    if span.get("endIndex", limit) > limit:
        raise invalid(f"range.endIndex[{span['endIndex']}] is after the last {span['dimension']} in the grid[{limit}]")
    for index in range(span.get("startIndex", 0), span.get("endIndex", limit)):
        about = dict(held.get(index, {}))
        write_masked(mask, about, body["properties"])
        held[index] = about
    return {}


HANDLERS: dict[str, Handler] = {
    "updateCells": _update_cells,
    "repeatCell": _repeat_cell,
    "setDataValidation": _set_data_validation,
    "addSheet": _add_sheet,
    "deleteSheet": _delete_sheet,
    "updateSheetProperties": _update_sheet,
    "updateSpreadsheetProperties": _update_spreadsheet,
    "updateDimensionProperties": _update_dimension,
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "moveDimension": move_dimension,
    "appendDimension": append_dimension,
    "sortRange": sort_range,
    **OBJECT_HANDLERS,
}
