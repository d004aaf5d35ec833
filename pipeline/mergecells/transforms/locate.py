"""Where a thing of the config stands: its place in the file and its cell in the workbook, from one document path.

A cell comes from the workbook that was read (`Row.refs`), or, without one, from the plan that `fill` follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mergecells.domain.configset import Document
from mergecells.domain.findings import Excerpt, Finding, Severity
from mergecells.domain.locations import CellRef, DocumentPath, FileLocation
from mergecells.domain.revision import Files
from mergecells.domain.tables import RowKey, Table, Tables, TableSpec
from mergecells.transforms.table_specs import ITEM, REMOVE
from mergecells.transforms.workbook_plan import plan_tab

CellOf = Callable[[RowKey, str], CellRef | None]
"""The cell of a row's column, by the column's title; None for what the workbook does not show."""

CellIndex = Mapping[tuple[str, DocumentPath], CellRef]
"""By file and document path, keys with the path of their row."""


@dataclass(frozen=True, slots=True)
class Locator:
    """Turns (file, document path) into positions; cheap to make, asked only for what is found wrong."""

    documents: Mapping[str, Document] = field(default_factory=dict)
    cells: CellIndex = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def has(self, file: str, path: DocumentPath) -> bool:
        """True when the file itself states the thing at `path`."""
        document = self.documents.get(file)
        return document is not None and (path in document.value_positions or path in document.key_positions)

    def finding(
        self,
        code: str,
        message: str,
        hint: str,
        at: tuple[str, DocumentPath],
        *,
        key: bool = False,
        severity: Severity = "error",
        cell: str | None = None,
        offset: int | None = None,
    ) -> Finding:
        """A finding at a file and path; with `key`, at the key and not at its value.

        `offset` points to a character inside the text at `path` (from 0), where the file shows the text as it is.
        """
        file, path = at
        place = self._place(file, path, key)
        column = place.column if place else None
        if place and column and offset:
            column += self._shift(place, path, offset)
        excerpt = self._excerpt(file, path, offset) if offset is not None and not key else None
        return Finding(
            code=code,
            excerpt=excerpt,
            severity=severity,
            message=message,
            hint=hint,
            file=file,
            line=place.line if place else None,
            column=column,
            cell=cell if cell is not None else self.cell(file, path),
        )

    def _place(self, file: str, path: DocumentPath, key: bool) -> FileLocation | None:
        document = self.documents.get(file)
        if document is None:
            return None
        return document.locate_key(path) if key else document.locate(path)

    def _excerpt(self, file: str, path: DocumentPath, offset: int) -> Excerpt | None:
        text = self._value(file, path) if self.has(file, path) else None
        return Excerpt(text=text, offset=offset) if isinstance(text, str) and offset <= len(text) else None

    def _value(self, file: str, path: DocumentPath) -> Any:
        value: Any = self.documents[file].value
        for part in path:
            value = value[part]
        return value

    def _shift(self, place: FileLocation, path: DocumentPath, offset: int) -> int:
        """From the start of a scalar to its character `offset`; 0 where escapes, folds or blocks come before it."""
        text = self._value(place.file, path)
        if place.file not in self._lines:
            self._lines[place.file] = self.files.get(place.file, b"").decode("utf-8-sig", errors="replace").splitlines()
        lines = self._lines[place.file]
        if not place.line or not place.column or place.line > len(lines):
            return 0
        source = lines[place.line - 1][place.column - 1 :]
        quote = 1 if source[:1] in ("'", '"') else 0
        shown = source[quote : quote + offset]
        return quote + offset if shown == text[:offset] else 0

    def cell(self, file: str, path: DocumentPath) -> str | None:
        """The cell of the value at `path`, or of the nearest enclosing row."""
        while path:
            found = self.cells.get((file, path))
            if found:
                return str(found)
            path = path[:-1]
        return None

    def with_cells(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings that know only their place in a file get the cell of what stands there."""
        paths: dict[str, dict[tuple[int, int], DocumentPath]] = {}
        for finding in findings:
            document = self.documents.get(finding.file or "")
            if finding.cell is None and document and finding.file and finding.line and finding.column:
                if finding.file not in paths:
                    paths[finding.file] = _paths_by_place(document)
                path = paths[finding.file].get((finding.line, finding.column))
                cell = self.cell(finding.file, path) if path else None
                yield finding.model_copy(update={"cell": cell}) if cell else finding
            else:
                yield finding

    def block(self, file: str, paths: Iterable[DocumentPath]) -> str | None:
        """The smallest block of cells of one sheet that holds all of `paths`: `Components!B2:B16`."""
        found = [cell for path in paths if (cell := self.cells.get((file, path)))]
        if not found or any(cell.sheet != found[0].sheet for cell in found):
            return None
        rows, columns = [cell.row for cell in found], [cell.column for cell in found]
        first = CellRef(found[0].sheet, min(rows), min(columns))
        if (max(rows), max(columns)) == (first.row, first.column):
            return str(first)
        return str(CellRef(first.sheet, first.row, first.column, max(rows), max(columns)))


def _paths_by_place(document: Document) -> dict[tuple[int, int], DocumentPath]:
    keys = {place: path for path, place in document.key_positions.items()}
    return keys | {place: path for path, place in document.value_positions.items()}


def index_cells(tables: Tables) -> dict[tuple[str, DocumentPath], CellRef]:
    """Every cell that the tables show, by the file and document path of what it holds.

    Rows that were read from a workbook know their cells; those from files get the cells that `fill` would give them.
    """
    index: dict[tuple[str, DocumentPath], CellRef] = {}
    for table in tables.values():
        cell_of = _read_cells(table) if any(row.refs for row in table.rows.values()) else _planned_cells(table)
        seen: Counter[RowKey] = Counter()
        for key in table.rows:
            path = row_document_path(table.spec, key)
            if path and path[-1] == ITEM:
                path = (*path[:-1], seen[key[:-1]])
                seen[key[:-1]] += 1
            _index_row(index, table.spec, key, path, cell_of)
    return index


def _read_cells(table: Table) -> CellOf:
    return lambda key, title: table.rows[key].refs.get(title)


def _planned_cells(table: Table) -> CellOf:
    plan = plan_tab(table)
    return lambda key, title: CellRef(table.spec.tab, plan.rows[key], plan.columns[title])


def _index_row(
    index: dict[tuple[str, DocumentPath], CellRef], spec: TableSpec, key: RowKey, path: DocumentPath, cell_of: CellOf
) -> None:
    own = cell_of(key, spec.keys[-1] if key[-1] else spec.keys[0])
    if own:
        index.setdefault((spec.file_of(key), path), own)
    for column in spec.columns:
        ref = None if spec.removable and column.title == REMOVE else cell_of(key, column.title)
        if ref:
            # With an empty path the row's node is the value itself: its cell says more than that of the key.
            index[spec.file_of(key), path + column.path] = ref


def row_document_path(spec: TableSpec, key: RowKey) -> DocumentPath:
    """Where a row's node stands in its file. A row with a blank last key stands for the parent node.

    For an item of a sequence the last segment is `[]`; its index is its place among the rows of the same sequence.
    """
    titles = {"{" + title + "}": part for title, part in zip(spec.keys, key, strict=True)}
    path: list[str | int] = []
    for segment in spec.row_path:
        if segment in titles and not titles[segment]:
            return tuple(path[:-1])
        path.append(titles.get(segment, segment))
    return tuple(path)
