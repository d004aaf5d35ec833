"""Format codes of TEXT: `0.00`, `#,##0`, `0%`, `$#,##0.00;($#,##0.00)`, `yyyy-mm-dd`. What is not read is refused.

A code has up to three sections: for positive numbers, for negative ones and for zero. Read are the placeholders `0`
and `#`, a decimal point, commas for thousands or, after the last digit, for division by 1,000, `%`, texts in quotes or
after a backslash, the characters that need no quotes, and the parts of a date (US English names). Times, exponents,
fractions, colours, conditions, `General`, `@`, `?`, `_` and `*` are not.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Final

from mergecells.formula.dates import LAST_SERIAL, DateParts, date_parts

MAX_CODE: Final = 255

_PIECES: Final = re.compile(
    r"""(?P<quoted>"[^"]*")|(?P<escaped>\\.)|(?P<digits>[0#][0#,.]*|\.[0#]+)|(?P<sign>.)""", re.DOTALL
)
_DATE_PIECES: Final = re.compile(
    r"""(?P<quoted>"[^"]*")|(?P<escaped>\\.)|(?P<part>[yY]+|[mM]+|[dD]+)|(?P<sign>.)""", re.DOTALL
)
_DIGITS: Final = re.compile(r"(?P<whole>[0#,]*?)(?P<thousands>,*)(?:\.(?P<decimals>[0#]*))?(?P<after>,*)")
_PLAIN: Final = frozenset("$€£¥-+/():!^&'~{}<>= %")
_PLAIN_IN_DATES: Final = frozenset("-/., '()")
_WIDE: Final = Context(prec=700)  # 309 digits before the point and up to 320 after it


class UnknownFormatError(ValueError):
    """A format code that TEXT does not read; the text says what in it."""


@dataclass(frozen=True, slots=True)
class NumberSection:
    """`before` and `after` are literal; digits counts are least and most; `scale` is a power of ten to divide by."""

    before: str
    after: str
    whole_digits: int
    grouped: bool
    least_decimals: int
    most_decimals: int
    has_point: bool
    scale: int
    has_digits: bool


@dataclass(frozen=True, slots=True)
class DateSection:
    """Literal texts and the parts `yy yyyy m mm mmm mmmm d dd ddd dddd`, in order; True marks a part."""

    pieces: tuple[tuple[str, bool], ...]


Section = NumberSection | DateSection


@lru_cache(maxsize=1024)
def read_format(code: str) -> tuple[Section, ...]:
    """The sections of a format code. Raises UnknownFormatError."""
    if len(code) > MAX_CODE:
        raise UnknownFormatError(f"a format code of {len(code)} characters")
    sections = _split(code)
    if len(sections) > 3:
        raise UnknownFormatError("a fourth section")
    if len(sections) == 1 and _bare(code) & set("yYdD"):
        return (_date_section(code),)
    read = tuple(_number_section(section) for section in sections)
    if not read[0].has_digits:
        raise UnknownFormatError("no digits")
    return read


def _split(code: str) -> list[str]:
    parts = [""]
    for match in _PIECES.finditer(code):
        if match["sign"] == ";":
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def _bare(code: str) -> set[str]:
    """The characters outside quotes and backslashes."""
    return {match[0] for match in _PIECES.finditer(code) if match["sign"]}


def _literal(match: re.Match[str]) -> str | None:
    if match["quoted"]:
        return match[0][1:-1]
    return match[0][1] if match["escaped"] else None


def _number_section(section: str) -> NumberSection:
    before, after, digits, percents = "", "", None, 0
    for match in _PIECES.finditer(section):
        literal = _literal(match)
        if literal is None and match["digits"]:
            if digits is not None:
                raise UnknownFormatError(f"digits in two places: {section}")
            digits = match[0]
            continue
        if literal is None and match[0] not in _PLAIN:
            raise UnknownFormatError(f"{match[0]} in {section}")
        percents += literal is None and match[0] == "%"
        shown = match[0] if literal is None else literal
        before, after = (before + shown, after) if digits is None else (before, after + shown)
    if digits is None and not section:
        raise UnknownFormatError("an empty section")
    return _with_digits(before, after, digits, percents)


def _with_digits(before: str, after: str, digits: str | None, percents: int) -> NumberSection:
    match = _DIGITS.fullmatch(digits or "")
    if match is None:
        raise UnknownFormatError(f"the digits {digits}")
    whole, decimals = match["whole"], match["decimals"] or ""
    if "#" in whole.replace(",", "").lstrip("#") or "0" in decimals.lstrip("0"):
        raise UnknownFormatError(f"# on the inner side of 0: {digits}")
    scale = 3 * len(match["thousands"] + match["after"]) - 2 * percents
    return NumberSection(
        before, after, whole.count("0"), "," in whole, decimals.count("0"), len(decimals),
        match["decimals"] is not None, scale, digits is not None,
    )  # fmt: skip


def _date_section(section: str) -> DateSection:
    pieces = []
    for match in _DATE_PIECES.finditer(section):
        literal, part = _literal(match), match["part"]
        if part:
            part = part.lower()
            if part == "mmmmm":
                raise UnknownFormatError("mmmmm")
            # Excel reads yyy as yyyy, y as yy, and more letters than there are forms as the longest.
            name = ("yyyy" if len(part) > 2 else "yy") if part[0] == "y" else part[:4]
            pieces.append((name, True))
        elif literal is None and match[0] not in _PLAIN_IN_DATES:
            raise UnknownFormatError(f"{match[0]} in {section}")
        else:
            pieces.append((match[0] if literal is None else literal, False))
    return DateSection(tuple(pieces))


def format_with(number: float, sections: tuple[Section, ...]) -> str | None:
    """The number in a format; None for what is no date in a date's format."""
    first = sections[0]
    if isinstance(first, DateSection):
        return _format_date(number, first)
    if number == 0.0 and len(sections) > 2:
        return _format_number(number, sections[2])
    if number < 0 and len(sections) > 1:
        return _format_number(-number, sections[1])
    return ("-" if number < 0 else "") + _format_number(abs(number), first)


def _format_number(number: float, section: Section) -> str:
    """A number that is not negative, in the 15 digits that a sheet shows, half away from zero."""
    assert isinstance(section, NumberSection)
    if not section.has_digits:
        return section.before + section.after
    shown = Decimal(f"{number:.14e}").scaleb(-section.scale, context=_WIDE)
    rounded = shown.quantize(Decimal(1).scaleb(-section.most_decimals), rounding=ROUND_HALF_UP, context=_WIDE)
    whole, _, decimals = f"{rounded:f}".partition(".")
    whole = whole.lstrip("0").rjust(section.whole_digits, "0")
    kept = decimals.rstrip("0").ljust(section.least_decimals, "0")
    if section.grouped:
        whole = _grouped(whole)
    return f"{section.before}{whole}{'.' if section.has_point else ''}{kept}{section.after}"


def _grouped(whole: str) -> str:
    head = len(whole) % 3
    groups = [whole[:head]] if head else []
    return ",".join([*groups, *(whole[index : index + 3] for index in range(head, len(whole), 3))])


def _format_date(number: float, section: DateSection) -> str | None:
    if not 0 <= number < LAST_SERIAL + 1:
        return None
    parts = date_parts(number)
    weekday = (int(number) - 2) % 7
    return "".join(_date_part(text, parts, weekday) if is_part else text for text, is_part in section.pieces)


def _date_part(name: str, parts: DateParts, weekday: int) -> str:
    match name:
        case "yyyy":
            return f"{parts.year:04d}"
        case "yy":
            return f"{parts.year % 100:02d}"
        case "mmmm":
            return calendar.month_name[parts.month]
        case "mmm":
            return calendar.month_abbr[parts.month]
        case "dddd":
            return calendar.day_name[weekday]
        case "ddd":
            return calendar.day_abbr[weekday]
    number = parts.month if name[0] == "m" else parts.day
    return f"{number:02d}" if len(name) == 2 else str(number)
