"""Workbook → Tables: read the rows below each tab's titles, say what cannot be read and where."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.findings import Finding, Severity
from mergecells.domain.locations import CellRef
from mergecells.domain.tables import Column, Row, RowKey, Table, Tables, TableSpec, TableValue
from mergecells.domain.workbook import Cell, Sheet, Workbook
from mergecells.transforms.pattern_check import check_patterns
from mergecells.transforms.table_specs import ITEM, REMOVE
from mergecells.transforms.tables import item_key
from mergecells.transforms.workbook_cells import read_cell
from mergecells.transforms.workbook_formulas import EVALUATION_DATE, unpin_today, unqualify_names
from mergecells.transforms.workbook_header import (
    KEY_COLUMN,
    find_columns,
    find_sheet,
    input_columns,
    parse_key,
)

__all__ = ["find_columns", "find_sheet", "workbook_to_tables"]

_TRIMMED = "has blanks around its text; they are left out."
COMPONENTS_TAB, OVERVIEW_TAB = "Components", "Overview"


def workbook_to_tables(workbook: Workbook, specs: Mapping[str, TableSpec]) -> tuple[Tables, list[Finding]]:
    """Every tab that a spec names, as a Table, and all findings. A tab whose header is not found gives no table."""
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    pinned = _pins_today(workbook)
    for tab, spec in specs.items():
        sheet = find_sheet(workbook, tab)
        if sheet is None:
            findings.append(_missing_tab(workbook, spec, specs))
            continue
        reading = _TabReading(spec, sheet, pinned)
        if reading.find_header():
            tables[tab] = reading.read_rows()
        findings.extend(reading.findings)
    return tables, findings


def _pins_today(workbook: Workbook) -> bool:
    """Whether `evaluation_date` is the name that this package made, and not one of the team's own."""
    target = next((to for name, to in workbook.names.items() if name.lower() == EVALUATION_DATE), "")
    return target.replace("$", "").replace("'", "").startswith(f"{OVERVIEW_TAB}!")


def _missing_tab(workbook: Workbook, spec: TableSpec, specs: Mapping[str, TableSpec]) -> Finding:
    titles = {*spec.keys, *(column.title for column in input_columns(spec))}
    alike = [name for name, sheet in workbook.sheets.items() if name not in specs and _heads(sheet, spec) >= titles]
    back = f"Call the tab {alike[0]!r} {spec.tab!r} again" if len(alike) == 1 else "Put it back"
    return Finding(
        code="workbook.missing-tab",
        message=f"{workbook.source} has no tab {spec.tab!r}.",
        hint=f"{back}, or run `mergecells fill --apply` to have it made again.",
        file=spec.place,
    )


def _heads(sheet: Sheet, spec: TableSpec) -> set[str]:
    return set(find_columns(sheet, spec)[1])


@dataclass(slots=True)
class _Draft:
    """A row before it is known which row its remembered key belongs to."""

    number: int
    key: RowKey
    remembered: RowKey | None
    cells: dict[str, TableValue]
    refs: dict[str, CellRef]
    shown: dict[str, TableValue]


@dataclass(slots=True)
class _TabReading:
    """One tab while it is read; `findings` collects everything that is wrong with it.

    `pinned`: the name `evaluation_date` stands for `TODAY()` in this workbook.
    """

    spec: TableSpec
    sheet: Sheet
    pinned: bool = False
    findings: list[Finding] = field(default_factory=list)
    header: int = 0
    columns: dict[str, int] = field(default_factory=dict)

    def find_header(self) -> bool:
        """Locate the titles; False when rows cannot be read without guessing."""
        self.header, self.columns, twice = find_columns(self.sheet, self.spec)
        needed = self._input_titles()
        missing = [title for title in needed if title not in self.columns]
        doubled = {title: places for title, places in twice.items() if title in needed}
        if missing:
            self._add(
                "workbook.header",
                (max(1, self.header), 1),
                f"no column {', '.join(repr(title) for title in missing)}.",
                hint="Put the title back (the order of columns is free), or run `mergecells fill --apply`.",
            )
        for title, places in doubled.items():
            shown = " and ".join(str(CellRef(self.sheet.name, self.header, column)) for column in places)
            self._add(
                "workbook.header",
                (self.header, places[-1]),
                f"{title!r} heads two columns ({shown}).",
                hint="Rename one.",
            )
        if self.sheet.hidden:
            self._add("workbook.hidden", (1, 1), "this tab is hidden and is read all the same.", severity="warning")
        return not missing and not doubled

    def read_rows(self) -> Table:
        """All rows in order; a row that repeats a key is a finding and is left out."""
        self._check_merged()
        numbers = self._row_numbers()
        self.findings.extend(check_patterns(self.sheet, self.spec, self.header, numbers))
        drafts = [draft for draft in map(self._read_row, numbers) if draft is not None]
        visible = {draft.key for draft in drafts}
        claimed: set[RowKey] = set()
        rows: dict[RowKey, Row] = {}
        first: dict[tuple[str, ...], _Draft] = {}
        for draft in drafts:
            plain = tuple(unicodedata.normalize("NFC", part) for part in draft.key)
            if plain in first:
                self._add_duplicate(draft, first[plain])
                continue
            first[plain] = draft
            former = draft.remembered
            if former is None or former in visible or former in claimed:
                former = None
            else:
                claimed.add(former)
            rows[draft.key] = self._finish(draft, former)
        return Table(self.spec, rows)

    def _finish(self, draft: _Draft, former: RowKey | None) -> Row:
        qualified = self.spec.tab == COMPONENTS_TAB or self.spec.optional_last_key
        owners = frozenset(key[0].lower() for key in (draft.key, former) if key and qualified)
        for column in self.spec.columns:
            value = draft.cells.get(column.title)
            if column.kind == "formula" and isinstance(value, str):
                draft.cells[column.title] = self._file_text(value, owners)
        return Row(draft.key, draft.cells, former, draft.refs, draft.shown)

    def _file_text(self, formula: str, owners: frozenset[str]) -> str:
        text = unqualify_names(formula, owners) if owners else formula
        return unpin_today(text) if self.pinned else text

    def _row_numbers(self) -> list[int]:
        managed = {self.columns[title] for title in self._input_titles()}
        numbers = {
            row
            for (row, column), cell in self.sheet.cells.items()
            if row > self.header and column in managed and not _is_blank(cell)
        }
        hidden = sorted(numbers & self.sheet.hidden_rows)
        if hidden:
            shown = ", ".join(map(str, hidden[:10])) + (" …" if len(hidden) > 10 else "")
            told = f"hidden rows are read all the same: {shown}."
            self._add("workbook.hidden", (hidden[0], 1), told, severity="warning")
        return sorted(numbers)

    def _input_titles(self) -> list[str]:
        return [*self.spec.keys, *(column.title for column in input_columns(self.spec))]

    def _read_row(self, number: int) -> _Draft | None:
        refs = {title: CellRef(self.sheet.name, number, self.columns[title]) for title in self._input_titles()}
        parts = [self._read_key(number, title) for title in self.spec.keys]
        cells: dict[str, TableValue] = {}
        shown: dict[str, TableValue] = {}
        for column in input_columns(self.spec):
            cell = self.sheet.at(number, self.columns[column.title])
            cells[column.title] = self._read_value(number, column, cell)
            if column.kind == "formula" and cell.formula is not None:
                shown[column.title] = cell.value
        if not self._check_key(number, parts, cells):
            return None
        key = tuple(part or "" for part in parts)
        return _Draft(number, key, self._remembered(number), cells, refs, shown)

    def _read_key(self, number: int, title: str) -> str | None:
        """A key's text without outer blanks; whole numbers, as a tier called 1, are taken as they are shown."""
        cell = self.sheet.at(number, self.columns[title])
        if self.spec.key_column is not None:
            return self._read_typed_key(number, self.spec.key_column, cell)
        if cell.kind == "text":
            text = str(cell.value).replace("\u00a0", " ").strip()
            if text != cell.value:
                self._add_at(number, title, "workbook.type", _TRIMMED, severity="warning")
            return (item_key(text) if self._is_item(title) else text) or None
        whole = isinstance(cell.value, float) and cell.value.is_integer()
        if cell.kind == "number" and (whole or self._is_item(title)):
            return item_key(cell.value)
        if cell.kind == "boolean" and self._is_item(title):
            return item_key(cell.value)
        if cell.kind == "blank":
            return None
        self._add_at(number, title, "workbook.type", f"holds {cell.value}, which is no name.")
        return None

    def _read_typed_key(self, number: int, column: Column, cell: Cell) -> str | None:
        """The key of a lookup table's row, which is a cell of its column's type."""
        value = self._read_value(number, column, cell)
        if not isinstance(value, str):
            return item_key(value) or None
        text = value.replace("\u00a0", " ").strip()
        if text != value:
            self._add_at(number, column.title, "workbook.type", _TRIMMED, severity="warning")
        return text or None

    def _is_item(self, title: str) -> bool:
        """Whether this key is the item of a sequence, which may be a number or a truth value."""
        return self.spec.row_path[-1:] == (ITEM,) and title == self.spec.keys[-1]

    def _check_key(self, number: int, parts: list[str | None], cells: Mapping[str, TableValue]) -> bool:
        needed = parts[:-1] if self.spec.optional_last_key else parts
        if all(needed):
            return True
        missing = next(title for title, part in zip(self.spec.keys, parts, strict=True) if not part)
        values = any(value is not None for value in cells.values()) or any(parts)
        if values and not self._told(number, missing):
            self._add_at(
                number,
                missing,
                "workbook.type",
                "is blank, but its row holds values.",
                hint="Name the row or clear it.",
            )
        return False

    def _told(self, number: int, title: str) -> bool:
        place = str(CellRef(self.sheet.name, number, self.columns[title]))
        return any(finding.cell == place for finding in self.findings)

    def _read_value(self, number: int, column: Column, cell: Cell) -> TableValue:
        reading = read_cell(cell, column)
        problem = reading.problem
        if problem is not None:
            severity, hint = problem.severity, problem.hint
            self._add_at(number, column.title, "workbook.type", f"{problem.message}.", severity=severity, hint=hint)
        is_remove = self.spec.removable and column.title == REMOVE
        return None if is_remove and reading.value is False else reading.value

    def _remembered(self, number: int) -> RowKey | None:
        column = self.columns.get(KEY_COLUMN)
        cell = self.sheet.at(number, column) if column else None
        return parse_key(str(cell.value), len(self.spec.keys)) if cell is not None and cell.kind == "text" else None

    def _check_merged(self) -> None:
        used = {self.columns[title] for title in self._input_titles()}
        for block in self.sheet.merged:
            spanned = range(block.column, (block.last_column or block.column) + 1)
            if (block.last_row or block.row) > self.header and any(column in used for column in spanned):
                self._add(
                    "workbook.merged",
                    (block.row, block.column),
                    f"{block} is merged.",
                    hint="Unmerge it: each row needs its own cells.",
                )

    def _add_duplicate(self, draft: _Draft, first: _Draft) -> None:
        title = self.spec.keys[-1]
        name = " / ".join(part for part in draft.key if part)
        self._add(
            "rule.duplicate-name",
            (draft.number, self.columns[title]),
            f"{name!r} stands twice: {first.refs[title]} and {draft.refs[title]}.",
            hint="Rename or delete one of them.",
        )

    def _add_at(
        self, number: int, title: str, code: str, message: str, *, severity: Severity = "error", hint: str = ""
    ) -> None:
        place = (number, self.columns[title])
        self._add(code, place, f"{title!r} {message}", hint=hint, severity=severity)

    def _add(
        self, code: str, place: tuple[int, int], message: str, *, hint: str = "", severity: Severity = "error"
    ) -> None:
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                message=f"Tab {self.sheet.name}: {message}",
                hint=hint,
                file=self.spec.place,
                cell=str(CellRef(self.sheet.name, *place)),
            )
        )


def _is_blank(cell: Cell) -> bool:
    if cell.formula is not None:
        return False
    return cell.kind == "blank" or (cell.kind == "text" and not str(cell.value).replace("\u00a0", " ").strip())
