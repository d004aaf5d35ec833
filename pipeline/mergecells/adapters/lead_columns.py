"""Which column of a leads file is which field. A title is matched exactly first, then without case and spacing."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.scoring import Fields
from mergecells.transforms.lead_texts import TEXT_READERS, read_untyped

CsvReading = tuple[int, str, Callable[[str], Any]]
"""The index of a column, the field that it is, and how to read its cells."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """`by_field`: field → column title. `missing`: fields without a column. `unused`: columns that are no field."""

    by_field: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def map_columns(titles: Sequence[str], fields: Fields | None) -> ColumnMap:
    """Find each field's column. Raises UsageError when one is there twice, or none is there at all."""
    if fields is None:
        _refuse_repeated(titles, titles)
        return ColumnMap({title: title for title in titles})
    found: dict[str, str] = {}
    for name, lead_field in fields.fields.items():
        column = _find(titles, [lead_field.column or name, name])
        if column is not None:
            found[name] = column
    _refuse_repeated(titles, found.values())
    if not found and titles:
        expected = ", ".join(repr(f.column or name) for name, f in list(fields.fields.items())[:5])
        raise UsageError(
            f"None of the {len(titles)} columns is a field of scoring/fields.yaml.",
            f"The file has {_some(titles)}; expected are {expected} and so on.",
        )
    used = set(found.values())
    return ColumnMap(
        found,
        tuple(name for name in fields.fields if name not in found),
        tuple(title for title in titles if title not in used),
    )


def field_of(title: str, fields: Fields | None) -> str | None:
    """The field that a key of a JSON object stands for, by the same rules as a column's title."""
    if fields is None:
        return title
    for same in (str.__eq__, _same_but_for_case):
        for name, lead_field in fields.fields.items():
            if same(title, lead_field.column or name) or same(title, name):
                return name
    return None


def note_key(columns: ColumnMap, title: str, name: str | None, fields: Fields | None) -> ColumnMap:
    """`columns` with one more key of JSON objects; the fields not seen so far are missing."""
    by_field = columns.by_field if name is None or name in columns.by_field else {**columns.by_field, name: title}
    unused = (*columns.unused, title) if name is None else columns.unused
    missing = tuple(known for known in fields.fields if known not in by_field) if fields else ()
    return ColumnMap(by_field, missing, unused)


def readings(titles: Sequence[str], columns: ColumnMap, fields: Fields | None) -> list[CsvReading]:
    """How to read each cell of a CSV row that is a field."""
    index = {title: position for position, title in enumerate(titles)}
    if fields is None:
        return [(index[column], name, read_untyped) for name, column in columns.by_field.items()]
    return [(index[column], name, TEXT_READERS[fields.fields[name].type]) for name, column in columns.by_field.items()]


def read_text_as(name: str, text: str, fields: Fields | None) -> Any:
    """A text as a cell under the field's column is read."""
    return TEXT_READERS[fields.fields[name].type](text) if fields else read_untyped(text)


def _find(titles: Sequence[str], wanted: Sequence[str]) -> str | None:
    for name in wanted:
        if name in titles:
            return name
    for name in wanted:
        close = [title for title in titles if _same_but_for_case(title, name)]
        if close:
            return close[0]
    return None


def _same_but_for_case(title: str, name: str) -> bool:
    return _plain(title) == _plain(name)


def _plain(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def _refuse_repeated(titles: Sequence[str], used: Any) -> None:
    wanted = set(used)
    repeated = [title for title, times in Counter(titles).items() if times > 1 and title in wanted]
    if repeated:
        raise UsageError(f"The column {_some(repeated)} is there more than once.", "Rename or remove one.")


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
