"""Weeks and working days, Monday to Friday. Counted, never walked day by day."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from mergecells.formula.arguments import items_of
from mergecells.formula.dates import LAST_SERIAL, date_parts, serial_of
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.functions.dates import WEEK_STARTS, checked_parts
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, ErrorValue, Fault, to_number


def _day(serial: float) -> int:
    checked_parts(serial)
    return int(serial)


def _weekdays_up_to(day: int) -> int:
    """Mondays to Fridays from serial 1, a Sunday, to `day`."""
    weeks, rest = divmod(day, 7)
    return weeks * 5 + max(rest - 1, 0)


def _holidays(pair: Pair) -> list[int]:
    """Sorted, each once, those on weekends left out. Raises Fault(#VALUE!) for what is no date."""
    days = set()
    for cell in items_of(pair)[0]:
        if type(cell) is ErrorValue:
            raise Fault(cell)
        if type(cell) is bool:
            raise Fault(VALUE)
        if cell is not None:
            days.add(_day(to_number(cell)))
    return sorted(day for day in days if day % 7 > 1)


def _working(first: int, last: int, holidays: list[int]) -> int:
    """Working days from `first` to `last`, both included."""
    free = bisect_right(holidays, last) - bisect_left(holidays, first)
    return _weekdays_up_to(last) - _weekdays_up_to(first - 1) - free


@function(
    "NETWORKDAYS(start, end, [holidays])",
    "nnr",
    "n",
    "date",
    "Working days between two dates, both counted; negative backwards.",
    optional=1,
)
def _networkdays(start: float, end: float, holidays: Pair = (None, False)) -> float:
    first, last, free = _day(start), _day(end), _holidays(holidays)
    return float(_working(first, last, free) if first <= last else -_working(last, first, free))


@function(
    "WORKDAY(start, days, [holidays])",
    "nnr",
    "n",
    "date",
    "The date so many working days later or earlier.",
    optional=1,
)
def _workday(start: float, days: float, holidays: Pair = (None, False)) -> float:
    first, free = _day(start), _holidays(holidays)
    count = math.trunc(max(-1e7, min(1e7, days)))
    if count == 0:
        return float(first)
    return float(_later(first, count, free) if count > 0 else _earlier(first, -count, free))


def _later(start: int, count: int, free: list[int]) -> int:
    """The first day by which `count` working days have passed. Raises Fault(#NUM!) after the year 9999."""
    low, high = start + 1, LAST_SERIAL + 1
    while low < high:
        middle = (low + high) // 2
        if _working(start + 1, middle, free) >= count:
            high = middle
        else:
            low = middle + 1
    if low > LAST_SERIAL:
        raise Fault(NUM)
    return low


def _earlier(start: int, count: int, free: list[int]) -> int:
    low, high = -1, start - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _working(middle, start - 1, free) >= count:
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
