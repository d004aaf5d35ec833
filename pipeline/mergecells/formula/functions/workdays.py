"""Weeks and working days. Counted, never walked day by day."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from mergecells.formula.arguments import items_of
from mergecells.formula.dates import LAST_SERIAL, date_parts, serial_of
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.functions.dates import WEEK_STARTS, checked_parts
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, ErrorValue, Fault, Scalar, to_number


def _day(serial: float) -> int:
    checked_parts(serial)
    return int(serial)


class _Calendar(NamedTuple):
    """Days of rest as remainders of serial numbers by 7 (0 is Saturday, 1 Sunday), and the holidays, sorted."""

    rest: frozenset[int]
    holidays: list[int]

    def weekdays_up_to(self, day: int) -> int:
        """Days that are no days of rest, from serial 1 to `day`."""
        weeks, beyond = divmod(day, 7)
        return weeks * (7 - len(self.rest)) + sum(place not in self.rest for place in range(1, beyond + 1))

    def working(self, first: int, last: int) -> int:
        """Working days from `first` to `last`, both included."""
        free = bisect_right(self.holidays, last) - bisect_left(self.holidays, first)
        return self.weekdays_up_to(last) - self.weekdays_up_to(first - 1) - free


_WEEKEND: Final = frozenset((0, 1))


def _calendar(holidays: Pair, rest: frozenset[int] = _WEEKEND) -> _Calendar:
    """Holidays each once, those on days of rest left out. Raises Fault(#VALUE!) for what is no date."""
    days = set()
    for cell in items_of(holidays)[0]:
        if type(cell) is ErrorValue:
            raise Fault(cell)
        if type(cell) is bool:
            raise Fault(VALUE)
        if cell is not None:
            days.add(_day(to_number(cell)))
    return _Calendar(rest, sorted(day for day in days if day % 7 not in rest))


def _rest_of(weekend: Scalar) -> frozenset[int]:
    """A code (1 Saturday and Sunday, 2 Sunday and Monday … 11 Sunday only …) or a mask from Monday on, 1 for rest.

    Raises Fault: #NUM! for an unknown code, #VALUE! for a text that is no mask.
    """
    if type(weekend) is str and len(weekend) == 7:
        if not set(weekend) <= {"0", "1"}:
            raise Fault(VALUE)
        return frozenset((index + 2) % 7 for index, mark in enumerate(weekend) if mark == "1")
    if type(weekend) is str:
        raise Fault(VALUE)
    code = to_number(weekend)
    if 1 <= code < 8:
        return frozenset(((int(code) - 1) % 7, int(code) % 7))
    if 11 <= code < 18:
        return frozenset(((int(code) - 10) % 7,))
    raise Fault(NUM)


@function(
    "NETWORKDAYS(start, end, [holidays])",
    "nnr",
    "n",
    "date",
    "Working days between two dates, both counted; negative backwards.",
    optional=1,
)
def _networkdays(start: float, end: float, holidays: Pair = (None, False)) -> float:
    return _counted(start, end, _calendar(holidays))


def _counted(start: float, end: float, calendar: _Calendar) -> float:
    first, last = _day(start), _day(end)
    return float(calendar.working(first, last) if first <= last else -calendar.working(last, first))


@function(
    "NETWORKDAYS.INTL(start, end, [weekend], [holidays])",
    "nnvr",
    "n",
    "date",
    'The same with other days of rest: a code, or seven marks from Monday on such as "0000011".',
    optional=2,
)
def _networkdays_international(
    start: float, end: float, weekend: Scalar = 1.0, holidays: Pair = (None, False)
) -> float:
    return _counted(start, end, _calendar(holidays, _rest_of(1.0 if weekend is None else weekend)))


@function(
    "WORKDAY(start, days, [holidays])",
    "nnr",
    "n",
    "date",
    "The date so many working days later or earlier.",
    optional=1,
)
def _workday(start: float, days: float, holidays: Pair = (None, False)) -> float:
    return _moved(start, days, _calendar(holidays))


def _moved(start: float, days: float, calendar: _Calendar) -> float:
    first, count = _day(start), math.trunc(max(-1e7, min(1e7, days)))
    if count == 0:
        return float(first)
    return float(_later(first, count, calendar) if count > 0 else _earlier(first, -count, calendar))


@function(
    "WORKDAY.INTL(start, days, [weekend], [holidays])",
    "nnvr",
    "n",
    "date",
    "The same with other days of rest, as in NETWORKDAYS.INTL.",
    optional=2,
)
def _workday_international(start: float, days: float, weekend: Scalar = 1.0, holidays: Pair = (None, False)) -> float:
    rest = _rest_of(1.0 if weekend is None else weekend)
    if len(rest) == 7:
        raise Fault(VALUE)
    return _moved(start, days, _calendar(holidays, rest))


def _later(start: int, count: int, calendar: _Calendar) -> int:
    """The first day by which `count` working days have passed. Raises Fault(#NUM!) after the year 9999."""
    low, high = start + 1, LAST_SERIAL + 1
    while low < high:
        middle = (low + high) // 2
        if calendar.working(start + 1, middle) >= count:
            high = middle
        else:
            low = middle + 1
    if low > LAST_SERIAL:
        raise Fault(NUM)
    return low


def _earlier(start: int, count: int, calendar: _Calendar) -> int:
    low, high = -1, start - 1
    while low < high:
        middle = (low + high + 1) // 2
        if calendar.working(middle, start - 1) >= count:
            low = middle
        else:
            high = middle - 1
    if low < 0:
        raise Fault(NUM)
    return low


@function(
    "WEEKNUM(date, [type])",
    "nn",
    "n",
    "date",
    "The week of the year; week 1 holds January 1, type 21 is ISO.",
    optional=1,
)
def _weeknum(serial: float, kind: float = 1.0) -> float:
    day = _day(serial)
    system = math.trunc(max(-1.0, min(99.0, kind)))
    if system == 21:
        return _isoweeknum(serial)
    shift = WEEK_STARTS.get(system)
    if shift is None or system == 3:
        raise Fault(NUM)
    new_year = _first_of(day)
    return float((day - new_year + (new_year - 1 + shift) % 7) // 7 + 1)


def _first_of(day: int) -> int:
    """The serial number of January 1 of the day's year."""
    serial = serial_of(date_parts(day).year, 1, 1)
    if serial is None:
        raise Fault(NUM)
    return int(serial)


@function("ISOWEEKNUM(date)", "n", "n", "date", "The ISO week of the year: weeks from Monday, week 1 holds a Thursday.")
def _isoweeknum(serial: float) -> float:
    day = _day(serial)
    thursday = day - (day - 2) % 7 + 3
    if thursday < 1:
        return 52.0  # the first day of the 1900 system is a Sunday: it belongs to the last week of 1899
    return float((thursday - _first_of(thursday)) // 7 + 1)
