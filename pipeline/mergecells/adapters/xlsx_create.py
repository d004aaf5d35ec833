"""WorkbookLayout → a new .xlsx. XlsxWriter, because it writes each formula's cached result beside it."""

from __future__ import annotations

import io
import math
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mergecells.adapters.xlsx_cells import date_serial
from mergecells.adapters.xlsx_growing import all_names
from mergecells.adapters.xlsx_read import PROPERTY_PREFIX
from mergecells.adapters.xlsx_styles import BAR, GREEN, RED, style_properties
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import METADATA_SHEET
from mergecells.domain.workbook_layout import (
    CellLayout,
    Highlight,
    SheetLayout,
    Style,
    Validation,
    WorkbookLayout,
)
from mergecells.transforms.workbook_formulas import stored_formula

LOOKS_LIVE = ("=", "+", "-", "@", "\t", "\r")
"""A text that starts so is marked with a quote prefix: no program may take it for a formula."""

_ALLOWED = dict.fromkeys(
    (
        "format_cells", "format_columns", "format_rows", "insert_columns", "insert_rows", "delete_columns",
        "delete_rows", "sort", "autofilter", "objects", "scenarios", "insert_hyperlinks", "select_locked_cells",
        "select_unlocked_cells",
    ),
    True,
)  # fmt: skip
"""A protected tab guards its titles, keys and computed cells and nothing else; there is no password."""

_LINE_POINTS, _MAX_LINES, _PADDING = 15.0, 12, 2.0
_NOTE_SIZE = {"x_scale": 2.2, "y_scale": 1.1, "font_size": 9}


def create_xlsx(layout: WorkbookLayout) -> bytes:
    """The whole file."""
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    workbook.set_calc_mode("auto")
    writing = _Writing(workbook)
    sheets = [(workbook.add_worksheet(sheet.name), sheet) for sheet in layout.sheets]
    for worksheet, sheet in sheets:
        writing.write_sheet(worksheet, sheet)
    for name, address in all_names(layout).items():
        workbook.define_name(name, f"={address}")
    _write_metadata(workbook, layout)
    workbook.close()
    return target.getvalue()


def _write_metadata(workbook: Any, layout: WorkbookLayout) -> None:
    """Twice: some programs drop unknown document properties, others very hidden tabs."""
    tab = workbook.add_worksheet(METADATA_SHEET)
    tab.very_hidden()
    for row, (key, value) in enumerate(layout.metadata.items()):
        tab.write_string(row, 0, key)
        tab.write_string(row, 1, value)
        workbook.set_custom_property(PROPERTY_PREFIX + key, value, "text")
    tab.protect()


class _Writing:
    """One workbook while it is written; formats are made once each."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._formats: dict[tuple[Style, bool, bool], Format] = {}
        self._highlights = {
            "red": workbook.add_format({"bg_color": RED, "font_color": "#9C1C13"}),
            "green": workbook.add_format({"bg_color": GREEN, "font_color": "#1B6B2F"}),
        }

    def write_sheet(self, worksheet: Worksheet, sheet: SheetLayout) -> None:
        self._dress(worksheet, sheet)
        for row, height in _row_heights(sheet).items():
            worksheet.set_row(row - 1, height)
        for (row, column), cell in sheet.cells.items():
            self._write_cell(worksheet, row - 1, column - 1, cell)
        for validation in sheet.validations:
            worksheet.data_validation(*_area(validation.cells), _validation_options(validation))
        for highlight in sheet.highlights:
            worksheet.conditional_format(*_area(highlight.cells), self._highlight_options(highlight))
        if sheet.protected:
            worksheet.protect("", _ALLOWED)

    def _dress(self, worksheet: Worksheet, sheet: SheetLayout) -> None:
        for column in sorted({*sheet.column_widths, *sheet.column_styles}):
            style = sheet.column_styles.get(column)
            form = self._format(style, style in ("computed", "hidden", "share", "points", "rate")) if style else None
            hidden = {"hidden": True} if column in sheet.hidden_columns else {}
            worksheet.set_column(column - 1, column - 1, sheet.column_widths.get(column), form, hidden)
        if sheet.keys:
            worksheet.set_row(0, 22)
        else:
            worksheet.hide_gridlines(2)
        if sheet.frozen_rows or sheet.frozen_columns:
            worksheet.freeze_panes(sheet.frozen_rows, sheet.frozen_columns)
        if sheet.hidden:
            worksheet.hide()
        worksheet.set_landscape()
        worksheet.fit_to_pages(1, 0)
        if sheet.frozen_rows:
            worksheet.repeat_rows(0, sheet.frozen_rows - 1)

    def _write_cell(self, worksheet: Worksheet, row: int, column: int, cell: CellLayout) -> None:
        value = cell.value
        quoted = isinstance(value, str) and cell.formula is None and value.startswith(LOOKS_LIVE)
        form = self._format(cell.style, cell.locked, quoted)
        serial = date_serial(value) if cell.style == "date" and isinstance(value, str) else None
        if cell.formula is not None and cell.array:
            shown = "" if value is None else value
            worksheet.write_array_formula(row, column, row, column, stored_formula(cell.formula), form, shown)
        elif cell.formula is not None:
            worksheet.write_formula(row, column, stored_formula(cell.formula), form, "" if value is None else value)
        elif value is None or value == "":
            worksheet.write_blank(row, column, None, form)
        elif isinstance(value, bool):
            worksheet.write_boolean(row, column, value, form)
        elif serial is not None:
            worksheet.write_number(row, column, serial, form)
        elif isinstance(value, int | float):
            worksheet.write_number(row, column, value, form)
        else:
            worksheet.write_string(row, column, value, form)
        if cell.note:
            worksheet.write_comment(row, column, cell.note, _NOTE_SIZE)

    def _format(self, style: Style, locked: bool, quoted: bool = False) -> Format:
        key = (style, locked, quoted)
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format(style_properties(style, locked, quoted))
        return self._formats[key]

    def _highlight_options(self, highlight: Highlight) -> dict[str, Any]:
        if highlight.colour == "bar":
            return {"type": "data_bar", "bar_color": BAR, "bar_solid": True, "min_type": "num", "min_value": 0}
        form = self._highlights[highlight.colour]
        return {"type": "formula", "criteria": f"={highlight.formula}", "format": form}


def _row_heights(sheet: SheetLayout) -> dict[int, float]:
    """The height of each row whose text wraps: not every program measures it on opening, and lines would overlap."""
    lines: dict[int, int] = {}
    for (row, column), cell in sheet.cells.items():
        if cell.style == "text" and isinstance(cell.value, str) and cell.formula is None:
            room = max(1.0, sheet.column_widths.get(column, 9.0) - _PADDING)
            needed = sum(max(1, math.ceil(len(part) / room)) for part in cell.value.split("\n"))
            lines[row] = max(lines.get(row, 1), min(needed, _MAX_LINES))
    return {row: _LINE_POINTS * count for row, count in lines.items() if count > 1}


def _area(cells: CellRef) -> tuple[int, int, int, int]:
    last_row = cells.last_row or cells.row
    return cells.row - 1, cells.column - 1, last_row - 1, (cells.last_column or cells.column) - 1


def _validation_options(validation: Validation) -> dict[str, Any]:
    message = {"error_title": "Not allowed here", "error_message": validation.message, "ignore_blank": True}
    if validation.kind == "decimal":
        limits = {"minimum": validation.minimum, "maximum": validation.maximum}
        return {"validate": "decimal", "criteria": "between", **limits, **message}
    if validation.kind == "date":
        return {"validate": "decimal", "criteria": ">=", "value": 0, **message}
    choices = ("TRUE", "FALSE") if validation.kind == "boolean" else validation.choices
    return {"validate": "list", "source": validation.source or list(choices), **message}
