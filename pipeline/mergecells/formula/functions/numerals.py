"""Numbers in other notations: Roman, and bases from 2 to 36."""

from __future__ import annotations

from typing import Final

from mergecells.formula.functions.text import bounded
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, Fault, Scalar, to_number

_ROMAN_LETTERS: Final = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_ROMAN_PAIRS: Final = (
    ("CM", "CD", "XC", "XL", "IX", "IV"),
    ("LM", "LD", "VC", "VL"),
    ("XM", "XD", "IC", "IL"),
    ("VM", "VD"),
    ("IM", "ID"),
)
"""What may stand for a difference, by form: 0 is classic, each form from 1 to 4 allows shorter ones."""
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LARGEST: Final = 2.0**53


def _roman_value(symbol: str) -> int:
    values = [_ROMAN_LETTERS[letter] for letter in symbol]
    return values[-1] - sum(values[:-1])


_ROMAN_SYMBOLS: Final = tuple(
    sorted(
        (*_ROMAN_LETTERS, *(pair for pairs in _ROMAN_PAIRS[: form + 1] for pair in pairs)),
        key=_roman_value,
        reverse=True,
    )
    for form in range(5)
)


@function(
    "ROMAN(number, [form])", "nv", "t", "math", "A number up to 3999 in Roman; forms 1 to 4 are shorter.", optional=1
)
def _roman(number: float, form: Scalar = 0.0) -> str:
    """TRUE as a form is classic, FALSE the shortest."""
    style = (0.0 if form else 4.0) if isinstance(form, bool) else to_number(form)
    if not 0 <= number < 4000 or not -1 < style < 5:
        raise Fault(VALUE)
    rest, result = int(number), ""
    for symbol in _ROMAN_SYMBOLS[int(style)]:
        value = _roman_value(symbol)
        result += symbol * (rest // value)
        rest %= value
    return result


@function("ARABIC(text)", "t", "n", "math", "The number that a Roman numeral stands for; a minus sign may lead.")
def _arabic(text: str) -> float:
    letters = text.strip(" ").upper()
    negative = letters.startswith("-")
    values = [_ROMAN_LETTERS.get(letter, 0) for letter in letters.removeprefix("-")]
    if len(letters) > 255 or 0 in values:
        raise Fault(VALUE)
    total = sum(-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=False))
    return float(-total if negative else total)


@function(
    "BASE(number, radix, [length])",
    "nnn",
    "t",
    "math",
    "A number in a base from 2 to 36, with zeros before it.",
    optional=1,
)
def _base(number: float, radix: float, length: float = 0.0) -> str:
    if not 0 <= number < _LARGEST or not 2 <= radix < 37 or not 0 <= length < 256:
        raise Fault(NUM)
    return bounded(in_base(int(number), int(radix)).rjust(int(length), "0"))


@function("DECIMAL(text, radix)", "tn", "n", "math", "The number that a text in a base from 2 to 36 stands for.")
def _decimal(text: str, radix: float) -> float:
    digits = text.strip(" ")
    if not 2 <= radix < 37 or not 0 < len(digits) < 256:
        raise Fault(NUM)
    return from_base(digits, int(radix))


def in_base(number: int, radix: int) -> str:
    """A number that is not negative, its digits in capitals."""
    digits = ""
    while number:
        number, digit = divmod(number, radix)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def from_base(digits: str, radix: int) -> float:
    """Raises Fault(#NUM!) for a character that is no digit of the base."""
    number = 0
    for character in digits.upper():
        value = _DIGITS.find(character)
        if not 0 <= value < radix:
            raise Fault(NUM)
        number = number * radix + value
    try:
        return float(number)
    except OverflowError:
        raise Fault(NUM) from None
