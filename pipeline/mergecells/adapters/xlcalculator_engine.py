"""xlcalculator in the child process: one model for as long as only the values change."""

from __future__ import annotations

from typing import Any

FORMULA_CELL = "S!XFD1"
"""Far from the cells of the inputs, so that no reference meets it."""


_last: dict[tuple[str, ...], Any] = {}


def start() -> None:
    import xlcalculator  # noqa: F401 - takes a second


def compute(sheet: dict[str, Any]) -> dict[str, Any]:
    """The answer for one sheet. The next sheet with the same formula and cells uses the same model, as it is parsed."""
    from xlcalculator import Evaluator, ModelCompiler

    cells = {f"S!{name}": value for name, value in sheet["cells"].items()}
    shape = (sheet["formula"], *cells)
    model = _last.pop(shape, None)
    _last.clear()
    if model is None:
        # Values are set afterwards: its loader breaks on some texts and takes others for formulas.
        model = ModelCompiler().read_and_parse_dict(
            {**dict.fromkeys(cells, 0), FORMULA_CELL: sheet["formula"]}, default_sheet="S"
        )
    for name, value in cells.items():
        model.set_cell_value(name, value)
    answer = _answer(Evaluator(model).evaluate(FORMULA_CELL))
    _last[shape] = model
    return answer


def _answer(result: Any) -> dict[str, Any]:
    from xlcalculator.xlfunctions.xlerrors import ExcelError

    if isinstance(result, ExcelError):
        return {"error": str(result.value)}
    value = getattr(result, "value", result)
    if isinstance(value, bool | str) or value is None:
        return {"value": value}
    try:
        return {"value": float(value)}
    except (TypeError, ValueError):
        return {"unable": f"a result of type {type(result).__name__}"}
