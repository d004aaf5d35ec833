"""formualizer in the child process: one workbook for as long as only the values change, as making one takes 0.3 ms."""

from __future__ import annotations

import datetime
from typing import Any

from mergecells.adapters.engine_cells import parse_a1

SHEET = "S"
FORMULA_COLUMN = 300
"""XFD: far from the cells of the inputs, so that no reference meets it."""

_ERRORS = {
    "Div": "#DIV/0!",
    "Value": "#VALUE!",
    "Na": "#N/A",
    "Num": "#NUM!",
    "Name": "#NAME?",
    "Ref": "#REF!",
    "Null": "#NULL!",
    "Calc": "#CALC!",
    "Spill": "#SPILL!",
    "Circ": "#CIRC!",
}
_last: dict[tuple[str, ...], Any] = {}


def start() -> None:
    import formualizer  # noqa: F401


def compute(sheet: dict[str, Any]) -> dict[str, Any]:
    """The answer for one sheet. The next sheet with the same formula and cells uses the same workbook."""
    shape = (sheet["formula"], *sheet["cells"])
    workbook = _last.pop(shape, None)
    _last.clear()
    fresh = workbook is None
    if workbook is None:
        workbook = _new_workbook()
    for address, value in sheet["cells"].items():
        _put(workbook, *parse_a1(address), value)
    if fresh:
        workbook.set_formula(SHEET, 1, FORMULA_COLUMN, sheet["formula"])
    answer = _answer(workbook.evaluate_cell(SHEET, 1, FORMULA_COLUMN))
    _last[shape] = workbook
    return answer


def _new_workbook() -> Any:
    import formualizer

    workbook = formualizer.Workbook()
    # It remembers every edit otherwise: 27 KB for each lead.
    workbook.set_changelog_enabled(False)
    workbook.set_temporal_egress("serial")
    workbook.add_sheet(SHEET)
    return workbook


def _put(workbook: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, dict):
        workbook.set_formula(SHEET, row, column, f"={value['error']}")
    elif isinstance(value, bool | str):
        workbook.set_value(SHEET, row, column, value)
    else:
        workbook.set_value(SHEET, row, column, float(value))


def _answer(result: Any) -> dict[str, Any]:
    if isinstance(result, dict) and result.get("type") == "Error":
        return {"error": _ERRORS.get(result["kind"], f"#{str(result['kind']).upper()}!")}
    if isinstance(result, datetime.date | datetime.time | datetime.timedelta):
        return {"unable": f"a result of type {type(result).__name__}"}
    if isinstance(result, bool | str | float | int) or result is None:
        return {"value": result}
    return {"unable": f"a result of type {type(result).__name__}"}
