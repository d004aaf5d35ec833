"""IronCalc in the child process: a fresh model for each sheet, which takes 40 µs and keeps calculations apart."""

from __future__ import annotations

from typing import Any

from mergecells.adapters.engine_cells import parse_a1

FORMULA_COLUMN = 16_384
"""XFD: far from the cells of the inputs, so that no reference meets it."""

_OF_ARRAYS = ("#CALC!", "#SPILL!", "#N/IMPL!")
"""Errors of formulas that give arrays, whose cells are of another type."""


def start() -> None:
    import ironcalc  # noqa: F401


def compute(sheet: dict[str, Any]) -> dict[str, Any]:
    """The answer for one sheet. An error comes back as a plain text: only the cell's type tells it from one."""
    import ironcalc

    model = ironcalc.create("check", "en", "UTC")
    for address, value in sheet["cells"].items():
        _put(model, *parse_a1(address), value)
    model.set_user_input(0, 1, FORMULA_COLUMN, sheet["formula"])
    model.evaluate()
    value = model.get_cell_value(0, 1, FORMULA_COLUMN)
    kind = model.get_cell_type(0, 1, FORMULA_COLUMN)
    is_error = kind == ironcalc.CellType.ErrorValue or value in _OF_ARRAYS
    return {"error": value} if is_error else {"value": value}


def _put(model: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, dict):
        model.set_user_input(0, row, column, f"={value['error']}")
    elif isinstance(value, bool):
        model.update_cell_with_bool(0, row, column, value)
    elif isinstance(value, str):
        model.update_cell_with_text(0, row, column, value)
    else:
        model.update_cell_with_number(0, row, column, float(value))
