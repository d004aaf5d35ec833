"""Type into one cell of an .xlsx, as a person does: the cell and its shown result change, everything else stays."""

from __future__ import annotations

from pathlib import Path

from mergecells.adapters.xlsx_package import Package
from mergecells.adapters.xlsx_properties import ask_recalculation
from mergecells.adapters.xlsx_sheet_patch import SheetPatch
from mergecells.adapters.xlsx_style_patch import StylePatch
from mergecells.adapters.xlsx_workbook import replace_file
from mergecells.domain.errors import UsageError
from mergecells.domain.locations import CellRef
from mergecells.domain.workbook import CellValue
from mergecells.domain.workbook_layout import CellLayout


def type_cell(path: Path, ref: CellRef, value: CellValue, formula: str | None = None) -> None:
    """Put `value`, or `formula` showing `value`, into the cell. Raises UsageError when there is no such tab."""
    package = Package(path)
    part = next((tab.part for tab in package.contents.tabs if tab.name == ref.sheet), None)
    if part is None:
        raise UsageError(f"{path} has no tab {ref.sheet!r}.")
    patch = SheetPatch(ref.sheet, package.tree(part), StylePatch(package))
    patch.put(ref.row, ref.column, CellLayout(value=value, formula=formula), value, formula)
    ask_recalculation(package)
    content = package.content()
    if content is not None:
        replace_file(path, content)
