"""Lets LibreOffice compute formulas: one workbook, one start, one answer for each.

A formula is stored as Excel stores it, as an array formula where one value would not do, with its inputs in cells
beside it. So LibreOffice reads the text that a person would type.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.formula import ArrayFormula

from mergecells.domain.locations import column_letters
from mergecells.formula import Array, ErrorValue, Value
from mergecells.formula.values import ERRORS
from mergecells.transforms.formula_engines import Answer, Calculation
from mergecells.transforms.workbook_formulas import split_formula, stored_formula

_COLUMN = 40
"""Where results stand: to the right of any inputs."""
_ADDRESS = re.compile(r"([A-Z]{1,2})([0-9]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A calculation, the height and width of its result, and whether it is to be entered as an array formula."""

    calculation: Calculation
    height: int = 1
    width: int = 1
    as_array: bool = False


def libreoffice_version() -> str:
    """`LibreOffice 7.4`."""
    told = subprocess.run(["soffice", "--version"], capture_output=True, text=True, check=True)
    return "LibreOffice " + ".".join(told.stdout.split()[1].split(".")[:2])


def libreoffice_answers(asked: Sequence[Asked], seconds: float = 100) -> list[Answer]:
    """The answers in the order asked. Raises RuntimeError with LibreOffice's words when it gives no workbook."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "cases.xlsx"
        _write(asked, source)
        sheet = openpyxl.load_workbook(_convert(source, seconds), data_only=True).active
        return [_answer(sheet, row, each) for each, row in zip(asked, _rows(asked), strict=True)]


def _write(asked: Sequence[Asked], path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for each, row in zip(asked, _rows(asked), strict=True):
        for address, value in each.calculation.cells:
            _put(sheet[_lower(address, row)], value)
        formula = stored_formula(_lower(each.calculation.formula, row))
        last = f"{column_letters(_COLUMN + each.width - 1)}{row + each.height}"
        first = f"{column_letters(_COLUMN)}{row + 1}"
        sheet[first] = ArrayFormula(f"{first}:{last}", formula) if each.as_array else formula
    workbook.save(path)


def _rows(asked: Sequence[Asked]) -> list[int]:
    """How many rows are above each: its inputs and its result stand beside one another, below those before."""
    heights = (max(each.height, *(_row_of(address) for address, _ in each.calculation.cells), 1) for each in asked)
    return list(accumulate(heights, initial=0))[:-1]


def _row_of(address: str) -> int:
    return int(address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def _lower(formula: str, rows: int) -> str:
    """The addresses of a formula so many rows further down."""
    pieces = split_formula(formula)
    return "".join(
        f"{match[1]}{int(match[2]) + rows}"
        if (match := _ADDRESS.fullmatch(piece.text)) and following != "("
        else piece.text
        for piece, following in zip(pieces, [*(each.text for each in pieces[1:]), ""], strict=True)
    )


def _put(cell: Any, value: float | str | bool | ErrorValue) -> None:
    cell.value = value.code if isinstance(value, ErrorValue) else value
    if isinstance(value, ErrorValue):
        cell.data_type = "e"
    elif value == "":
        cell.value = '=""'  # an empty text in a file is read as a blank
    elif isinstance(value, str):
        cell.data_type = "s"  # a text that starts with = is a text


def _convert(source: Path, seconds: float) -> Path:
    saved = source.parent / "saved"
    profile = f"-env:UserInstallation=file://{source.parent}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if not (saved / source.name).exists():
        raise RuntimeError(f"LibreOffice saved nothing: {done.stdout}{done.stderr}")
    return saved / source.name


def _answer(sheet: Any, row: int, asked: Asked) -> Answer:
    if asked.height == asked.width == 1:
        return Answer(_value(sheet.cell(row + 1, _COLUMN)))
    block = sheet.iter_rows(row + 1, row + asked.height, _COLUMN, _COLUMN + asked.width - 1)
    return Answer(Array([[_value(cell) for cell in cells] for cells in block]))


def _value(cell: Any) -> Value:
    if cell.data_type == "e":
        return ERRORS.get(cell.value, ERRORS["#VALUE!"])
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        return float(cell.value)
    return cell.value  # type: ignore[no-any-return]
