"""One cell's XML → one Cell: types, dates by number format, formulas in the form a person typed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mergecells.adapters.xlsx_limits import MAX_COLUMN, MAX_ROW
from mergecells.adapters.xlsx_parts import CellFormat, unescape
from mergecells.domain.locations import column_letters
from mergecells.domain.workbook import Cell, CellKind, CellValue
from mergecells.transforms.workbook_formulas import normalise_formula

_PLAIN = CellFormat("General", False, False)
_DAYS_1904 = 1462
_LAST_SERIAL = 2_958_465
"""9999-12-31."""

_REFERENCE = re.compile(
    r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|\[[^\]]*\])"""
    r"""|(?<![\w.$])(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})(?![\w.(!])"""
)


@dataclass(frozen=True, slots=True)
class CellSettings:
    """What cells share: the texts and formats they point at, and the day their dates count from."""

    texts: Sequence[str]
    formats: Sequence[CellFormat]
    epoch_1904: bool


def make_cell(attributes: Mapping[str, str], raw: str, formula: str | None, settings: CellSettings) -> Cell | None:
    """The cell, or None when it is blank."""
    style = attributes.get("s", "0")
    index = int(style) if style.isdigit() else 0
    form = settings.formats[index] if index < len(settings.formats) else _PLAIN
    kind, value = _read_value(attributes.get("t", "n"), raw, form, settings)
    if formula is not None:
        formula = normalise_formula(formula)
    if kind == "blank" and formula is None:
        return None
    return Cell(kind, value, formula, form.code, "", form.quote_prefix)


def _read_value(kind: str, raw: str, form: CellFormat, settings: CellSettings) -> tuple[CellKind, CellValue]:
    if kind == "s":
        index = int(raw) if raw.strip().isdigit() else -1
        return _text(settings.texts[index]) if 0 <= index < len(settings.texts) else ("error", "#REF!")
    if kind in ("inlineStr", "str"):
        return _text(unescape(raw))
    if not raw:
        return "blank", None
    if kind == "b":
        return "boolean", raw.strip() in ("1", "true")
    if kind == "e":
        return "error", raw
    if kind == "d":
        return "date", raw.removesuffix("Z").removesuffix("T00:00:00")
    return _read_number(raw, form, settings.epoch_1904)


def _text(text: str) -> tuple[CellKind, CellValue]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return ("text", text) if text else ("blank", None)


def _read_number(raw: str, form: CellFormat, epoch_1904: bool) -> tuple[CellKind, CellValue]:
    try:
        number = float(raw)
    except ValueError:
        return "error", "#VALUE!"
    if not math.isfinite(number):
        return "error", "#NUM!"
    shown = show_date(number, epoch_1904) if form.is_date else None
    return ("date", shown) if shown else ("number", number)


def show_date(serial: float, epoch_1904: bool) -> str | None:
    """A serial as ISO text (a date, a date with time, or a time alone); None when no date has this serial.

    In the 1900 system day 60 is 29 February 1900, which never was: it is shown as such and refused as a date later.
    """
    days = serial + _DAYS_1904 if epoch_1904 else serial
    if not 0 <= days <= _LAST_SERIAL + 1:
        return None
    whole = int(days)
    if whole == 60 and not epoch_1904:
        return "1900-02-29"
    seconds = round((days - whole) * 86_400)
    moment = datetime(1899, 12, 31) + timedelta(days=whole - (whole > 60), seconds=seconds)  # noqa: DTZ001 - a day on the sheet has no zone
    if days < 1 and not epoch_1904:
        return moment.time().isoformat()
    return moment.date().isoformat() if not seconds else moment.isoformat()


def date_serial(text: str, epoch_1904: bool = False) -> float | None:
    """The serial of an ISO date or date-time; None when it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    passed = moment.replace(tzinfo=None) - datetime(1899, 12, 31)  # noqa: DTZ001 - a day on the sheet has no zone
    days = passed.days + passed.seconds / 86_400
    serial = days + (passed.days >= 60) - (_DAYS_1904 if epoch_1904 else 0)
    return serial if serial >= 0 else None


def shift_formula(formula: str, rows: int, columns: int) -> str:
    """The formula as if it were copied `rows` down and `columns` right: relative references move, the rest stays."""

    def shifted(match: re.Match[str]) -> str:
        quoted, fixed_column, letters, fixed_row, digits = match.groups()
        if quoted is not None:
            return quoted
        column = 0
        for letter in letters.upper():
            column = column * 26 + ord(letter) - 64
        column += 0 if fixed_column else columns
        row = int(digits) + (0 if fixed_row else rows)
        if not (0 < row <= MAX_ROW and 0 < column <= MAX_COLUMN):
            return "#REF!"
        return f"{fixed_column}{column_letters(column)}{fixed_row}{row}"

    return _REFERENCE.sub(shifted, formula)
