"""One cell → one value of a column's kind, or the reason why not. Nothing is guessed: what a spreadsheet may have
changed on typing (leading zeros, long digits, dates) is said, not repaired."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime
from typing import NamedTuple

from mergecells.domain.findings import Severity
from mergecells.domain.tables import Column, TableValue
from mergecells.domain.workbook import Cell
from mergecells.transforms.workbook_formulas import normalise_formula

MAX_FORMULA = 8_192
EXACT_INTEGERS = 10**15
"""Spreadsheets keep 15 digits; from here on the last ones are gone."""

_TRUTH = re.compile(r"=(?:TRUE|FALSE)(?:\(\))?\Z", re.IGNORECASE)
"""LibreOffice saves a truth value that somebody typed as the formula `=TRUE()`."""

_AS_TEXT = "Format the cell as text and type it again, or start with an apostrophe."


class Problem(NamedTuple):
    message: str
    hint: str
    severity: Severity = "error"


class CellReading(NamedTuple):
    """`value` counts unless `problem` is an error."""

    value: TableValue = None
    problem: Problem | None = None


def read_cell(cell: Cell, column: Column) -> CellReading:
    """The value that `cell` gives a column; blank is None."""
    if column.kind == "formula":
        return _read_formula(cell)
    if cell.kind == "boolean" and _TRUTH.match(cell.formula or ""):
        cell = dataclasses.replace(cell, formula=None)
    if cell.kind == "blank" and cell.formula is None:
        return CellReading()
    if cell.kind == "error":
        return _refused(f"shows {cell.value}", "Mend or clear it.")
    if cell.kind == "blank":
        hint = "Open the workbook in your spreadsheet program and save it, or type the value."
        return _refused("holds a formula that was never computed", hint)
    reading = _READERS[column.kind](cell)
    return _computed(reading) if cell.formula is not None and reading.problem is None else reading


def _computed(reading: CellReading) -> CellReading:
    told = Problem("holds a formula; its present result counts", "Type the value itself to keep it.", "warning")
    return CellReading(reading.value, told)


def _refused(message: str, hint: str) -> CellReading:
    return CellReading(None, Problem(message, hint))


def _read_formula(cell: Cell) -> CellReading:
    if cell.formula is not None:
        return _bounded(cell.formula)
    if cell.kind == "blank":
        return CellReading()
    text = str(cell.value)
    if cell.kind == "text" and text.startswith("="):
        reading = _bounded(normalise_formula(text))
        told = Problem(
            "holds its formula as text", "Clear the apostrophe or the text format to see its result.", "warning"
        )
        return CellReading(reading.value, reading.problem or (None if cell.quote_prefix else told))
    if cell.kind in ("number", "boolean"):
        shown = _plain(cell.value) if cell.kind == "number" else str(cell.value).upper()
        return _refused(f"holds the constant {shown} where a formula belongs", f"Type ={shown} if it is meant.")
    return _refused(f"holds {_quoted(text)}, which is no formula", "Start a formula with =, or clear the cell.")


def _bounded(formula: str) -> CellReading:
    if len(formula) <= MAX_FORMULA:
        return CellReading(formula)
    return _refused(f"holds a formula of {len(formula):,} characters", f"At most {MAX_FORMULA:,} are allowed.")


def _read_text(cell: Cell) -> CellReading:
    if cell.kind == "text":
        return CellReading(str(cell.value))
    if cell.kind == "number":
        return _refused(f"is the number {_plain(cell.value)} where text belongs", _AS_TEXT)
    if cell.kind == "boolean":
        return _refused(f"is the truth value {str(cell.value).upper()} where text belongs", _AS_TEXT)
    return _refused(f"is the date {cell.value} where text belongs", _AS_TEXT)


def _read_number(cell: Cell) -> CellReading:
    if cell.kind == "number":
        return CellReading(_number(cell.value))
    if cell.kind == "text":
        return _refused(f"is the text {_quoted(cell.value)} where a number belongs", _number_hint(str(cell.value)))
    kind = "date" if cell.kind == "date" else "truth value"
    return _refused(
        f"is the {kind} {cell.value} where a number belongs", "Format the cell as a number and type it again."
    )


def _number_hint(text: str) -> str:
    plain = text.replace("\u00a0", "").strip()
    if any(mark in plain for mark in ",."):
        return "Type it as a number, with your own program's decimal mark and no thousands mark."
    if plain.endswith("%"):
        return "Type it without an apostrophe: 10% becomes 0.1."
    return "Type a number, without an apostrophe."


def _read_weight(cell: Cell) -> CellReading:
    reading = _read_number(cell)
    value = reading.value
    if isinstance(value, float) and not 0 <= value <= 1:
        hint = f"Type {_plain(value)}% if that is meant." if 1 < value <= 100 else "Type 0% to 100%."
        return _refused(f"is {_plain(value)}; a weight lies between 0 and 1", hint)
    return reading


def _read_boolean(cell: Cell) -> CellReading:
    if cell.kind == "boolean":
        return CellReading(bool(cell.value))
    word = str(cell.value).strip().upper()
    if cell.kind == "text" and word in ("TRUE", "FALSE"):
        told = Problem(
            f"is the text {_quoted(cell.value)}; it is read as {word}", "Type it without an apostrophe.", "warning"
        )
        return CellReading(word == "TRUE", told)
    if cell.kind == "text" and not word:
        return CellReading()
    return _refused(f"is {_quoted(cell.value)} where TRUE or FALSE belongs", "Choose from the list.")


def _read_date(cell: Cell) -> CellReading:
    if cell.kind == "date" and is_iso_date(str(cell.value)):
        return CellReading(str(cell.value))
    if cell.kind == "text":
        text = str(cell.value).strip()
        if is_iso_date(text):
            return CellReading(text)
    if cell.kind == "number":
        return _refused(f"is the number {_plain(cell.value)} where a date belongs", "Format the cell as a date.")
    return _refused(f"is {_quoted(cell.value)}, which is no date", "Type a date of the calendar, as 2024-02-29.")


def is_iso_date(text: str) -> bool:
    """True for `2024-02-29`, with a time or without; false for a day that never was."""
    try:
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return False
    return "-" in text


def _read_scalar(cell: Cell) -> CellReading:
    if cell.kind == "number":
        value = _number(cell.value)
        if abs(value) >= EXACT_INTEGERS:
            return _refused(f"is a number of more than 15 digits ({_plain(value)}); the last ones are lost", _AS_TEXT)
        return CellReading(value)
    if cell.kind == "boolean":
        return CellReading(bool(cell.value))
    if cell.kind == "date" and not is_iso_date(str(cell.value)) and "-" in str(cell.value):
        return _refused(f"is {cell.value}, which is no date", "Type a date of the calendar.")
    return CellReading(str(cell.value))


def _number(value: TableValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _plain(value: TableValue) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)


def _quoted(value: TableValue) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…")


_READERS = {
    "text": _read_text,
    "number": _read_number,
    "weight": _read_weight,
    "boolean": _read_boolean,
    "date": _read_date,
    "scalar": _read_scalar,
}
