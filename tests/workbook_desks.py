"""A person at a workbook, whichever program it is in: the contract tests run on each of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

import workbook_sample
from google_stage import Stage
from mergecells.adapters.xlsx_workbook import XlsxWorkbook
from mergecells.ports import WorkbookSource


class Desk(Protocol):
    """What a person does. Rows and columns count from 1."""

    def source(self) -> WorkbookSource:
        """The workbook as a program that was just started sees it."""
        ...

    def type(self, tab: str, place: tuple[int, int], value: Any) -> None: ...

    def note(self, tab: str, place: tuple[int, int], text: str) -> None: ...

    def insert_row(self, tab: str, row: int) -> None: ...

    def reorder(self, tab: str, rows: Sequence[int]) -> None:
        """Put the rows (all below the titles) into this order."""
        ...

    def add_tab(self, title: str) -> None: ...

    def delete_tab(self, title: str) -> None: ...


@dataclass
class XlsxDesk:
    """openpyxl in the place of a spreadsheet program."""

    path: Path

    def source(self) -> XlsxWorkbook:
        return XlsxWorkbook(self.path)

    def type(self, tab: str, place: tuple[int, int], value: Any) -> None:
        def change(workbook: Any) -> None:
            workbook[tab].cell(*place).value = value

        workbook_sample.edit(self.path, change)

    def note(self, tab: str, place: tuple[int, int], text: str) -> None:
        def change(workbook: Any) -> None:
            workbook[tab].cell(*place).comment = Comment(text, "Ada")

        workbook_sample.edit(self.path, change)

    def insert_row(self, tab: str, row: int) -> None:
        workbook_sample.edit(self.path, lambda workbook: workbook[tab].insert_rows(row))

    def reorder(self, tab: str, rows: Sequence[int]) -> None:
        def change(workbook: Any) -> None:
            sheet: Worksheet = workbook[tab]
            before = {row: [cell.value for cell in sheet[row]] for row in rows}
            for target, row in enumerate(rows, start=min(rows)):
                for column, value in enumerate(before[row], start=1):
                    sheet.cell(target, column).value = value

        workbook_sample.edit(self.path, change)

    def add_tab(self, title: str) -> None:
        workbook_sample.edit(self.path, lambda workbook: workbook.create_sheet(title))

    def delete_tab(self, title: str) -> None:
        def change(workbook: Any) -> None:
            del workbook[title]

        workbook_sample.edit(self.path, change)


@dataclass
class GoogleDesk:
    """A browser, which the stand-in takes orders from directly."""

    stage: Stage

    def source(self) -> WorkbookSource:
        return self.stage.sheet()

    def type(self, tab: str, place: tuple[int, int], value: Any) -> None:
        self.stage.type(tab, place, value)

    def note(self, tab: str, place: tuple[int, int], text: str) -> None:
        start = {"sheetId": self._id(tab), "rowIndex": place[0] - 1, "columnIndex": place[1] - 1}
        self.stage.edit({"updateCells": {"start": start, "rows": [{"values": [{"note": text}]}], "fields": "note"}})

    def insert_row(self, tab: str, row: int) -> None:
        span = {"sheetId": self._id(tab), "dimension": "ROWS", "startIndex": row - 1, "endIndex": row}
        self.stage.edit({"insertDimension": {"range": span, "inheritFromBefore": row > 2}})

    def reorder(self, tab: str, rows: Sequence[int]) -> None:
        order = sorted(rows)
        for number, row in enumerate(rows):
            start, target = order.index(row), number
            if start != target:
                base = min(rows) - 1
                span = {"sheetId": self._id(tab), "dimension": "ROWS"}
                span |= {"startIndex": base + start, "endIndex": base + start + 1}
                self.stage.edit({"moveDimension": {"source": span, "destinationIndex": base + target}})
                order.insert(target, order.pop(start))

    def add_tab(self, title: str) -> None:
        self.stage.edit({"addSheet": {"properties": {"title": title}}})

    def delete_tab(self, title: str) -> None:
        self.stage.edit({"deleteSheet": {"sheetId": self._id(title)}})

    def _id(self, tab: str) -> int:
        return self.stage.book.titled(tab).id
