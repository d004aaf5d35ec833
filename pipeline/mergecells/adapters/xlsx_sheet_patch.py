"""One tab's XML, edited in place: rows move whole, cells change one by one, the rest keeps what it says."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from lxml import etree

from mergecells.adapters.cell_references import Movement, Movements, move_areas, move_formula
from mergecells.adapters.xlsx_cells import date_serial
from mergecells.adapters.xlsx_create import LOOKS_LIVE
from mergecells.adapters.xlsx_package import q
from mergecells.adapters.xlsx_parts import escape
from mergecells.adapters.xlsx_read import parse_address
from mergecells.adapters.xlsx_style_patch import StylePatch
from mergecells.domain.locations import column_letters
from mergecells.domain.workbook import CellValue
from mergecells.domain.workbook_layout import CellLayout
from mergecells.transforms.workbook_formulas import normalise_formula, stored_formula

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class SheetPatch:
    """`rows` and `cells` are found once; new ones are put where the format wants them, in order."""

    def __init__(self, name: str, root: etree._Element, styles: StylePatch) -> None:
        self.name = name
        self.root = root
        self._styles = styles
        self._data = root.find(q("sheetData"))
        self._rows: dict[int, etree._Element] = {}
        self._cells: dict[tuple[int, int], etree._Element] = {}
        self._index()

    def _index(self) -> None:
        """Give every row and cell its address (the format lets both be left out) and remember where it is."""
        self._rows, self._cells = {}, {}
        number = 0
        for row in self._data if self._data is not None else ():
            number = int(row.get("r") or number + 1)
            row.set("r", str(number))
            self._rows[number] = row
            column = 0
            for cell in row:
                place = parse_address(cell.get("r", "")) or (number, column + 1)
                column = place[1]
                cell.set("r", f"{column_letters(column)}{number}")
                self._cells[number, column] = cell

    @property
    def last_row(self) -> int:
        """The last row that holds anything but formats."""
        return max((row for (row, _), cell in self._cells.items() if len(cell)), default=0)

    def freeze(self, rows: int, columns: int) -> bool:
        """Freeze the first rows and columns where the tab has no panes at all: LibreOffice drops them when it converts
        without a window. Panes that a person set stay. Returns whether anything changed."""
        view = self.root.find(f"{q('sheetViews')}/{q('sheetView')}")
        if view is None or view.find(q("pane")) is not None or not (rows and columns):
            return False
        pane = etree.Element(q("pane"), xSplit=str(columns), ySplit=str(rows))
        pane.set("topLeftCell", f"{column_letters(columns + 1)}{rows + 1}")
        pane.set("activePane", "bottomRight")
        pane.set("state", "frozen")
        for selection in view.findall(q("selection")):
            selection.set("pane", "bottomRight")
        view.insert(0, pane)
        return True

    def unshare_formulas(self, formulas: dict[tuple[int, int], str]) -> None:
        """Write shared formulas out in full: a row that moves must not leave others without their formula."""
        for place, cell in self._cells.items():
            formula = cell.find(q("f"))
            if formula is not None and formula.get("t") == "shared" and place in formulas:
                formula.attrib.clear()
                formula.text = stored_formula(formulas[place])[1:]

    def move_rows(self, movement: Movement) -> None:
        """Let every row stand where `movement` says."""
        if self._data is None:
            return
        kept: dict[int, etree._Element] = {}
        for number, row in self._rows.items():
            target = movement.row(number)
            if target is not None:
                kept[target] = row
        self._data[:] = []
        for number in sorted(kept):
            row = kept[number]
            row.set("r", str(number))
            for cell in row:
                cell.set("r", f"{cell.get('r', '').rstrip('0123456789')}{number}")
            self._data.append(row)
        self._move_areas(movement)
        self._index()

    def _move_areas(self, movement: Movement) -> None:
        for tag, attribute in (
            ("dataValidation", "sqref"), ("conditionalFormatting", "sqref"), ("mergeCell", "ref"), ("hyperlink", "ref"),
            ("autoFilter", "ref"), ("protectedRange", "sqref"), ("ignoredError", "sqref"),
        ):  # fmt: skip
            for element in list(self.root.iter(q(tag))):
                moved = move_areas(element.get(attribute, ""), movement)
                parent = element.getparent()
                if moved:
                    element.set(attribute, moved)
                elif parent is not None:
                    parent.remove(element)
        for element in self.root.iter("{*}sqref"):
            element.text = move_areas(element.text or "", movement)

    def move_formulas(self, movements: Movements) -> None:
        """Let every formula of the tab (cells, validations, conditional formats) follow what moved."""
        for tag in ("f", "formula", "formula1", "formula2"):
            for element in self.root.iter("{*}" + tag):
                if element.text:
                    element.text = move_formula(element.text, self.name, movements)
                if tag == "f" and element.get("ref"):
                    element.set("ref", move_areas(element.get("ref", ""), movements.get(self.name, Movement())))

    def formula_of(self, row: int, column: int) -> str | None:
        """The formula that stands there now, as a person would type it."""
        cell = self._cells.get((row, column))
        text = cell.findtext(q("f")) if cell is not None else None
        return normalise_formula(text) if text else None

    def dress_cells(self, row: int, like: int, columns: Iterable[int]) -> None:
        """Give some cells of a row the formats that they have in the row `like`."""
        for column in columns:
            model = self._cells.get((like, column))
            if model is not None and model.get("s") is not None:
                self._cell(row, column).set("s", model.get("s", "0"))

    def dress(self, row: int, like: int) -> None:
        """Give a new row the height and the cell formats of the row `like`."""
        model = self._rows.get(like)
        if model is None:
            return
        fresh = self._row(row)
        for attribute in ("ht", "customHeight", "s", "customFormat"):
            if model.get(attribute) is not None:
                fresh.set(attribute, model.get(attribute, ""))
        for cell in model:
            place = parse_address(cell.get("r", ""))
            if place is not None and cell.get("s") is not None:
                self._cell(row, place[1]).set("s", cell.get("s", "0"))

    def put(self, row: int, column: int, wanted: CellLayout, value: CellValue, formula: str | None) -> None:
        """Write one cell; its format stays, save where the kind of value needs another."""
        cell = self._cell(row, column)
        for child in list(cell):
            cell.remove(child)
        cell.attrib.pop("t", "")
        style = cell.get("s", "0")
        if formula is not None:
            written = etree.SubElement(cell, q("f"))
            written.text = stored_formula(formula)[1:]
            if wanted.array:
                written.set("t", "array")
                written.set("ref", f"{column_letters(column)}{row}")
            _put_result(cell, value)
            return
        serial = date_serial(value) if wanted.style == "date" and isinstance(value, str) else None
        dated = self._styles.dated(style) if serial is not None else None
        if dated is not None:
            cell.set("s", dated)
            etree.SubElement(cell, q("v")).text = _number(serial or 0.0)
        elif isinstance(value, str) and value:
            cell.set("s", self._styles.quoted(style, value.startswith(LOOKS_LIVE)))
            cell.set("t", "inlineStr")
            text = etree.SubElement(etree.SubElement(cell, q("is")), q("t"))
            text.text = escape(value)
            text.set(_SPACE, "preserve")
        elif value is not None and value != "":
            _put_result(cell, value)

    def show(self, row: int, column: int, value: CellValue) -> None:
        """Change the shown result of a formula that stays."""
        cell = self._cell(row, column)
        formula = copy.deepcopy(cell.find(q("f")))
        for child in list(cell):
            cell.remove(child)
        cell.attrib.pop("t", "")
        if formula is not None:
            cell.append(formula)
        _put_result(cell, value)

    def _row(self, number: int) -> etree._Element:
        if number not in self._rows:
            row = etree.Element(q("row"), r=str(number))
            _insert(self._data, row, number, lambda e: int(e.get("r", "0")))
            self._rows[number] = row
        return self._rows[number]

    def _cell(self, row: int, column: int) -> etree._Element:
        if (row, column) not in self._cells:
            parent = self._row(row)
            parent.attrib.pop("spans", "")
            cell = etree.Element(q("c"), r=f"{column_letters(column)}{row}")
            _insert(parent, cell, column, lambda e: (parse_address(e.get("r", "")) or (0, 0))[1])
            self._cells[row, column] = cell
        return self._cells[row, column]


def _insert(parent, element, number, order) -> None:  # type: ignore[no-untyped-def]
    for index in range(len(parent) - 1, -1, -1):
        if order(parent[index]) < number:
            parent.insert(index + 1, element)
            return
    parent.insert(0, element)


def _put_result(cell: etree._Element, value: CellValue) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        cell.set("t", "b")
        text = "1" if value else "0"
    elif isinstance(value, int | float):
        text = _number(value)
    else:
        cell.set("t", "e" if value.startswith("#") and value[-1:] in "!?AL0" and value.isupper() else "str")
        text = escape(value)
    etree.SubElement(cell, q("v")).text = text


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
