"""Numbers as text and text as numbers, in Excel's English (United States) locale."""

from __future__ import annotations

import math
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Final

from mergecells.formula.dates import parse_date_text

_NUMBER: Final = re.compile(
    r"""(?P<open>\()?(?P<sign>[+-]?)[ ]*\$?
        (?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)
        (?P<exponent>[eE][+-]?[0-9]{1,4})?[ ]*(?P<percent>%)?(?P<close>\))?""",
    re.VERBOSE,
)
_FRACTION: Final = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,15}) +(?P<part>[0-9]{1,5})/(?P<divisor>[0-9]{1,5})")
_FIFTEEN_DIGITS: Final = Context(prec=15, rounding=ROUND_DOWN)
_FOURTEEN_DIGITS: Final = Context(prec=14, rounding=ROUND_HALF_UP)
_LONGEST: Final = 64
_LONGEST_PLAIN: Final = 20
_MAYBE_PLAIN: Final = frozenset("0123456789.")


def parse_number(text: str) -> float | None:
    """What a text counts as in arithmetic, or None when it is no number.

    Read are `3`, ` -1.5 `, `1e3`, `1,234`, `$5`, `10%`, `(5)`, `1 1/2` and the dates and times of
    `dates.parse_date_text`.
    """
    stripped = text.strip(" \t\r\n")
    if not stripped or len(stripped) > _LONGEST:
        return None
    if stripped[0] in _MAYBE_PLAIN and stripped.isascii() and stripped.isdigit():
        return float(stripped)
    match = _NUMBER.fullmatch(stripped)
    if match is None:
        return _parse_fraction(stripped) if "/" in stripped and " " in stripped else parse_date_text(stripped)
    if bool(match["open"]) != bool(match["close"]) or (match["open"] and match["sign"]):
        return None
    number = float(match["digits"].replace(",", "") + (match["exponent"] or ""))
    if match["percent"]:
        number /= 100.0
    if not math.isfinite(number):
        return None
    return -number if match["sign"] == "-" or match["open"] else number


def _parse_fraction(text: str) -> float | None:
    """`1 1/2` is 1.5; a date with a time may look alike until here."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        return parse_date_text(text)
    divisor = int(match["divisor"])
    if divisor == 0:
        return None
    number = int(match["whole"]) + int(match["part"]) / divisor
    return -number if match["sign"] == "-" else number


def parse_literal(text: str) -> float | None:
    """A number written in a formula. Digits after the fifteenth count as 0; None when it is too large."""
    number = float(text)
    if not math.isfinite(number):
        return None
    if number and len(text) > 15:
        return float(_FIFTEEN_DIGITS.create_decimal(Decimal(text)))
    return number


def format_number(number: float) -> str:
    """A number as `&` shows it: 15 significant digits, without an exponent as long as 20 characters are enough.

    From 1E+99 and below 1E-98 Excel shows 14 digits. Source: the observed pairs in Apache POI's
    NumberToTextConversionExamples.
    """
    if number == 0.0:
        return "0"
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    digits, exponent = _scientific(f"{number:.14E}")
    if abs(exponent) >= 99:
        digits, exponent = _scientific(f"{_FOURTEEN_DIGITS.create_decimal(f'{number:.14E}'):.13E}")
    if -20 < exponent < 20:
        plain = _positional(digits, exponent)
        if len(plain.lstrip("-")) <= _LONGEST_PLAIN:
            return plain
    return f"{digits}E{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"


def _scientific(shown: str) -> tuple[str, int]:
    """`-1.50E+03` → `-1.5` and 3: digits without zeros at the end, and the exponent."""
    mantissa, exponent = shown.split("E")
    return mantissa.rstrip("0").rstrip("."), int(exponent)


def write_number(number: float) -> str:
    """A number as it is written in a formula; `parse_literal` reads the same number back."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number).upper()


def _positional(digits: str, exponent: int) -> str:
    sign = "-" if digits.startswith("-") else ""
    figures = digits.lstrip("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{figures}"
    whole = figures[: exponent + 1].ljust(exponent + 1, "0")
    rest = figures[exponent + 1 :]
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def round_to_15(number: float) -> float:
    """The number as a cell shows it: two numbers that agree in 15 significant digits are equal in a sheet."""
    return float(f"{number:.14e}")
