"""Workbook → Tables: find each tab's header by its titles, read the rows below it, say what cannot be read and where."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mergecells.domain.findings import Finding, Severity
from mergecells.domain.locations import CellRef
from mergecells.domain.tables import Column, Row, RowKey, Table, Tables, TableSpec, TableValue
from mergecells.domain.workbook import Cell, Sheet, Workbook
from mergecells.transforms.table_specs import ITEM
from mergecells.transforms.table_specs import REMOVE as REMOVE_COLUMN
from mergecells.transforms.tables import item_key
from mergecells.transforms.workbook_cells import read_cell
from mergecells.transforms.workbook_formulas import EVALUATION_DATE, unpin_today, unqualify_names

KEY_COLUMN = "_key"
"""The hidden column that remembers each row's key as a JSON array, so that a renamed row is still the same row."""

VALUE_COLUMN = "value"
COMPONENTS_TAB, OVERVIEW_TAB = "Components", "Overview"
_HEADER_WITHIN = 20


def workbook_to_tables(workbook: Workbook, specs: Mapping[str, TableSpec]) -> tuple[Tables, list[Finding]]:
    """Every tab that a spec names, as a Table, and all findings. A tab whose header is not found gives no table."""
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    pinned = _pins_today(workbook)
    for tab, spec in specs.items():
        sheet = find_sheet(workbook, tab)
        if sheet is None:
            findings.append(_missing_tab(workbook, spec))
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


def find_sheet(workbook: Workbook, tab: str) -> Sheet | None:
    """The tab of this name, or the only one whose name differs in case and outer blanks alone."""
    if tab in workbook.sheets:
        return workbook.sheets[tab]
    alike = [sheet for name, sheet in workbook.sheets.items() if plain_title(name) == plain_title(tab)]
    return alike[0] if len(alike) == 1 else None


def plain_title(text: object) -> str:
    """A title as compared: outer and doubled blanks, case and the way accents are stored do not count."""
    return " ".join(unicodedata.normalize("NFC", str(text)).replace("\u00a0", " ").split()).casefold()


def _missing_tab(workbook: Workbook, spec: TableSpec) -> Finding:
    return Finding(
        code="workbook.missing-tab",
        message=f"{workbook.source} has no tab {spec.tab!r}.",
        hint="Put it back, or run `mergecells fill --apply` to have it made again.",
        file=spec.file,
    )


def find_columns(sheet: Sheet, spec: TableSpec) -> tuple[int, dict[str, int], dict[str, list[int]]]:
    """The header's row (0 when there is none), the column of each title found, and titles that stand twice.

    The header is the first row among the top 20 that has all key titles, else the one that has most titles.
    """
    wanted = {plain_title(title): title for title in header_titles(spec)}
    best: tuple[int, int, dict[str, int], dict[str, list[int]]] = (0, 0, {}, {})
    for row, cells in _top_rows(sheet):
        found: dict[str, int] = {}
        twice: dict[str, list[int]] = {}
        for column, cell in cells:
            title = wanted.get(plain_title(cell.value)) if cell.kind == "text" else None
            if title is None:
                continue
            if title in found:
                twice.setdefault(title, [found[title]]).append(column)
            else:
                found[title] = column
        score = len(found) + (1000 if all(key in found for key in spec.keys) else 0)
        if score > best[0]:
            best = (score, row, found, twice)
    _, row, found, twice = best
    return (row, found, twice) if found else (0, {}, {})


def header_titles(spec: TableSpec) -> list[str]:
    """Every title this package reads, writes or makes in a tab."""
    titles = [*spec.keys, *(column.title for column in input_columns(spec)), VALUE_COLUMN, KEY_COLUMN]
    return list(dict.fromkeys(titles))


def input_columns(spec: TableSpec) -> tuple[Column, ...]:
    """The columns that a person types into, keys apart; a removable table has `remove` even where no path names it."""
    if not spec.removable or any(column.title == REMOVE_COLUMN for column in spec.columns):
        return spec.columns
    return (*spec.columns, Column(REMOVE_COLUMN, "boolean", ()))


def _top_rows(sheet: Sheet) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
    rows: dict[int, list[tuple[int, Cell]]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= _HEADER_WITHIN:
            rows.setdefault(row, []).append((column, cell))
    for row in sorted(rows):
        yield row, sorted(rows[row], key=lambda pair: pair[0])


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
                max(1, self.header),
                None,
                f"no column {', '.join(repr(title) for title in missing)}.",
                "Put the title back (the order of columns is free), or run `mergecells fill --apply`.",
            )
        for title, places in doubled.items():
            shown = " and ".join(str(CellRef(self.sheet.name, self.header, column)) for column in places)
            self._add(
                "workbook.header", self.header, places[-1], f"{title!r} heads two columns ({shown}).", "Rename one."
            )
        if self.sheet.hidden:
            self._add("workbook.hidden", 1, None, "this tab is hidden and is read all the same.", "", "warning")
        return not missing and not doubled

    def read_rows(self) -> Table:
        """All rows in order; a row that repeats a key is a finding and is left out."""
        self._check_merged()
        drafts = [draft for draft in map(self._read_row, self._row_numbers()) if draft is not None]
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
            self._add("workbook.hidden", hidden[0], None, f"hidden rows are read all the same: {shown}.", "", "warning")
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
        if cell.kind == "text":
            text = str(cell.value).replace("\u00a0", " ").strip()
            if text != cell.value:
                self._add_at(
                    number, title, "workbook.type", "has blanks around its text; they are left out.", "warning"
                )
            return text or None
        whole = isinstance(cell.value, float) and cell.value.is_integer()
        if cell.kind == "number" and (whole or self._holds_items()):
            return item_key(cell.value)
        if cell.kind == "boolean" and self._holds_items():
            return item_key(cell.value)
        if cell.kind == "blank":
            return None
        self._add_at(number, title, "workbook.type", f"holds {cell.value}, which is no name.")
        return None

    def _holds_items(self) -> bool:
        """Whether the last key is the item of a sequence, which may be a number or a truth value."""
        return self.spec.row_path[-1:] == (ITEM,)

    def _check_key(self, number: int, parts: list[str | None], cells: Mapping[str, TableValue]) -> bool:
        needed = parts[:-1] if self.spec.optional_last_key else parts
        if all(needed):
            return True
        missing = [title for title, part in zip(self.spec.keys, parts, strict=True) if not part][0]
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
            self._add_at(number, column.title, "workbook.type", f"{problem.message}.", problem.severity, problem.hint)
        return None if column.title == REMOVE_COLUMN and reading.value is False else reading.value

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
                    block.row,
                    block.column,
                    f"{block} is merged.",
                    "Unmerge it: each row needs its own cells.",
                )

    def _add_duplicate(self, draft: _Draft, first: _Draft) -> None:
        title = self.spec.keys[-1]
        name = " / ".join(part for part in draft.key if part)
        self._add(
            "rule.duplicate-name",
            draft.number,
            self.columns[title],
            f"{name!r} stands twice: {first.refs[title]} and {draft.refs[title]}.",
            "Rename or delete one of them.",
        )

    def _add_at(
        self, number: int, title: str, code: str, message: str, severity: Severity = "error", hint: str = ""
    ) -> None:
        self._add(code, number, self.columns[title], f"{title!r} {message}", hint, severity)

    def _add(
        self, code: str, row: int, column: int | None, message: str, hint: str = "", severity: Severity = "error"
    ) -> None:
        place = CellRef(self.sheet.name, row, column or 1)
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                message=f"Tab {self.sheet.name}: {message}",
                hint=hint,
                file=self.spec.file,
                cell=str(place),
            )
        )


def _is_blank(cell: Cell) -> bool:
    if cell.formula is not None:
        return False
    return cell.kind == "blank" or (cell.kind == "text" and not str(cell.value).replace("\u00a0", " ").strip())


def parse_key(text: str, parts: int) -> RowKey | None:
    """A remembered key; None for anything that is not a JSON array of that many texts."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, list) and len(value) == parts and all(isinstance(part, str) for part in value):
        return tuple(value)
    return None


def dump_key(key: RowKey) -> str:
    """The remembered form of a key."""
    return json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))
