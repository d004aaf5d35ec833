"""Parts of years as bonds and loans count them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from mergecells.formula.dates import DateParts, days_in_month
from mergecells.formula.functions.dates import checked_parts
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, Fault


def _leap(year: int) -> bool:
    return days_in_month(year, 2) == 29


def _ends_february(parts: DateParts) -> bool:
    return parts.month == 2 and parts.day == days_in_month(parts.year, 2)


def _days_30(one: DateParts, other: DateParts, first_day: int, last_day: int) -> int:
    return (other.year - one.year) * 360 + (other.month - one.month) * 30 + last_day - first_day


def _american(one: DateParts, other: DateParts) -> int:
    """Days of the NASD method as YEARFRAC counts them: the last day of February counts as the 30th."""
    first_day, last_day = one.day, other.day
    if _ends_february(one):
        if _ends_february(other):
            last_day = 30
        first_day = 30
    if last_day == 31 and first_day >= 30:
        last_day = 30
    return _days_30(one, other, min(first_day, 30), last_day)


def _european(one: DateParts, other: DateParts) -> int:
    return _days_30(one, other, min(one.day, 30), min(other.day, 30))


def _days_of_year(one: DateParts, other: DateParts) -> float:
    """The length of a year for the basis actual/actual: of the year in question, or the mean of all years touched."""
    if one.year == other.year:
        return 366.0 if _leap(one.year) else 365.0
    if other.year == one.year + 1 and (one.month, one.day) >= (other.month, other.day):
        leap_day = (_leap(one.year) and (one.month, one.day) <= (2, 29)) or (
            _leap(other.year) and (other.month, other.day) >= (2, 29)
        )
        return 366.0 if leap_day else 365.0
    years = range(one.year, other.year + 1)
    return 365.0 + sum(map(_leap, years)) / len(years)


_BASES: Final[Mapping[int, Callable[[DateParts, DateParts, int], float]]] = {
    0: lambda one, other, _days: _american(one, other) / 360.0,
    1: lambda one, other, days: days / _days_of_year(one, other),
    2: lambda _one, _other, days: days / 360.0,
    3: lambda _one, _other, days: days / 365.0,
    4: lambda one, other, _days: _european(one, other) / 360.0,
}


@function(
    "YEARFRAC(start, end, [basis])",
    "nnn",
    "n",
    "date",
    "The part of a year between two dates: 0 30/360, 1 actual, 2 actual/360, 3 actual/365, 4 European 30/360.",
    optional=1,
)
def year_fraction(start: float, end: float, basis: float = 0.0) -> float:
    """Raises Fault(#NUM!) for what is no date, and for an unknown basis."""
    first, last = min(start, end), max(start, end)
    one, other = checked_parts(first), checked_parts(last)
    count = _BASES.get(math.trunc(basis) if abs(basis) < 99 else -1)
    if count is None:
        raise Fault(NUM)
    return count(one, other, int(last) - int(first))


@function("DAYS360(start, end, [european])", "nnb", "n", "date", "Days in a year of 12 months of 30 days.", optional=1)
def _days360(start: float, end: float, european: bool = False) -> float:
    one, other = checked_parts(start), checked_parts(end)
    if european:
        return float(_european(one, other))
    first_day = 30 if one.day > 30 or _ends_february(one) else one.day
    last_day = 30 if other.day > 30 and first_day == 30 else other.day
    return float(_days_30(one, other, first_day, last_day))
