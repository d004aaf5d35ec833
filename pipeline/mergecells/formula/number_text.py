"""Numbers as text and text as numbers, in Excel's English (United States) locale."""

from __future__ import annotations

import math
import re
from decimal import ROUND_DOWN, Context, Decimal
from typing import Final

from mergecells.formula.dates import parse_date_text

_NUMBER: Final = re.compile(
    r"""(?P<open>\()?(?P<sign>[+-]?)[ ]*\$?
        (?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)
        (?P<exponent>[eE][+-]?[0-9]{1,4})?[ ]*(?P<percent>%)?(?P<close>\))?""",
    re.VERBOSE,
)
_FIFTEEN_DIGITS: Final = Context(prec=15, rounding=ROUND_DOWN)
_LONGEST: Final = 64
_MAYBE_PLAIN: Final = frozenset("0123456789.")


def parse_number(text: str) -> float | None:
    """What a text counts as in arithmetic, or None when it is no number.

    Read are `3`, ` -1.5 `, `1e3`, `1,234`, `$5`, `10%`, `(5)` and the dates and times of `dates.parse_date_text`.
    """
    stripped = text.strip(" \t\r\n")
    if not stripped or len(stripped) > _LONGEST:
        return None
    if stripped[0] in _MAYBE_PLAIN and stripped.isascii() and stripped.isdigit():
        return float(stripped)
    match = _NUMBER.fullmatch(stripped)
    if match is None:
        return parse_date_text(stripped)
    if bool(match["open"]) != bool(match["close"]) or (match["open"] and match["sign"]):
        return None
    number = float(match["digits"].replace(",", "") + (match["exponent"] or ""))
    if match["percent"]:
        number /= 100.0
    if not math.isfinite(number):
        return None
    return -number if match["sign"] == "-" or match["open"] else number


def parse_literal(text: str) -> float | None:
    """A number written in a formula. Digits after the fifteenth count as 0; None when it is too large."""
    number = float(text)
    if not math.isfinite(number):
        return None
    if number and len(text) > 15:
        return float(_FIFTEEN_DIGITS.create_decimal(Decimal(text)))
    return number


def format_number(number: float) -> str:
    """15 significant digits, without an exponent from 1E-20 up to below 1E+21 as `&` shows it."""
    if number == 0.0:
        return "0"
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    mantissa, exponent_text = f"{number:.14E}".split("E")
    exponent = int(exponent_text)
    digits = mantissa.rstrip("0").rstrip(".")
    if -20 < exponent < 21 and (exponent >= 0 or len(digits.lstrip("-")) - exponent <= 21):
        return _positional(digits, exponent)
    return f"{digits}E{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"


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
