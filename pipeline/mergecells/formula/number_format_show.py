"""A number in a format: digits, exponents, fractions, General."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

from mergecells.formula.number_format import Piece, Section, UnknownFormatError, chosen, text_section
from mergecells.formula.number_format_dates import show_date

_WIDE: Final = Context(prec=700)  # 309 digits before the point and up to 320 after it
_BLANK: Final = {"0": "0", "?": " ", "#": ""}
_LONGEST_DENOMINATOR: Final = 7


def show_number(number: float, sections: tuple[Section, ...]) -> str | None:
    """The number in a format; None where a sheet shows #####: no date, or a number that no section takes."""
    section, minus = chosen(sections, number)
    if section is None:
        return None
    if section.kind == "date":
        return show_date(number, section.pieces)
    return ("-" if minus else "") + _shown(abs(number), section)


def show_text(text: str, sections: tuple[Section, ...]) -> str:
    """A text in a format: @ stands for it; as it is when no section is for texts."""
    section = text_section(sections)
    if section is None:
        return text
    return "".join(text if piece.kind in ("text", "general") else piece.text for piece in section.pieces)


def _shown(number: float, section: Section) -> str:
    """A number that is not negative, in the 15 digits that a sheet shows, half away from zero."""
    pieces = section.pieces
    kinds = {piece.kind for piece in pieces}
    if section.kind == "general":
        return "".join(general(number) if piece.kind == "general" else piece.text for piece in pieces)
    if section.kind in ("text", "literal"):
        return "".join(general(number) if piece.kind == "text" else piece.text for piece in pieces)
    value = Decimal(f"{number:.14e}").scaleb(2 * sum(piece.kind == "percent" for piece in pieces), context=_WIDE)
    if "exponent" in kinds:
        return _scientific(value, pieces)
    return _fraction(value, pieces) if _is_fraction(pieces) else _positional(value, pieces)


def general(number: float) -> str:
    """As a cell shows it: 11 characters at most, else 10 digits, else with an exponent."""
    if number == int(number) and abs(number) < 1e11:
        return str(int(number))
    size = int(f"{number:e}".split("e")[1])
    if -5 < size < 11:
        # All the decimals that fit into 11 characters, the point among them.
        return _trimmed(f"{number:.{max(0, 9 - max(size, 0))}f}")
    mantissa, exponent = f"{number:.5e}".split("e")
    return f"{_trimmed(mantissa)}E{'-' if exponent[0] == '-' else '+'}{int(exponent[1:]):02d}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _positional(value: Decimal, pieces: tuple[Piece, ...]) -> str:
    at = next((index for index, piece in enumerate(pieces) if piece.kind == "point"), len(pieces))
    before, after = pieces[:at], pieces[at:]
    last = max((index for index, piece in enumerate(before) if piece.kind == "digit"), default=-1)
    scale = sum(piece.kind == "comma" for piece in (before[last + 1 :] if last >= 0 else before))
    scale += _commas_at_end(after)
    grouped = any(piece.kind == "comma" for piece in before[: last + 1])
    places = sum(piece.kind == "digit" for piece in after)
    rounded = value.scaleb(-3 * scale, context=_WIDE).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE
    )
    whole, _, decimals = f"{rounded:f}".partition(".")
    return _whole(whole.lstrip("0"), before, grouped) + _decimals(decimals, after)


def _commas_at_end(after: tuple[Piece, ...]) -> int:
    last = max((index for index, piece in enumerate(after) if piece.kind == "digit"), default=0)
    return sum(piece.kind == "comma" for piece in after[last:])


def _whole(digits: str, pieces: tuple[Piece, ...], grouped: bool) -> str:
    """Digits into their places from the right; the first place takes all that is left."""
    places = sum(piece.kind == "digit" for piece in pieces)
    if not places:
        return digits + "".join(piece.text for piece in pieces if piece.kind in ("literal", "percent"))
    shown: list[str] = []
    left, place = digits, 0
    for piece in reversed(pieces):
        if piece.kind == "digit":
            place += 1
            taken, left = (left, "") if place == places else (left[-1:], left[:-1])
            shown.append(_with_commas(taken or _BLANK[piece.text], place - 1, grouped))
        elif piece.kind != "comma":
            shown.append(piece.text)
    return "".join(reversed(shown))


def _with_commas(digits: str, first: int, grouped: bool) -> str:
    """Digits with a comma after every third; the last of them stands `first` places before the point."""
    if not grouped:
        return digits
    shown = ""
    for index, digit in enumerate(reversed(digits)):
        place = first + index
        shown = digit + ("," if place and place % 3 == 0 and digit != " " else "") + shown
    return shown


def _decimals(digits: str, pieces: tuple[Piece, ...]) -> str:
    significant = len(digits.rstrip("0"))
    shown, place = "", 0
    for piece in pieces:
        if piece.kind == "digit":
            later_zero = any(p.text == "0" for p in [q for q in pieces if q.kind == "digit"][place:])
            kept = place < significant or (later_zero and piece.text != "?")
            shown += digits[place] if kept else _BLANK[piece.text]
            place += 1
        elif piece.kind != "comma":
            shown += piece.text
    return shown


def _scientific(value: Decimal, pieces: tuple[Piece, ...]) -> str:
    at = next(index for index, piece in enumerate(pieces) if piece.kind == "exponent")
    mantissa, after = pieces[:at], pieces[at + 1 :]
    point = next((index for index, piece in enumerate(mantissa) if piece.kind == "point"), at)
    step = max(1, sum(piece.kind == "digit" for piece in mantissa[:point]))
    places = sum(piece.kind == "digit" for piece in mantissa[point:])
    exponent = 0 if value == 0 else (value.adjusted() // step) * step
    rounded = _rounded(value, exponent, places)
    if rounded.adjusted() >= step and value:
        exponent += step
        rounded = _rounded(value, exponent, places)
    sign = "-" if exponent < 0 else "+" if pieces[at].text[1] == "+" else ""
    head = _positional(rounded, mantissa)
    return f"{head}E{sign}{_whole(str(abs(exponent)) if exponent else '', after, False)}"


def _rounded(value: Decimal, exponent: int, places: int) -> Decimal:
    scaled = value.scaleb(-exponent, context=_WIDE)
    return scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


def _is_fraction(pieces: tuple[Piece, ...]) -> bool:
    slash = next((index for index, piece in enumerate(pieces) if piece.kind == "slash"), None)
    return slash is not None and any(piece.kind == "digit" for piece in pieces[:slash])


def _fraction(value: Decimal, pieces: tuple[Piece, ...]) -> str:
    """`# ?/?`: a whole number, then the nearest fraction; without a whole part all of it as a fraction."""
    slash = next(index for index, piece in enumerate(pieces) if piece.kind == "slash")
    start = slash
    while start and pieces[start - 1].kind == "digit":
        start -= 1
    before, above, below = pieces[:start], pieces[start:slash], pieces[slash + 1 :]
    has_whole = any(piece.kind == "digit" for piece in before)
    number = Fraction(value)
    whole = int(number) if has_whole else 0
    top, bottom = _nearest(number - whole, below)
    if has_whole and top == bottom:
        whole, top = whole + 1, 0
    head = _whole(str(whole) if whole or not top else "", before, False) if has_whole else _literals(before)
    tail, width = _denominator(bottom, below)
    if has_whole and not top:
        return head + " " * (len(above) + 1 + width) + tail[width:]
    return f"{head}{_whole(str(top), above, False)}/{tail}"


def _literals(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def _fixed(below: tuple[Piece, ...]) -> str:
    """The digits of a denominator that the code states, as in `# ?/16`."""
    text = below[0].text if below and below[0].kind == "literal" else ""
    return text[: len(text) - len(text.lstrip("0123456789"))]


def _nearest(part: Fraction, below: tuple[Piece, ...]) -> tuple[int, int]:
    stated = _fixed(below)
    if stated:
        if int(stated) == 0 or len(stated) > _LONGEST_DENOMINATOR:
            raise UnknownFormatError(f"the denominator {stated}")
        return int(part * int(stated) + Fraction(1, 2)), int(stated)
    places = 0
    while places < len(below) and below[places].kind == "digit":
        places += 1
    if not 0 < places <= _LONGEST_DENOMINATOR:
        raise UnknownFormatError("a fraction without a denominator, or with one of more than 7 digits")
    nearest = part.limit_denominator(10**places - 1)
    return nearest.numerator, nearest.denominator


def _denominator(bottom: int, below: tuple[Piece, ...]) -> tuple[str, int]:
    """The denominator, blanks after it, what follows; and how wide the first two are."""
    stated = _fixed(below)
    if stated:
        return stated + _literals(below)[len(stated) :], len(stated)
    digits = [piece for piece in below if piece.kind == "digit"]
    text = str(bottom)
    rest = digits[len(text) :]
    shown = text + "".join(" " for piece in rest if piece.text == "?")
    if rest and all(piece.text == "0" for piece in digits):
        shown = text.rjust(len(digits), "0")
    return shown + _literals(tuple(piece for piece in below if piece.kind != "digit")), len(shown)
