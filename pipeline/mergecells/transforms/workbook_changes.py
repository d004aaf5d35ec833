"""Edits → changes in the words of the domain, each with its cell in the workbook and its place in the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from mergecells.domain.changes import Change
from mergecells.domain.configset import Document
from mergecells.domain.findings import Finding
from mergecells.domain.locations import CellRef, parse_cell_ref
from mergecells.domain.tables import (
    AddRow,
    Conflict,
    DeleteRow,
    Edit,
    RenameRow,
    RowKey,
    SetCell,
    Table,
    Tables,
    TableValue,
)
from mergecells.transforms.locate import row_document_path
from mergecells.transforms.word_diff import diff_words, show_words

CONFLICT = "merge.conflict"


def show_key(key: RowKey) -> str:
    """`company_info / years`."""
    return " / ".join(part for part in key if part)


def describe_edits(edits: Iterable[Edit], ours: Tables, documents: Mapping[str, Document]) -> list[Change]:
    """One Change for each edit. `ours` are the workbook's tables (their rows know their cells), `documents` the parsed
    files that the edits are made to."""
    return [_describe(edit, ours, documents) for edit in edits]


def _describe(edit: Edit, ours: Tables, documents: Mapping[str, Document]) -> Change:
    table = ours[edit.tab]
    new_key = edit.new_key if isinstance(edit, RenameRow) else edit.key
    place = _place(table, edit.key, edit.column if isinstance(edit, SetCell) else None, documents)
    common = {"area": edit.tab, "key": show_key(new_key), "file": table.spec.file_of(edit.key), "line": place}
    cell = _cell(table, new_key, edit.column if isinstance(edit, SetCell) else None)
    if isinstance(edit, SetCell):
        return Change(kind="changed", field=edit.column, old=edit.old, new=edit.value, cell=cell, **common)
    if isinstance(edit, AddRow):
        return Change(kind="added", new=_show_cells(edit.cells), cell=cell, **common)
    if isinstance(edit, DeleteRow):
        return Change(kind="removed", **common)
    if isinstance(edit, RenameRow):
        return Change(kind="renamed", old=show_key(edit.key), new=show_key(edit.new_key), cell=cell, **common)
    whither = f"after {show_key(edit.after)}" if edit.after else "to the start"
    return Change(kind="moved", new=whither, cell=cell, **common)


def _cell(table: Table, key: RowKey, column: str | None) -> str | None:
    row = table.rows.get(key)
    ref = row.refs.get(column or table.spec.keys[-1]) if row else None
    return str(ref) if ref else None


def _place(table: Table, key: RowKey, column: str | None, documents: Mapping[str, Document]) -> int | None:
    document = documents.get(table.spec.file_of(key))
    if document is None:
        return None
    path = row_document_path(table.spec, key)
    found = next((each.path for each in table.spec.columns if each.title == column), ())
    return document.locate((*path, *found)).line


def _show_cells(cells: Mapping[str, TableValue]) -> str:
    return ", ".join(f"{title} {show_value(value)}" for title, value in cells.items() if value is not None)


def show_value(value: TableValue) -> str:
    """A value as a person reads it in a change; `blank` for none."""
    if value is None:
        return "blank"
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:.15g}" if isinstance(value, int | float) else value


def render_change(change: Change) -> str:
    """`Factors: company_info / years: weight 0.3 → 0.4 (Factors!C7, scoring/rules.yaml:23)`."""
    what = f"{change.area}: {change.key}"
    if change.kind == "changed":
        text = f"{what}: {change.field} {_sides(change.old, change.new)}"
    elif change.kind == "renamed":
        text = f"{change.area}: {change.old} renamed to {change.new}"
    else:
        text = f"{what} {change.kind}" + (f" ({change.new})" if change.new else "")
    place = f"{change.file}:{change.line}" if change.line else change.file
    where = ", ".join(part for part in (change.cell, place) if part)
    return f"{text}  [{where}]" if where else text


def _sides(old: TableValue, new: TableValue) -> str:
    """Both values; of texts of several lines, the words that differ."""
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        return show_words(diff_words(old, new))
    return f"{show_value(old)} → {show_value(new)}"


def conflict_finding(conflict: Conflict, file: str | None = None) -> Finding:
    """A conflict as a finding, with all three values."""
    what = f"{conflict.tab}: {show_key(conflict.key)}" + (f": {conflict.column}" if conflict.column else "")
    return Finding(
        code=CONFLICT,
        message=f"{what} was changed here to {show_value(conflict.ours)} and meanwhile on the branch to "
        f"{show_value(conflict.theirs)} (it was {show_value(conflict.base)}).",
        hint="Set the cell to the branch's value and run `mergecells fill --apply`, or settle it with who changed it.",
        file=file,
        cell=str(conflict.cell) if conflict.cell else None,
    )


def conflict_marks(conflicts: Iterable[Conflict]) -> dict[CellRef, str]:
    """The note for each conflicting cell that the workbook has."""
    return {
        conflict.cell: f"Conflict.\nHere: {show_value(conflict.ours)}\nOn the branch: {show_value(conflict.theirs)}\n"
        f"Both started from: {show_value(conflict.base)}"
        for conflict in conflicts
        if conflict.cell is not None
    }


def error_marks(findings: Iterable[Finding]) -> dict[CellRef, str]:
    """The note for each cell with an error; a warning is told, but does not colour a cell."""
    marks: dict[CellRef, str] = {}
    for finding in findings:
        cell = parse_cell_ref(finding.cell) if finding.cell else None
        if cell and finding.severity == "error" and finding.code != CONFLICT:
            said = f"{finding.message} {finding.hint}".strip()
            marks[cell] = f"{marks[cell]}\n{said}" if cell in marks else said
    return marks


def render_file_diff(path: str, old: bytes | None, new: bytes | None) -> str:
    """A unified diff of one file. Equal ends are cut first: difflib alone is slow on 30,000 equal lines."""
    before = (old or b"").decode("utf-8", "replace").splitlines(keepends=True)
    after = (new or b"").decode("utf-8", "replace").splitlines(keepends=True)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    skip, keep = max(0, start - 3), max(0, end - 3)
    pieces = difflib.unified_diff(
        before[skip : len(before) - keep], after[skip : len(after) - keep], f"a/{path}", f"b/{path}"
    )
    return "".join(_shift_hunk(piece, skip) for piece in pieces)


def _shift_hunk(line: str, lines: int) -> str:
    if not line.startswith("@@ ") or not lines:
        return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    _, old, new, _ = line.split(" ", 3)
    return f"@@ {_shift_range(old, lines)} {_shift_range(new, lines)} @@\n"


def _shift_range(text: str, lines: int) -> str:
    start, comma, count = text[1:].partition(",")
    return f"{text[0]}{int(start) + lines}{comma}{count}"
