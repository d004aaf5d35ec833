"""Times of day: fractions of a day. And texts that hold a date or time."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.dates import LAST_SERIAL, parse_date_text
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, Fault, Scalar

_SECONDS: Final = 86_400
_MOST: Final = 32_767.0


def _second_of_day(serial: float) -> int:
    """To the nearest second, as the cell shows it. Raises Fault(#NUM!) for what is no date."""
    if not 0 <= serial < LAST_SERIAL + 1:
        raise Fault(NUM)
    return math.floor((serial - math.floor(serial)) * _SECONDS + 0.5) % _SECONDS


@function("HOUR(time)", "n", "n", "date", "The hour, 0 to 23.")
def _hour(serial: float) -> float:
    return float(_second_of_day(serial) // 3600)


@function("MINUTE(time)", "n", "n", "date", "The minute, 0 to 59.")
def _minute(serial: float) -> float:
    return float(_second_of_day(serial) // 60 % 60)


@function("SECOND(time)", "n", "n", "date", "The second, 0 to 59.")
def _second(serial: float) -> float:
    return float(_second_of_day(serial) % 60)


@function("TIME(hour, minute, second)", "nnn", "n", "date", "A time of day as a fraction; whole days are dropped.")
def _time(hour: float, minute: float, second: float) -> float:
    if max(hour, minute, second) >= _MOST + 1 or min(hour, minute, second) < -_MOST - 1:
        raise Fault(NUM)
    seconds = math.trunc(hour) * 3600 + math.trunc(minute) * 60 + math.trunc(second)
    if seconds < 0:
        raise Fault(NUM)
    return seconds % _SECONDS / _SECONDS


def _serial_of_text(value: Scalar) -> float:
    """Raises Fault(#VALUE!) for what is no text that holds a date or time."""
    stripped = value.strip(" ") if type(value) is str else ""
    serial = parse_date_text(stripped) if stripped else None
    if serial is None:
        raise Fault(VALUE)
    return serial


@function("DATEVALUE(text)", "v", "n", "date", "The date that a text shows, without its time of day.")
def _datevalue(value: Scalar) -> float:
    return float(math.floor(_serial_of_text(value)))


@function("TIMEVALUE(text)", "v", "n", "date", "The time of day that a text shows, without its date.")
def _timevalue(value: Scalar) -> float:
    return _serial_of_text(value) % 1.0
