"""Names of blocks that people make longer: in an .xlsx, a formula that ends at the last filled row.

A plain range grows with a row inserted inside of it and not with one typed below its end, and a formatted table cannot
be moved row by row. Anchored at the row of titles, which is locked, so that no deleted row turns the name into #REF!.
"""

from __future__ import annotations

from mergecells.domain.locations import CellRef, column_letters, quoted_sheet
from mergecells.domain.workbook_layout import WorkbookLayout


def all_names(layout: WorkbookLayout) -> dict[str, str]:
    """Every defined name of a layout with its target, without the `=`."""
    keys = {sheet.name: sheet.keys[0] for sheet in layout.sheets if sheet.keys}
    growing = {name: growing_target(block, keys[block.sheet]) for name, block in layout.growing.items()}
    return {**layout.names, **growing}


def growing_target(block: CellRef, key: int) -> str:
    """`INDEX(t!$A$1:$A$250,2):INDEX(t!$C$1:$C$250,n)`, n being the last row whose cell in column `key` is filled."""
    first, last, keys = (_column(block, column) for column in (block.column, block.last_column or block.column, key))
    filled = f'SUMPRODUCT(MAX(({keys}<>"")*(ROW({keys})-ROW({keys.split(":")[0]})+1)))'
    return f"INDEX({first},2):INDEX({last},MAX(2,{filled}))"


def _column(block: CellRef, column: int) -> str:
    letters = column_letters(column)
    return f"{quoted_sheet(block.sheet)}!${letters}${block.row}:${letters}${block.last_row or block.row}"
