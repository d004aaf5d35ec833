"""xlcalculator in the child process: one model for as long as only the values change."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

FORMULA_CELL = "S!XFD1"
"""Far from the cells of the inputs, so that no reference meets it."""


_last: dict[tuple[str, ...], Any] = {}


def start() -> None:
    """Takes a second, and half a second more with SciPy, whose two functions are hardly ever called."""
    for module, function in (("scipy.optimize", "newton"), ("scipy.special", "factorial2")):
        if module not in sys.modules:
            sys.modules[module] = _later(module, function)
    import xlcalculator  # noqa: F401

    for module in ("scipy.optimize", "scipy.special"):
        if isinstance(sys.modules[module], _Later):
            del sys.modules[module]


class _Later(types.ModuleType):
    """Stands for a module while another one takes a function from it."""


def _later(module: str, function: str) -> _Later:
    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(importlib.import_module(module), function)(*arguments, **named)

    stand_in = _Later(module)
    setattr(stand_in, function, call)
    return stand_in


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
