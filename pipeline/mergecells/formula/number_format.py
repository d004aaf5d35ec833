"""Format codes of TEXT: `0.00`, `[Red]-0%`, `# ?/?`, `0.0E+0`, `yyyy-mm-dd h:mm`, `[h]:mm`. The rest is refused.

A code has up to four sections: positive numbers, negative ones, zero, texts; or numbers that meet a condition. Source:
ECMA-376 part 1, 18.8.31, and Microsoft support, "Number format codes"; what both leave open follows Excel as SheetJS'
SSF documents it. `number_format_show` shows numbers, `number_format_dates` dates.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

MAX_CODE: Final = 255

_PIECES: Final = re.compile(
    r"""(?P<quoted>"[^"]*")|(?P<escaped>\\.)|(?P<space>_.)|(?P<fill>\*.)|(?P<general>General)
    |(?P<half>AM/PM|A/P)|\[(?P<bracket>[^\]]*)\]|(?P<exponent>E[+-])|(?P<digit>[0\#?])
    |(?P<date>y+|m+|d+|h+|s+)|(?P<sign>.)""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)")
_COLOUR: Final = re.compile(r"(?:black|blue|cyan|green|magenta|red|white|yellow|color\s*[0-9]{1,2})", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"\$([^-\]]*)(?:-[0-9A-Fa-f]+)?")
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_PLAIN: Final = frozenset("$€£¥-+/():!^&'~{}<>= ")
_PLAIN_IN_DATES: Final = frozenset("$-+/():!^&'~{}<>= .,")


class UnknownFormatError(ValueError):
    """A format code that TEXT does not read; the text says what in it."""


Kind = Literal["number", "date", "general", "text", "literal"]


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind`: literal, digit (`0 # ?`), point, comma, percent, exponent (`E+ E-`), slash, date (`yyyy` …), fraction (a
    0 in a date), half (`AM/PM`), elapsed (`[h]`), general, or text (`@`)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a code. `condition` is (operator, number) where the code states one."""

    kind: Kind
    pieces: tuple[Piece, ...]
    condition: tuple[str, float] | None = None

    def accepts(self, number: float) -> bool:
        """Whether the stated condition holds."""
        assert self.condition is not None
        sign, limit = self.condition
        return _COMPARISONS[sign](number, limit)


@lru_cache(maxsize=1024)
def read_format(code: str) -> tuple[Section, ...]:
    """The sections of a format code. Raises UnknownFormatError."""
    if len(code) > MAX_CODE:
        raise UnknownFormatError(f"a format code of {len(code)} characters")
    sections = [_section(part) for part in _split(code)]
    if len(sections) > 4:
        raise UnknownFormatError("a fifth section")
    if any(section.kind == "text" for section in sections[:-1]):
        raise UnknownFormatError("@ before the last section")
    return tuple(sections)


def chosen(sections: tuple[Section, ...], number: float) -> tuple[Section | None, bool]:
    """The section for a number, and whether a minus sign is shown. None: #####, as no section takes the number."""
    numeric = sections[:-1] if sections[-1].kind == "text" or len(sections) == 4 else sections
    if not numeric:
        return Section("general", (Piece("general", ""),)), number < 0
    if any(section.condition for section in numeric[:2]):
        return _by_condition(numeric, number)
    if number == 0.0 and len(numeric) > 2:
        return numeric[2], False
    if number < 0 and len(numeric) > 1:
        return numeric[1], False
    return numeric[0], number < 0


def _by_condition(numeric: tuple[Section, ...], number: float) -> tuple[Section | None, bool]:
    for section in numeric[:2]:
        if section.condition and section.accepts(number):
            below_zero = section.condition[0] in ("<", "<=") and section.condition[1] <= 0
            return section, number < 0 and not below_zero
    if not numeric[0].condition and number > 0:
        return numeric[0], False
    rest = numeric[2:3] if all(section.condition for section in numeric[:2]) else numeric[1:2] or numeric[0:0]
    if len(numeric) > 2 and not numeric[1].condition:
        # The second section has negative numbers by itself, the third what is left.
        rest = numeric[1:2] if number < 0 else numeric[2:3]
        return rest[0], False
    return (rest[0], number < 0) if rest else (None, False)


def text_section(sections: tuple[Section, ...]) -> Section | None:
    """The section for texts: the fourth, or the last when it has an @."""
    return sections[-1] if len(sections) == 4 or sections[-1].kind == "text" else None


def _split(code: str) -> list[str]:
    parts = [""]
    for match in _PIECES.finditer(code):
        if match["sign"] == ";":
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def _section(text: str) -> Section:
    matches = list(_PIECES.finditer(text))
    kinds = {match.lastgroup for match in matches}
    elapsed = any(match["bracket"] and match["bracket"].lower().strip("hms") == "" for match in matches)
    is_date = "date" in kinds or "half" in kinds or elapsed
    condition: tuple[str, float] | None = None
    pieces: list[Piece] = []
    for match in matches:
        if match["bracket"] is not None:
            found = _bracket(match["bracket"], text)
            if isinstance(found, tuple):
                condition = found
            elif found is not None:
                pieces.append(found)
        else:
            pieces.append(_date_piece(match, text) if is_date else _number_piece(match, text))
    return Section(_kind(pieces, is_date, text), _joined(pieces), condition)


def _kind(pieces: list[Piece], is_date: bool, text: str) -> Kind:
    kinds = {piece.kind for piece in pieces}
    if is_date:
        return "date"
    if "general" in kinds:
        if kinds & {"digit", "point", "exponent", "slash"}:
            raise UnknownFormatError(f"General among digits: {text}")
        return "general"
    if "text" in kinds:
        if "digit" in kinds:
            raise UnknownFormatError(f"@ among digits: {text}")
        return "text"
    return "number" if "digit" in kinds else "literal"


def _bracket(inside: str, text: str) -> Piece | tuple[str, float] | None:
    """A condition, the elapsed time, a currency sign; None for a colour, which a text does not show."""
    condition = _CONDITION.fullmatch(inside.strip())
    if condition:
        return condition[1], float(condition[2])
    if inside and inside.lower() in ("h" * len(inside), "m" * len(inside), "s" * len(inside)):
        return Piece("elapsed", inside.lower())
    currency = _CURRENCY.fullmatch(inside)
    if currency:
        return Piece("literal", currency[1])
    if _COLOUR.fullmatch(inside):
        return None
    raise UnknownFormatError(f"[{inside}] in {text}")


def _common(match: re.Match[str]) -> Piece | None:
    if match["quoted"]:
        return Piece("literal", match[0][1:-1])
    if match["escaped"]:
        return Piece("literal", match[0][1])
    if match["space"]:
        return Piece("literal", " ")
    if match["fill"]:
        return Piece("literal", "")
    return Piece("general", "") if match["general"] else None


def _number_piece(match: re.Match[str], text: str) -> Piece:
    common = _common(match)
    if common is not None:
        return common
    if match["digit"]:
        return Piece("digit", match[0])
    if match["exponent"]:
        return Piece("exponent", match[0].upper())
    named = {".": "point", ",": "comma", "%": "percent", "/": "slash", "@": "text"}.get(match[0])
    if named:
        return Piece(named, match[0])
    if match[0] in _PLAIN or match[0].isdigit():
        return Piece("literal", match[0])
    raise UnknownFormatError(f"{match[0]} in {text}")


def _date_piece(match: re.Match[str], text: str) -> Piece:
    common = _common(match)
    if common is not None:
        return common
    if match["date"]:
        return Piece("date", match[0].lower())
    if match["half"]:
        return Piece("half", match[0])
    if match["digit"] == "0":
        return Piece("fraction", "0")
    if match[0] in _PLAIN_IN_DATES or match[0].isdigit():
        return Piece("point" if match[0] == "." else "literal", match[0])
    raise UnknownFormatError(f"{match[0]} in {text}")


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbouring literals as one."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.kind == "literal" and found and found[-1].kind == "literal":
            found[-1] = Piece("literal", found[-1].text + piece.text)
        else:
            found.append(piece)
    return tuple(found)
