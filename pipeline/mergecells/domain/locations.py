"""Where a thing stands: a cell of a workbook, a place in a file, a path inside a document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

DocumentPath: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of a YAML document: `("components", "company_info", "weight")`."""


def column_letters(column: int) -> str:
    """1 → `A`, 27 → `AA`. Columns count from 1."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def quoted_sheet(name: str) -> str:
    """A sheet name as it stands before the `!`: quoted when it is not a plain word."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return name if plain else "'" + name.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True, order=True)
class CellRef:
    """One cell, or a block of cells when the `last_` numbers are set. Rows and columns count from 1."""

    sheet: str
    row: int
    column: int
    last_row: int | None = None
    last_column: int | None = None

    def __str__(self) -> str:
        first = f"{quoted_sheet(self.sheet)}!{column_letters(self.column)}{self.row}"
        if self.last_row is None and self.last_column is None:
            return first
        return f"{first}:{column_letters(self.last_column or self.column)}{self.last_row or self.row}"


@dataclass(frozen=True, slots=True, order=True)
class FileLocation:
    """A place in a file. `file` is relative to the config root, with `/`; line and column count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


_CELL = re.compile(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^'!]+))!"
    r"(?P<c1>[A-Z]{1,3})(?P<r1>[0-9]{1,7})(?::(?P<c2>[A-Z]{1,3})(?P<r2>[0-9]{1,7}))?"
)


def column_number(letters: str) -> int:
    """`A` → 1, `AA` → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def parse_cell_ref(text: str) -> CellRef | None:
    """`Factors!D7` or `'My tab'!B2:B16` → CellRef, the way `str(CellRef)` writes it; None for anything else."""
    match = _CELL.fullmatch(text)
    if match is None:
        return None
    sheet = match["plain"] or match["quoted"].replace("''", "'")
    last = (int(match["r2"]), column_number(match["c2"])) if match["r2"] else (None, None)
    return CellRef(sheet, int(match["r1"]), column_number(match["c1"]), *last)
