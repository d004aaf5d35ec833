"""Numbers and dates as formatted text."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.functions.rounding import round_half_away
from mergecells.formula.functions.text import bounded
from mergecells.formula.number_format import UnknownFormatError, read_format
from mergecells.formula.number_format_show import show_number, show_text
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import VALUE, Fault, Scalar, to_number, to_text

_MOST_DECIMALS: Final = 127


@function("TEXT(value, format)", "vt", "t", "text", 'A number or date in a format such as "0.0%" or "yyyy-mm-dd".')
def _text(value: Scalar, code: str) -> str:
    if type(value) is bool:
        return to_text(value)
    try:
        sections = read_format(code)
        if type(value) is str and (parse_number(value) is None or sections[0].kind == "text"):
            return bounded(show_text(value, sections))
        shown = show_number(to_number(value), sections)
    except UnknownFormatError:
        raise Fault(VALUE) from None
    if shown is None:
        raise Fault(VALUE)
    return bounded(shown)


@function(
    "FIXED(number, [decimals], [no_commas])",
    "nnb",
    "t",
    "text",
    "Rounded, as text; two decimals if left out.",
    optional=2,
)
def _fixed(number: float, decimals: float = 2.0, no_commas: bool = False) -> str:
    places = decimals_shown(decimals)
    return bounded(fixed_text(round_half_away(number, float(places)), max(places, 0), grouped=not no_commas))


def decimals_shown(decimals: float) -> int:
    """Cut to a whole number. Raises Fault(#VALUE!) beyond 127."""
    places = math.trunc(max(-400.0, min(400.0, decimals)))
    if places > _MOST_DECIMALS:
        raise Fault(VALUE)
    return places


def fixed_text(rounded: float, decimals: int, *, grouped: bool) -> str:
    """A rounded number with so many decimals; no minus sign before a 0."""
    code = ("#,##0" if grouped else "0") + ("." + "0" * decimals if decimals else "")
    return show_number(rounded or 0.0, read_format(code)) or ""
