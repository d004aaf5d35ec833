"""A tab's titles: which row they stand in, which column each heads, and the hidden column that remembers keys."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

from mergecells.domain.tables import Column, RowKey, TableSpec
from mergecells.domain.workbook import Cell, Sheet, Workbook
from mergecells.transforms.table_specs import REMOVE

KEY_COLUMN = "_key"
"""The hidden column that remembers each row's key as a JSON array, so that a renamed row is still the same row."""

VALUE_COLUMN = "value"
HEADER_WITHIN = 20
"""How far down a header may stand; a person may have put a title or a logo above it."""


def find_sheet(workbook: Workbook, tab: str) -> Sheet | None:
    """The tab of this name, or the only one whose name differs in case and outer blanks alone."""
    if tab in workbook.sheets:
        return workbook.sheets[tab]
    alike = [sheet for name, sheet in workbook.sheets.items() if plain_title(name) == plain_title(tab)]
    return alike[0] if len(alike) == 1 else None


def plain_title(text: object) -> str:
    """A title as compared: outer and doubled blanks, case and the way accents are stored do not count."""
    return " ".join(unicodedata.normalize("NFC", str(text)).replace("\u00a0", " ").split()).casefold()


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
    if not spec.removable or any(column.title == REMOVE for column in spec.columns):
        return spec.columns
    return (*spec.columns, Column(REMOVE, "boolean", ()))


def typed_columns(spec: TableSpec) -> tuple[Column, ...]:
    """The columns whose cells have a type that is checked: a lookup table's key is one of them."""
    return (*((spec.key_column,) if spec.key_column else ()), *input_columns(spec))


def _top_rows(sheet: Sheet) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
    rows: dict[int, list[tuple[int, Cell]]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= HEADER_WITHIN:
            rows.setdefault(row, []).append((column, cell))
    for row in sorted(rows):
        yield row, sorted(rows[row], key=lambda pair: pair[0])


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
