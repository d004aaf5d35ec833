"""A spreadsheet as `spreadsheets.get` answers it, and the values methods."""

from __future__ import annotations

import re
from typing import Any

from standins.google.compute import Values
from standins.google.formulas import column_index, column_name
from standins.google.grid import COLUMN_WIDTH, ROW_HEIGHT, Json, Spreadsheet, Tab, invalid
from standins.google.masks import Mask, wants

_CELL = ("sheets", "data", "rowData", "values")


def spreadsheet(book: Spreadsheet, values: Values, mask: Mask, ranges: list[str], address: str) -> Json:
    """The Spreadsheet resource before its mask is applied; cells only where the mask wants them."""
    answer: Json = {
        "spreadsheetId": book.id,
        "spreadsheetUrl": address,
        "properties": book.properties,
        "sheets": [_sheet(book, tab, values, mask, ranges) for tab in book.tabs],
    }
    if book.named:
        answer["namedRanges"] = book.named
    own = [each for each in book.metadata if each["location"]["locationType"] == "SPREADSHEET"]
    if own:
        answer["developerMetadata"] = own
    return answer


def _sheet(book: Spreadsheet, tab: Tab, values: Values, mask: Mask, ranges: list[str]) -> Json:
    sheet: Json = {"properties": tab.properties}
    parts = {"merges": tab.merges, "conditionalFormats": tab.conditional, "protectedRanges": tab.protected}
    sheet |= {name: part for name, part in parts.items() if part}
    own = [each for each in book.metadata if each["location"].get("sheetId") == tab.id]
    if own:
        sheet["developerMetadata"] = own
    if wants(mask, "sheets", "data"):
        sheet["data"] = [_grid(book, tab, values, mask, area) for area in _areas(tab, ranges)]
    return sheet


def _areas(tab: Tab, ranges: list[str]) -> list[tuple[int, int, int, int]]:
    rows, columns = tab.size
    if not ranges:
        return [(0, rows, 0, columns)]
    return [area for title, area in (parse_range(text, tab) for text in ranges) if title == tab.title]


def parse_range(text: str, tab: Tab | None) -> tuple[str, tuple[int, int, int, int]]:
    """`Factors!B2:D7`, `Factors!B2`, `'My tab'`, `Factors!B:D` → title and zero-based bounds."""
    title, mark, area = text.rpartition("!")
    if not mark:
        title, area = text, ""
    title = title.strip("'").replace("''", "'") if title.startswith("'") else title
    rows, columns = tab.size if tab else (1000, 26)
    match = re.fullmatch(r"(?:([A-Z]+)([0-9]*)(?::([A-Z]+)([0-9]*))?)?", area)
    if not match:
        raise invalid(f"Unable to parse range: {text}")
    if not area:
        return title, (0, rows, 0, columns)
    left, right = column_index(match[1]), column_index(match[3] or match[1]) + 1
    top = int(match[2]) - 1 if match[2] else 0
    bottom = int(match[4]) if match[4] else (top + 1 if match[2] and not match[3] else rows)
    return title, (top, bottom, left, right)


def _grid(book: Spreadsheet, tab: Tab, values: Values, mask: Mask, area: tuple[int, int, int, int]) -> Json:
    top, bottom, left, right = area
    inside = [p for p in tab.cells if top <= p[0] < bottom and left <= p[1] < right]
    grid: Json = {"startRow": top, "startColumn": left}
    last: dict[int, int] = {}
    for row, column in inside:
        last[row] = max(last.get(row, -1), column)
    if wants(mask, "sheets", "data", "rowData"):
        same: dict[int, Json] = {}
        computed = wants(mask, *_CELL, "effectiveValue") or wants(mask, *_CELL, "formattedValue")
        grid["rowData"] = [
            {"values": [_cell(tab, row, column, values, computed, same) for column in range(left, last[row] + 1)]}
            if row in last
            else {}
            for row in range(top, max(last, default=top - 1) + 1)
        ]
    if wants(mask, "sheets", "data", "rowMetadata"):
        at = _dimension_metadata(book, tab, "ROWS")
        grid["rowMetadata"] = [
            {"pixelSize": ROW_HEIGHT, **tab.rows.get(index, {}), **at.get(index, {})} for index in range(top, bottom)
        ]
    if wants(mask, "sheets", "data", "columnMetadata"):
        at = _dimension_metadata(book, tab, "COLUMNS")
        grid["columnMetadata"] = [
            {"pixelSize": COLUMN_WIDTH, **tab.columns.get(index, {}), **at.get(index, {})}
            for index in range(left, right)
        ]
    return {name: about for name, about in grid.items() if about not in (0, [])}


def _dimension_metadata(book: Spreadsheet, tab: Tab, dimension: str) -> dict[int, Json]:
    found: dict[int, Json] = {}
    for each in book.metadata:
        span = each["location"].get("dimensionRange")
        if span and span.get("sheetId", 0) == tab.id and span["dimension"] == dimension:
            found.setdefault(span["startIndex"], {"developerMetadata": []})["developerMetadata"].append(each)
    return found


def _cell(tab: Tab, row: int, column: int, values: Values, computed: bool, same: dict[int, Json]) -> Json:
    stored = tab.cells.get((row, column), _BLANK)
    if "userEnteredValue" in stored:
        return _shown(stored, tab, row, column, values, computed)
    if id(stored) not in same:
        same[id(stored)] = _shown(stored, tab, row, column, values, computed)
    return same[id(stored)]


_BLANK: Json = {}


def _shown(stored: Json, tab: Tab, row: int, column: int, values: Values, computed: bool) -> Json:
    cell = dict(stored)
    if "userEnteredFormat" in cell:
        cell["effectiveFormat"] = cell["userEnteredFormat"]
    if computed and "userEnteredValue" in cell:
        cell["effectiveValue"] = effective(tab, row, column, values)
        shown = _formatted(cell["effectiveValue"])
        if shown is not None:
            cell["formattedValue"] = shown
    return cell


def effective(tab: Tab, row: int, column: int, values: Values) -> Json:
    entered: Json = tab.cells.get((row, column), {}).get("userEnteredValue", {})
    return values[tab.id, row, column] if "formulaValue" in entered else entered


def _formatted(value: Json) -> str | None:
    """The text that is shown, for values whose format does not matter; numbers are left out: no format is modelled."""
    if "boolValue" in value:
        return str(value["boolValue"]).upper()
    text = value.get("stringValue")
    return text if text is None or text else None


def value_range(book: Spreadsheet, text: str, values: Values, render: str) -> Json:
    """One ValueRange: ragged rows, no `values` for an empty range."""
    title = parse_range(text, None)[0]
    tab = book.titled(title)
    _, (top, bottom, left, right) = parse_range(text, tab)
    if render not in ("UNFORMATTED_VALUE", "FORMULA"):
        raise NotImplementedError("formatted values: name valueRenderOption")
    rows = []
    for row in range(top, min(bottom, tab.size[0])):
        cells = [_plain(tab, row, column, values, render) for column in range(left, min(right, tab.size[1]))]
        while cells and cells[-1] == "":
            cells.pop()
        rows.append(cells)
    while rows and not rows[-1]:
        rows.pop()
    name = title if title.isalnum() else "'" + title.replace("'", "''") + "'"
    whole = f"{name}!{column_name(left)}{top + 1}:{column_name(right - 1)}{bottom}"
    return {"range": whole, "majorDimension": "ROWS", **({"values": rows} if rows else {})}


def _plain(tab: Tab, row: int, column: int, values: Values, render: str) -> Any:
    entered = tab.cells.get((row, column), {}).get("userEnteredValue", {})
    shown = entered if render == "FORMULA" else effective(tab, row, column, values)
    if "errorValue" in shown:
        names = {"DIVIDE_BY_ZERO": "#DIV/0!", "N_A": "#N/A", "NAME": "#NAME?"}
        return names.get(shown["errorValue"]["type"], f"#{shown['errorValue']['type']}!")
    return next(iter(shown.values()), "")


def parse_input(value: Any, option: str) -> Json:
    """A value of a values request as a cell holds it: RAW keeps every text a text, USER_ENTERED reads it as typed."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return {"numberValue": value}
    if option == "RAW" or not isinstance(value, str):
        return {"stringValue": str(value)}
    if value.startswith("="):
        return {"formulaValue": value}
    if value.startswith("'"):
        return {"stringValue": value[1:]}
    if value.upper() in ("TRUE", "FALSE"):
        return {"boolValue": value.upper() == "TRUE"}
    if re.fullmatch(r"-?\d+(\.\d*)?([eE][+-]?\d+)?", value):
        number = float(value)
        return {"numberValue": int(number) if number.is_integer() else number}
    if re.fullmatch(r"-?\d+(\.\d*)?%", value):
        return {"numberValue": float(value[:-1]) / 100}
    return {"stringValue": value} if value else {}
