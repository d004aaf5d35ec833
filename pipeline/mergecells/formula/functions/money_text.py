"""Amounts as texts, and texts with other separators as numbers."""

from __future__ import annotations

import re
from typing import Final

from mergecells.formula.functions.rounding import round_half_away
from mergecells.formula.functions.text import bounded
from mergecells.formula.functions.text_format import decimals_shown, fixed_text
from mergecells.formula.registry import function
from mergecells.formula.values import VALUE, Fault

_PLAIN: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


@function("DOLLAR(number, [decimals])", "nn", "t", "text", 'As "$1,234.50", negative in parentheses.', optional=1)
def _dollar(number: float, decimals: float = 2.0) -> str:
    places = decimals_shown(decimals)
    rounded = round_half_away(number, float(places))
    shown = "$" + fixed_text(abs(rounded), max(places, 0), grouped=True)
    return bounded(f"({shown})" if number < 0 else shown)


@function(
    "NUMBERVALUE(text, [decimal], [group])",
    "ttt",
    "n",
    "text",
    "The number that a text with other separators shows.",
    optional=2,
)
def _numbervalue(text: str, decimal: str = ".", group: str = ",") -> float:
    """Blanks do not count, each % at the end divides by 100, an empty text is 0."""
    if not decimal or not group or decimal[0] == group[0]:
        raise Fault(VALUE)
    digits = "".join(text.split())
    whole, point, rest = digits.partition(decimal[0])
    if decimal[0] in rest or group[0] in rest:
        raise Fault(VALUE)
    plain = whole.replace(group[0], "") + ("." + rest if point else "")
    number = plain.rstrip("%")
    if not plain:
        return 0.0
    if _PLAIN.fullmatch(number) is None:
        raise Fault(VALUE)
    result = float(number) / 100.0 ** (len(plain) - len(number))
    if result - result != 0.0:
        raise Fault(VALUE)
    return result
