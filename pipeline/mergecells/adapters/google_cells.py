"""One cell between Google's JSON and ours: typed values, dates by number format, errors, formulas, notes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from mergecells.domain.errors import MergecellsError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import Cell, CellKind, CellValue
from mergecells.domain.workbook_layout import CellLayout
from mergecells.transforms.google_formulas import GoogleDialect
from mergecells.transforms.workbook_formulas import normalise_formula

Json = dict[str, Any]
MAX_CHARACTERS = 50_000
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a day on the sheet has no zone
_LAST_SERIAL, _FIRST_SERIAL = 2_958_465, -693_593
"""9999-12-31 and 0001-01-01: Google has no 29 February 1900 and goes back before its epoch."""

_ERRORS = {
    "ERROR": "#ERROR!",
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
    "LOADING": "Loading...",
}
_DATES = {"DATE", "TIME", "DATE_TIME"}
_DATE_PATTERN = re.compile(r"[yd]", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


class _Style(NamedTuple):
    """What a number format means: Google's type, the pattern as ours, whether numbers are shown as dates."""

    kind: str
    code: str
    shows_date: bool


@lru_cache(1_000)
def _style(kind: str, pattern: str) -> _Style:
    """A sheet of 100,000 cells has a dozen formats."""
    dated = kind in _DATES or (kind == "NUMBER" and bool(_DATE_PATTERN.search(_QUOTED.sub("", pattern))))
    return _Style(kind, "@" if kind == "TEXT" else str(pattern or kind or "General"), dated)


def read_cell(data: Json, tab: str, dialect: GoogleDialect) -> Cell | None:
    """The cell, or None when it is blank and has no note."""
    entered = data.get("userEnteredValue") or {}
    shown = data.get("effectiveValue") or {}
    note = data.get("note", "")
    if not entered and not shown:
        return Cell("blank", note=note) if note else None
    number_format = (data.get("effectiveFormat") or {}).get("numberFormat") or {}
    style = _style(number_format.get("type", ""), number_format.get("pattern", ""))
    kind, value = _read_value(shown or entered, style)
    formula = entered.get("formulaValue")
    if formula is not None:
        formula = dialect.from_google(normalise_formula(formula), tab)
        if not shown:
            kind, value = "blank", None
    # A text that looks like a formula was typed with an apostrophe, unless the cell is formatted as text: then it may
    # be a formula that somebody meant to run.
    quoted = kind == "text" and str(value).startswith("=") and style.kind != "TEXT"
    if kind == "blank" and formula is None:
        return Cell("blank", note=note) if note else None
    return Cell(kind, value, formula, style.code, note, quoted)


def _read_value(value: Json, style: _Style) -> tuple[CellKind, CellValue]:
    if "numberValue" in value:
        number = float(value["numberValue"])
        date = show_date(number, style.kind) if style.shows_date else None
        return ("date", date) if date else ("number", number)
    if "boolValue" in value:
        return "boolean", bool(value["boolValue"])
    if "errorValue" in value:
        return "error", _ERRORS.get(value["errorValue"].get("type", ""), "#ERROR!")
    text = str(value.get("stringValue", "")).replace("\r\n", "\n").replace("\r", "\n")
    return ("text", text) if text else ("blank", None)


def show_date(serial: float, kind: str = "DATE") -> str | None:
    """A serial (days since 1899-12-30) as ISO text: a date, a date with time, or a time alone."""
    if not _FIRST_SERIAL <= serial < _LAST_SERIAL + 1:
        return None
    moment = _EPOCH + timedelta(seconds=round(serial * 86_400))
    if kind == "TIME" and 0 <= serial < 1:
        return moment.time().isoformat()
    midnight = moment.hour == moment.minute == moment.second == 0
    return moment.date().isoformat() if midnight else moment.isoformat()


def date_serial(text: str) -> float | None:
    """The serial of an ISO date or date-time; None for anything else."""
    try:
        passed = datetime.fromisoformat(text).replace(tzinfo=None) - _EPOCH
    except ValueError:
        return None
    return passed.days + passed.seconds / 86_400


def entered_value(cell: CellLayout, formula: str | None, place: CellRef) -> Json:
    """What is entered into a cell; `formula` is in Google's dialect already. A text stays a text whatever it starts
    with. Raises MergecellsError for more characters than a cell of Google's holds."""
    if formula is not None:
        return {"formulaValue": _bounded(formula, place)}
    value = cell.value
    if value is None or value == "":
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return {"numberValue": int(value) if float(value).is_integer() and abs(value) < 1e15 else value}
    serial = date_serial(value) if cell.style == "date" else None
    if serial is not None:
        return {"numberValue": int(serial) if serial.is_integer() else serial}
    return {"stringValue": _bounded(value, place)}


def _bounded(text: str, place: CellRef) -> str:
    if len(text) > MAX_CHARACTERS:
        raise MergecellsError(
            f"{place} would hold {len(text):,} characters; a cell of a Google Sheet holds {MAX_CHARACTERS:,}.",
            "Shorten the text in the file. Nothing was written.",
        )
    return text
