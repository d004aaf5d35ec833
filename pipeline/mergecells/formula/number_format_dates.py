"""A number as a date, a time of day or an elapsed time. English (United States) names."""

from __future__ import annotations

import calendar
from typing import Final

from mergecells.formula.dates import LAST_SERIAL, date_parts
from mergecells.formula.number_format import Piece, UnknownFormatError

_DAY: Final = 86_400
_MOST_DECIMALS: Final = 3


def show_date(number: float, pieces: tuple[Piece, ...]) -> str | None:
    """The moment in a format; None for a negative number and beyond 9999-12-31."""
    parts = _resolved(pieces)
    decimals = max((len(piece.text) for piece in parts if piece.kind == "decimals"), default=0)
    if not 0 <= number < LAST_SERIAL + 1:
        return None
    # Milliseconds are the finest that a sheet shows; what is coarser is cut, but for the seconds, which are rounded.
    unit = 10 ** (_MOST_DECIMALS - decimals) if _has_seconds(parts) else 1
    total = round(number * _DAY * 1000 / unit) * unit if unit > 1 else round(number * _DAY * 1000)
    days, milliseconds = divmod(total, _DAY * 1000)
    if days > LAST_SERIAL:
        return None
    halves = any(piece.kind == "half" for piece in parts)
    return "".join(_part(piece, days, milliseconds, halves) for piece in parts)


def _has_seconds(parts: tuple[Piece, ...]) -> bool:
    return any(piece.text[:1] == "s" and piece.kind in ("date", "elapsed") for piece in parts)


def _resolved(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Which m is a minute: one after an hour or before a second. `.000` after seconds as one piece."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.kind == "fraction":
            if not found or found[-1].kind not in ("point", "decimals"):
                raise UnknownFormatError("digits in a date")
            text = found[-1].text if found[-1].kind == "decimals" else ""
            if len(text) == _MOST_DECIMALS:
                raise UnknownFormatError("more than three decimals of a second")
            found[-1] = Piece("decimals", text + "0")
        else:
            found.append(piece)
    return tuple(_minute(found, index) if piece.text[:1] == "m" and piece.kind == "date" else piece
                 for index, piece in enumerate(found))  # fmt: skip


def _minute(pieces: list[Piece], index: int) -> Piece:
    before = next((p for p in reversed(pieces[:index]) if p.kind in ("date", "elapsed")), None)
    after = next((p for p in pieces[index + 1 :] if p.kind in ("date", "elapsed")), None)
    is_minute = (before is not None and before.text[0] == "h") or (after is not None and after.text[0] == "s")
    return Piece("minute", pieces[index].text) if is_minute and len(pieces[index].text) < 3 else pieces[index]


def _part(piece: Piece, days: int, milliseconds: int, halves: bool) -> str:
    kind, text = piece.kind, piece.text
    seconds = milliseconds // 1000
    if kind == "date":
        return _clock(text, seconds, halves) if text[0] in "hs" else _day(text, days)
    if kind == "minute":
        return str(seconds // 60 % 60).rjust(min(len(text), 2), "0")
    if kind == "half":
        late = seconds >= _DAY // 2
        return ("PM" if late else "AM") if len(text) > 3 else text[2] if late else text[0]
    if kind == "elapsed":
        each = {"h": 3600, "m": 60, "s": 1}[text[0]]
        return str((days * _DAY + seconds) // each).rjust(len(text), "0")
    if kind == "decimals":
        return "." + f"{milliseconds % 1000:03d}"[: len(text)]
    return text


def _clock(text: str, seconds: int, halves: bool) -> str:
    number = seconds % 60 if text[0] == "s" else seconds // 3600
    if text[0] == "h" and halves:
        number = (number + 11) % 12 + 1
    return str(number).rjust(min(len(text), 2), "0")


def _day(text: str, days: int) -> str:
    year, month, day = date_parts(float(days))
    if text[0] == "y":
        return f"{year % 100:02d}" if len(text) < 3 else f"{year:04d}"
    names = (calendar.month_abbr, calendar.month_name) if text[0] == "m" else (calendar.day_abbr, calendar.day_name)
    index = month if text[0] == "m" else (days - 2) % 7
    if len(text) == 5 and text[0] == "m":
        return names[1][index][0]
    if len(text) > 2:
        return names[0][index] if len(text) == 3 else names[1][index]
    return str(month if text[0] == "m" else day).rjust(len(text), "0")
