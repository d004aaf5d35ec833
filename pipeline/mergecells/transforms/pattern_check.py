"""Computed columns of a tab: a row whose cell does not compute as its neighbours do.

Nothing of it reaches the files, but the score that the workbook shows is then not that of its rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mergecells.domain.findings import Finding
from mergecells.domain.locations import CellRef
from mergecells.domain.tables import TableSpec
from mergecells.domain.workbook import Cell, Sheet
from mergecells.transforms.workbook_changes import show_value
from mergecells.transforms.workbook_header import VALUE_COLUMN, plain_title
from mergecells.transforms.workbook_plan import FACTOR_SUM_COLUMN, POINTS_COLUMN

_COMPUTED = frozenset((VALUE_COLUMN, POINTS_COLUMN, FACTOR_SUM_COLUMN))
_LEAST_ROWS = 3
_MAJORITY = 2 / 3
_ROWS = re.compile(
    r"""
    "(?:[^"]|"")*" | '(?:[^']|'')*'                                      # a text, a quoted sheet
    | \d+\.?\d*(?:[eE][+-]?\d+)? | \.\d+(?:[eE][+-]?\d+)?              # a number
    | (?P<other>!)?+ (?: [A-Za-z]{1,3}(?P<row>[1-9][0-9]{0,6})(?![\w.\\]) | [^\W\d][\w.\\]*+ )
    """,
    re.VERBOSE,
)
"""The pieces of `split_formula` that may hold relative cells, in one pass: 10,000 rows have 20,000 formulas."""
_SHOWN = 60
_NO_CELL = frozenset("!($")
"""What stands behind a word that is a sheet, a function, or only a column."""


def check_patterns(sheet: Sheet, spec: TableSpec, header: int, rows: list[int]) -> Iterator[Finding]:
    """One warning for each odd cell of a computed column. `rows` are those that hold data, `header` that of the titles.

    In a computed column each formula looks at its own row; a column where most rows do not has no pattern to break.
    """
    own = {column.title for column in spec.columns} | set(spec.keys)
    for (row, column), title in sheet.cells.items():
        if row != header or title.kind != "text" or plain_title(title.value) not in _COMPUTED - own:
            continue
        cells = {number: cell for number in rows if not _is_empty(cell := sheet.at(number, column))}
        odd = {number: cell for number, cell in cells.items() if not _looks_at_own_row(cell, number)}
        if len(cells) >= _LEAST_ROWS and len(odd) <= (1 - _MAJORITY) * len(cells):
            for number, cell in odd.items():
                yield _odd(sheet, spec, CellRef(sheet.name, number, column), str(title.value), cell)


def _is_empty(cell: Cell) -> bool:
    return cell.kind == "blank" and cell.formula is None


def _looks_at_own_row(cell: Cell, row: int) -> bool:
    """Whether a formula names a cell of its own row and none of another; `$` before the row makes it no neighbour's."""
    if cell.formula is None:
        return False
    return relative_rows(cell.formula) == {row}


def relative_rows(formula: str) -> set[int]:
    """The rows of the cells that a formula names and that move with it; a cell of another sheet stays where it is."""
    found = ((match, match["row"]) for match in _ROWS.finditer(formula))
    return {
        int(row)
        for match, row in found
        if row and not match["other"] and formula[match.end() : match.end() + 1] not in _NO_CELL
    }


def _odd(sheet: Sheet, spec: TableSpec, at: CellRef, title: str, cell: Cell) -> Finding:
    if cell.formula is None:
        what = f"holds the constant {show_value(cell.value)[:_SHOWN]}, where the other rows of this column compute"
    else:
        what = f"holds {cell.formula[:_SHOWN]}, which does not look at its own row as those of the other rows do"
    return Finding(
        code="formula.pattern",
        severity="warning",
        message=f"Tab {sheet.name}: {title!r} {what}: the score that the workbook shows is off.",
        hint="Run `mergecells fill --apply`, or copy the cell from the row above.",
        file=spec.file,
        cell=str(at),
    )
