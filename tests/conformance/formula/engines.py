"""Outside engines behind one call: formulas without names → results. For tests only."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from mergecells.formula import ErrorValue, Value, to_serial, to_value
from mergecells.formula.values import ERRORS

_FORMUALIZER_ERRORS = {
    "Div": "#DIV/0!",
    "Value": "#VALUE!",
    "Na": "#N/A",
    "Num": "#NUM!",
    "Name": "#NAME?",
    "Ref": "#REF!",
    "Null": "#NULL!",
}


def ironcalc_results(formulas: Sequence[str]) -> list[Value]:
    """One workbook, one column. Error texts count as errors only where the cell's type says so."""
    import ironcalc

    model = ironcalc.create("conformance", "en", "UTC")
    for row, formula in enumerate(formulas, 1):
        model.set_user_input(0, row, 1, formula)
    model.evaluate()
    results: list[Value] = []
    for row in range(1, len(formulas) + 1):
        value = model.get_cell_value(0, row, 1)
        is_error = model.get_cell_type(0, row, 1) == ironcalc.CellType.ErrorValue
        results.append(ERRORS.get(value, ERRORS["#NAME?"]) if is_error else to_value(value))
    return results


def formualizer_results(formulas: Sequence[str]) -> list[Value]:
    """One workbook for each formula. Dates and times come back as such."""
    import formualizer

    results: list[Value] = []
    for formula in formulas:
        workbook = formualizer.Workbook()
        workbook.add_sheet("S")
        workbook.set_formula("S", 1, 1, formula)
        results.append(_plain(workbook.evaluate_cell("S", 1, 1)))
    return results


def _plain(value: Any) -> Value:
    if isinstance(value, dict) and value.get("type") == "Error":
        return ERRORS.get(_FORMUALIZER_ERRORS.get(value["kind"], ""), ERRORS["#NAME?"])
    if isinstance(value, datetime.datetime):
        return to_serial(value.date()) + _day_fraction(value.time())
    if isinstance(value, datetime.time):
        return _day_fraction(value)
    return to_serial(value) if isinstance(value, datetime.date) else to_value(value)


def _day_fraction(time: datetime.time) -> float:
    return (time.hour * 3600 + time.minute * 60 + time.second) / 86400.0


ENGINES: dict[str, Callable[[Sequence[str]], list[Value]]] = {
    "ironcalc": ironcalc_results,
    "formualizer": formualizer_results,
}


def agree(one: Value, other: Value) -> bool:
    """Numbers to 12 significant digits, texts exactly; errors by code."""
    if type(one) is float and type(other) is float:
        return abs(one - other) <= 1e-12 * max(abs(one), abs(other))
    return type(one) is type(other) and one == other


def shown(value: Value) -> Any:
    """A result as the table of differences writes it; long texts are cut."""
    if isinstance(value, ErrorValue):
        return value.code
    return value[:40] if isinstance(value, str) else value
