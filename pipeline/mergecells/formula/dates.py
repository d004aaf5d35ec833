"""Dates as serial numbers: the 1900 system, with the leap day 1900-02-29 that never was (serial 60)."""

from __future__ import annotations

import calendar
import datetime
import re
from functools import lru_cache
from typing import Final, NamedTuple

LAST_SERIAL: Final = 2_958_465
"""9999-12-31."""

_EPOCH: Final = datetime.date(1899, 12, 30).toordinal()
_FICTIONAL: Final = 60
_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_name) if name
}
_TIME: Final = (
    r"(?:(?P<hour>[0-9]{1,4})(?P<minutes>:(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,9})?))?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?)"
)
_DATES: Final = tuple(
    re.compile(rf"{date}(?: {_TIME})?")
    for date in (
        r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})",
        r"(?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})[-/](?P<year>[0-9]{4}|[0-9]{2})",
        r"(?P<day>[0-9]{1,2})[-/ ](?P<month>[A-Za-z]{3,9})[-/ ](?P<year>[0-9]{4}|[0-9]{2})",
        r"(?P<month>[A-Za-z]{3,9}) (?P<day>[0-9]{1,2}), (?P<year>[0-9]{4}|[0-9]{2})",
        r"(?P<month>[A-Za-z]{3,9}|[0-9]{1,2})[-/ ](?P<year>[0-9]{4})(?P<day>)",
    )
)
_ONLY_TIME: Final = re.compile(_TIME)
_FIRST_OF_LAST_CENTURY: Final = 30
"""Years of two digits: 00 to 29 are 20xx, 30 to 99 are 19xx, as Windows sets it and Excel's DATEVALUE page says."""


class DateParts(NamedTuple):
    year: int
    month: int
    day: int


def to_serial(date: datetime.date) -> float:
    """1900-01-01 is 1, 1900-03-01 is 61, 2024-02-29 is 45351. Raises ValueError before 1900."""
    if date.year < 1900:
        raise ValueError("the 1900 date system starts on 1900-01-01")
    days = date.toordinal() - _EPOCH
    return float(days if days > _FICTIONAL else days - 1)


def from_serial(serial: float) -> datetime.date:
    """The date of a serial number, its time of day dropped. Raises ValueError where no real date answers to it."""
    if serial < 1 or serial >= LAST_SERIAL + 1:
        raise ValueError(f"serial number {serial} is outside 1900-01-01 to 9999-12-31")
    return datetime.date(*date_parts(serial))


def date_parts(serial: float) -> DateParts:
    """Year, month and day as a sheet shows them: serial 60 is 1900-02-29, serial 0 is 1900-01-00."""
    return _parts_of_day(int(serial))


@lru_cache(maxsize=8192)
def _parts_of_day(days: int) -> DateParts:
    if days == _FICTIONAL:
        return DateParts(1900, 2, 29)
    if days == 0:
        return DateParts(1900, 1, 0)
    date = datetime.date.fromordinal(_EPOCH + days + (1 if days < _FICTIONAL else 0))
    return DateParts(date.year, date.month, date.day)


def serial_of(year: int, month: int, day: int) -> float | None:
    """DATE's arithmetic: months and days may run over. None outside 1900-01-00 to 9999-12-31."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if not 1900 <= year <= 9999:
        return None
    serial = to_serial(datetime.date(year, month, 1)) + day - 1
    return serial if 0 <= serial <= LAST_SERIAL else None


def days_in_month(year: int, month: int) -> int:
    """As the 1900 system has it: February 1900 has 29 days."""
    return 29 if (year, month) == (1900, 2) else calendar.monthrange(year, month)[1]


def parse_date_text(text: str) -> float | None:
    """The serial number of a date, time or both written as text; None for anything else.

    Read are `2024-02-29`, `2024/2/29`, `2/29/2024`, `2/29/24`, `29-Feb-2024`, `Feb 29, 2024`, `Feb 2024`, each with an
    optional ` 13:45`, ` 13:45:10.5` or ` 1:45 PM`, and a time alone, which may run over: `27:30`. The order
    month/day/year is that of the English (US) locale. A date without a year would need the clock: None.
    """
    if not ("0" <= text[0] <= "9" or text[0].isalpha()):
        return None
    if (match := _ONLY_TIME.fullmatch(text)) is not None:
        return _day_fraction(match)
    for pattern in _DATES:
        match = pattern.fullmatch(text)
        if match is not None:
            return _serial_of_match(match)
    return None


def _serial_of_match(match: re.Match[str]) -> float | None:
    month = int(match["month"]) if match["month"].isdigit() else _MONTHS.get(match["month"].lower(), 0)
    year, day = int(match["year"]), int(match["day"] or 1)
    if len(match["year"]) == 2:
        year += 2000 if year < _FIRST_OF_LAST_CENTURY else 1900
    if not (year >= 1900 and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month)):
        return None
    serial = serial_of(year, month, day)
    fraction = _day_fraction(match) if match["hour"] else 0.0
    return None if serial is None or fraction is None or fraction >= 1.0 else serial + fraction


def _day_fraction(match: re.Match[str]) -> float | None:
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), float(match["second"] or 0)
    if minute > 59 or second >= 60.0 or not (match["half"] or match["minutes"]):
        return None
    if match["half"]:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    return (hour * 3600 + minute * 60 + second) / 86400.0
