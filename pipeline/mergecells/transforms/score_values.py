"""From a lead as JSON or a file gives it to the values that formulas see, and from a result to a share of 0..1.

A value is never guessed at: a text in a number field stays a text, as it would in a sheet, and is named in the issues.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, cast

from mergecells.domain.scoring import Fields, FieldType
from mergecells.formula import Array, ErrorValue, Value, to_serial, to_value
from mergecells.formula.values import MAX_TEXT, Scalar
from mergecells.transforms.lead_texts import TEXT_READERS, read_untyped

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?\Z")
_DAY_SECONDS = 86_400
_FIRST_YEAR = 1900
_EXACT = 2**53
_NOISE_PLACES = 9

Reading = tuple[Value, str]
"""A value, and what is odd about it (empty: nothing)."""


class LeadReader:
    """Reads leads of one rule set. `initial` holds what is there before a lead is read: the lists, and blanks.

    Without fields (no `scoring/fields.yaml`) a lead's values keep the type that they come with; with fields, what is
    not a field is left out. Names are case-insensitive.
    """

    __slots__ = ("_blank", "_known", "_open", "_types")

    def __init__(self, fields: Fields | None, initial: Mapping[str, Value]) -> None:
        self._open = fields is None
        self._blank: dict[str, Value] = dict(initial)
        self._known: dict[str, tuple[str, Callable[[Any], Reading]]] = {}
        self._types = {name.lower(): field.type for name, field in (fields.fields if fields else {}).items()}
        for name, field in (fields.fields if fields else {}).items():
            entry = (name.lower(), _READERS[field.type])
            self._known[name] = self._known[name.lower()] = entry
            self._blank[name.lower()] = None

    @property
    def blank(self) -> Mapping[str, Value]:
        """What is there before a lead is read."""
        return self._blank

    def column(self, key: str) -> tuple[str, Callable[[Any], Reading]] | None:
        """The lower-case name that a lead's `key` stands for and how its values are read; None when it is no field."""
        entry = self._known.get(key) or self._known.get(key.lower())
        return entry or ((key.lower(), _read_any) if self._open else None)

    def text_reader(self, key: str) -> Callable[[str], Any]:
        """How a cell's text becomes a value of the field `key`; see `lead_texts`."""
        kind = self._types.get(key.lower())
        return read_untyped if kind is None else TEXT_READERS[kind]

    def read(self, lead: Mapping[str, Any], issues: list[str]) -> dict[str, Value]:
        """Lower-case name → value. What is odd is appended to `issues`."""
        values = self._blank.copy()
        known = self._known
        for key, given in lead.items():
            entry = known.get(key) or self.column(key)
            if entry is None:
                continue
            values[entry[0]], odd = entry[1](given)
            if odd:
                issues.append(f"{key}: {odd}")
        return values


def share(value: Value) -> tuple[float, str]:
    """A factor's value in 0..1 from a formula's result, and what was wrong with the result (empty: nothing)."""
    if isinstance(value, bool):
        return float(value), ""
    if isinstance(value, int | float):
        if 0 <= value <= 1:
            return float(value), ""
        # Binary rounding of weights and thirds is no finding: 1.0000000000000002 is 1.
        clipped = 0.0 if value < 0 else 1.0
        return clipped, "" if round(value, _NOISE_PLACES) == clipped else f"is {value:g}, outside 0..1"
    if value is None:
        return 0.0, ""
    if isinstance(value, ErrorValue):
        return 0.0, f"is the error {value.code}"
    return 0.0, "is a text, not a number" if isinstance(value, str) else "is an array, not a number"


def share_of_field(value: Value) -> float:
    """A factor without a formula: true or a non-empty text is 1, numbers are clipped to 0..1, blank is 0 (contract)."""
    if isinstance(value, str):
        return 1.0 if value else 0.0
    return share(value)[0]


def without_noise(value: float) -> float:
    """Free of binary rounding far below anything typed: 79.99999999999999, from weights that give 80, is 80."""
    return round(value, _NOISE_PLACES)


def as_list(values: Sequence[str | float | bool]) -> Array:
    """A named list as formulas see it: one column; an empty list is one blank cell."""
    return Array.column([cast(Scalar, to_value(value)) for value in values] or [None])


def read_typed(given: Scalar, kind: FieldType) -> Value:
    """A config's own value as one of this type; what is none keeps its own (the check says so)."""
    return _READERS[kind](given)[0]


def _read_text(given: Any) -> Reading:
    if given is None or (isinstance(given, str) and len(given) <= MAX_TEXT):
        return given, ""
    value, odd = _read_any(given)
    return value, odd or ("" if value is None else f"{_kind(value)} where a text is expected")


def _read_number(given: Any) -> Reading:
    kind = type(given)
    if kind is float and given - given == 0.0:
        return given, ""
    if kind is int and -_EXACT < given < _EXACT:
        return float(given), ""
    value, odd = _read_any(given)
    if odd or value is None or isinstance(value, float):
        return value, odd
    return _unexpected(value, "number")


def _read_boolean(given: Any) -> Reading:
    if given is None or given is True or given is False:
        return given, ""
    value, odd = _read_any(given)
    return (value, odd) if odd or value is None else _unexpected(value, "true or false")


def _read_date(given: Any) -> Reading:
    if isinstance(given, str) and _ISO.match(given):
        try:
            return _read_moment(datetime.datetime.fromisoformat(given))
        except ValueError:
            return given, f"there is no date {given}"
    value, odd = _read_any(given)
    if odd or value is None or isinstance(value, float):
        return value, odd
    return _unexpected(value, "date")


def _read_any(given: Any) -> Reading:
    """The value as it comes; NaN is how data frames write blank, and what has no place in a cell is blank too."""
    if given is None or isinstance(given, bool):
        return given, ""
    if isinstance(given, str):
        # Longer than a cell can hold: the same error value that a formula would give.
        return to_value(given), "" if len(given) <= MAX_TEXT else f"has {len(given):,} characters; {MAX_TEXT:,} fit"
    if isinstance(given, datetime.date):
        return _read_moment(given)
    if not isinstance(given, Real | Decimal):
        return None, f"{type(given).__name__} cannot be a value; taken as blank"
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if math.isfinite(number):
        return number, ""
    return None, "" if math.isnan(number) else "is not finite; taken as blank"


def _unexpected(value: Value, expected: str) -> Reading:
    if value == "" and isinstance(value, str):
        return None, ""
    article = "" if expected.startswith("true") else "a "
    return value, f"{_kind(value)} where {article}{expected} is expected"


def _kind(value: Value) -> str:
    return "true or false" if isinstance(value, bool) else "a text" if isinstance(value, str) else "a number"


def _read_moment(moment: datetime.date) -> Reading:
    """A date as its serial number; the 1900 date system keeps an earlier one as a text, as sheets do."""
    if moment.year < _FIRST_YEAR:
        return moment.isoformat(), f"dates before {_FIRST_YEAR} are texts"
    if not isinstance(moment, datetime.datetime):
        return float(to_serial(moment)), ""
    seconds = (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    return float(to_serial(moment.date())) + seconds / _DAY_SECONDS, ""


_READERS: dict[str, Callable[[Any], Reading]] = {
    "text": _read_text,
    "number": _read_number,
    "boolean": _read_boolean,
    "date": _read_date,
}
