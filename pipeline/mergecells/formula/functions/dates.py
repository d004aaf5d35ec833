"""Dates are serial numbers of the 1900 system. Nothing here reads the clock: TODAY is the evaluation date given."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.dates import LAST_SERIAL, DateParts, date_parts, days_in_month, serial_of
from mergecells.formula.registry import add, function
from mergecells.formula.values import NUM, Fault

add("TODAY()", "", "n", "date", "The evaluation date that the caller gives; never the clock.")


def checked_parts(serial: float) -> DateParts:
    """Year, month and day. Raises Fault(#NUM!) for what is no date."""
    if not 0 <= serial < LAST_SERIAL + 1:
        raise Fault(NUM)
    return date_parts(serial)


def _serial(year: int, month: int, day: int) -> float:
    serial = serial_of(year, month, day)
    if serial is None:
        raise Fault(NUM)
    return serial


def _cut(number: float) -> int:
    """Cut to a whole number; far-off ones to where any date is #NUM!."""
    return math.trunc(max(-1e7, min(1e7, number)))


@function("DATE(year, month, day)", "nnn", "n", "date", "A date; months and days may run over.")
def _date(year: float, month: float, day: float) -> float:
    whole_year = _cut(year)
    if not 0 <= whole_year <= 9999:
        raise Fault(NUM)
    return _serial(whole_year + 1900 if whole_year < 1900 else whole_year, _cut(month), _cut(day))


@function("YEAR(date)", "n", "n", "date", "The year.")
def _year(serial: float) -> float:
    return float(checked_parts(serial).year)


@function("MONTH(date)", "n", "n", "date", "The month, 1 to 12.")
def _month(serial: float) -> float:
    return float(checked_parts(serial).month)


@function("DAY(date)", "n", "n", "date", "The day of the month.")
def _day(serial: float) -> float:
    return float(checked_parts(serial).day)


WEEK_STARTS: Final = {1: 0, 2: 6, 3: 6, 11: 6, 12: 5, 13: 4, 14: 3, 15: 2, 16: 1, 17: 0}


@function(
    "WEEKDAY(date, [type])", "nn", "n", "date", "The day of the week; 1 is Sunday if type is left out.", optional=1
)
def _weekday(serial: float, kind: float = 1.0) -> float:
    checked_parts(serial)
    shift = WEEK_STARTS.get(_cut(kind))
    if shift is None:
        raise Fault(NUM)
    day = (int(serial) - 1 + shift) % 7
    return float(day if _cut(kind) == 3 else day + 1)


@function("EDATE(date, months)", "nn", "n", "date", "The same day so many months later, or the month's last.")
def _edate(serial: float, months: float) -> float:
    parts = checked_parts(serial)
    first = date_parts(_serial(parts.year, parts.month + math.trunc(max(-1e6, min(1e6, months))), 1))
    return _serial(first.year, first.month, min(parts.day, days_in_month(first.year, first.month)))


@function("EOMONTH(date, months)", "nn", "n", "date", "The last day of the month so many months later.")
def _eomonth(serial: float, months: float) -> float:
    parts = checked_parts(serial)
    first = date_parts(_serial(parts.year, parts.month + math.trunc(max(-1e6, min(1e6, months))), 1))
    return _serial(first.year, first.month, days_in_month(first.year, first.month))


@function("DAYS(end, start)", "nn", "n", "date", "How many days lie between.")
def _days(end: float, start: float) -> float:
    checked_parts(end), checked_parts(start)
    return float(int(end) - int(start))


@function("DATEDIF(start, end, unit)", "nnt", "n", "date", 'Whole "Y" years, "M" months, "D" days, "YM", "YD", "MD".')
def _datedif(start: float, end: float, unit: str) -> float:
    if start > end:
        raise Fault(NUM)
    if unit in ("D", "d") and start >= 0 and end < LAST_SERIAL + 1:
        return float(int(end) - int(start))
    one, other = checked_parts(start), checked_parts(end)
    months = (other.year - one.year) * 12 + other.month - one.month - (other.day < one.day)
    match unit.upper():
        case "Y":
            return float(months // 12)
        case "M":
            return float(months)
        case "YM":
            return float(months % 12)
        case "YD":
            return _days_without_years(int(start), one, other)
        case "MD":
            return _days_without_months(one, other)
    raise Fault(NUM)


def _days_without_years(start: int, one: DateParts, other: DateParts) -> float:
    year = one.year + ((other.month, other.day) < (one.month, one.day))
    return _serial(year, other.month, other.day) - start


def _days_without_months(one: DateParts, other: DateParts) -> float:
    """Excel's own rule, which may go below 0 after a short month: its page warns of it."""
    if other.day >= one.day:
        return float(other.day - one.day)
    year, month = (other.year, other.month - 1) if other.month > 1 else (other.year - 1, 12)
    return float(other.day - one.day + days_in_month(max(year, 1900), month))
