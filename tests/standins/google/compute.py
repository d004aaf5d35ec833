"""What formulas give: an independent engine (IronCalc) plays Google's. It follows Excel, so a formula that only Google
knows, or that the two compute differently, is not judged here; see tests/conformance/google/README.md."""

from __future__ import annotations

import functools
import re
from typing import Any

import formualizer
import ironcalc

from standins.google.formulas import column_name
from standins.google.grid import Json, Spreadsheet

_ERRORS = {
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
    "#NULL!": "NULL_VALUE",
}
_ARRAY = re.compile(r"=\s*ARRAYFORMULA\((.*)\)\s*\Z", re.DOTALL | re.IGNORECASE)
Values = dict[tuple[int, int, int], Json]
"""Sheet id, row, column → ExtendedValue."""


def compute(book: Spreadsheet) -> Values:
    """The effective value of each formula cell."""
    formulas = {
        (number, *place): cell["userEnteredValue"]["formulaValue"]
        for number, tab in enumerate(book.tabs)
        for place, cell in tab.cells.items()
        if "formulaValue" in cell.get("userEnteredValue", {})
    }
    if not formulas:
        return {}
    good = {place: formula for place, formula in formulas.items() if parses(formula)}
    model = _load(book, good)
    model.evaluate()
    broken = {"errorValue": {"type": "ERROR", "message": "Formula parse error."}}
    return {
        (book.tabs[number].id, row, column): _value(model, number, row + 1, column + 1)
        if (number, row, column) in good
        else broken
        for number, row, column in formulas
    }


@functools.lru_cache(maxsize=100_000)
def parses(formula: str) -> bool:
    """Whether a spreadsheet would take it; what does not parse shows #ERROR!."""
    try:
        formualizer.parse_formula(formula)
    except (formualizer.ParserError, formualizer.TokenizerError):
        return False
    return True


def _load(book: Spreadsheet, formulas: dict[tuple[int, int, int], str]) -> Any:
    model = ironcalc.create("stand-in", "en", "UTC", "en")
    for number, tab in enumerate(book.tabs):
        if number:
            model.new_sheet()
        model.rename_sheet(number, tab.title)
    for number, tab in enumerate(book.tabs):
        for (row, column), cell in tab.cells.items():
            value = cell.get("userEnteredValue", {})
            if "numberValue" in value:
                model.update_cell_with_number(number, row + 1, column + 1, float(value["numberValue"]))
            elif "boolValue" in value:
                model.update_cell_with_bool(number, row + 1, column + 1, value["boolValue"])
            elif "stringValue" in value:
                model.update_cell_with_text(number, row + 1, column + 1, value["stringValue"])
    for each in book.named:
        model.new_defined_name(each["name"], None, _address(book, each["range"]))
    for (number, row, column), formula in formulas.items():
        array = _ARRAY.match(formula)
        model.update_cell_with_formula(number, row + 1, column + 1, f"={array[1]}" if array else formula)
    return model


def _address(book: Spreadsheet, area: Json) -> str:
    title = book.tab(area.get("sheetId", 0)).title.replace("'", "''")
    first = f"${column_name(area['startColumnIndex'])}${area['startRowIndex'] + 1}"
    last = f"${column_name(area['endColumnIndex'] - 1)}${area['endRowIndex']}"
    return f"'{title}'!{first}" + ("" if first == last else f":{last}")


def _value(model: Any, number: int, row: int, column: int) -> Json:
    value = model.get_cell_value(number, row, column)
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return {"numberValue": int(value) if float(value).is_integer() else value}
    if model.get_cell_type(number, row, column) == ironcalc.CellType.ErrorValue:
        return {"errorValue": {"type": _ERRORS.get(str(value), "ERROR"), "message": f"Error {value}"}}
    return {"stringValue": str(value or "")}
