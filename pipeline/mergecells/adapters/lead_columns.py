"""Which column of a leads file is which field, and how a cell's text becomes a value of the field's type.

A title is matched exactly first, then without regard to case and spacing. A text is never guessed at: `1,234` in a
number field stays a text, and scoring names it in its issues.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.scoring import Fields, FieldType

CsvReading = tuple[int, str, Callable[[str], Any]]
"""The index of a column, the field that it is, and how to read its cells."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
_LIKE_AN_ID = re.compile(r"[+-]?0\d", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


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
    return [(index[column], name, _READERS[fields.fields[name].type]) for name, column in columns.by_field.items()]


def read_text_as(name: str, text: str, fields: Fields | None) -> Any:
    """A text as a cell under the field's column is read."""
    return _READERS[fields.fields[name].type](text) if fields else read_untyped(text)


def read_untyped(text: str) -> Any:
    """For rules without fields: a number where it can be nothing else, so that `007` stays what it is."""
    return text or None if _LIKE_AN_ID.match(text) else read_number(text)


def read_text(text: str) -> Any:
    return text or None


def read_number(text: str) -> Any:
    """A number as programs write it; any other text stays a text."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.match(stripped) else (text if stripped else None)


def read_boolean(text: str) -> Any:
    """TRUE and FALSE, yes and no, 1 and 0, in any case; any other text stays a text."""
    stripped = text.strip()
    return _BOOLEANS.get(stripped.lower(), text) if stripped else None


def read_date(text: str) -> Any:
    """Dates stay text; scoring reads `2024-02-29`."""
    return text.strip() or None


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


_READERS: Mapping[FieldType, Callable[[str], Any]] = {
    "text": read_text,
    "number": read_number,
    "boolean": read_boolean,
    "date": read_date,
}
