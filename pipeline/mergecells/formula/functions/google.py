"""What only Google Sheets has: operators as functions, conversions and tests. Source: the Google Sheets function list
(support.google.com/docs/table/25273).
"""

from __future__ import annotations

import re
from typing import Final

from mergecells.formula.comparison import COMPARISONS
from mergecells.formula.functions.math import finite, power
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, VALUE, Fault, Scalar, to_number, to_text


@function("ADD(number, number)", "nn", "n", "math", "As +.")
def _add(one: float, other: float) -> float:
    return finite(one + other)


@function("MINUS(number, number)", "nn", "n", "math", "As -.")
def _minus(one: float, other: float) -> float:
    return finite(one - other)


@function("MULTIPLY(number, number)", "nn", "n", "math", "As *.")
def _multiply(one: float, other: float) -> float:
    return finite(one * other)


@function("DIVIDE(number, number)", "nn", "n", "math", "As /.")
def _divide(one: float, other: float) -> float:
    if other == 0.0:
        raise Fault(DIV0)
    return finite(one / other)


@function("POW(number, power)", "nn", "n", "math", "As ^.")
def _pow(base: float, exponent: float) -> float:
    return power(base, exponent)


@function("UMINUS(number)", "n", "n", "math", "As - before a number.")
def _uminus(number: float) -> float:
    return -number


@function("UPLUS(value)", "v", "v", "math", "As + before a value.")
def _uplus(value: Scalar) -> Scalar:
    return value


@function("UNARY_PERCENT(number)", "n", "n", "math", "As % after a number.")
def _unary_percent(number: float) -> float:
    return number / 100.0


@function("EQ(value, value)", "vv", "b", "logic", "As =.")
def _eq(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS["="](one, other)


@function("NE(value, value)", "vv", "b", "logic", "As <>.")
def _ne(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS["<>"](one, other)


@function("GT(value, value)", "vv", "b", "logic", "As >.")
def _gt(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS[">"](one, other)


@function("GTE(value, value)", "vv", "b", "logic", "As >=.")
def _gte(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS[">="](one, other)


@function("LT(value, value)", "vv", "b", "logic", "As <.")
def _lt(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS["<"](one, other)


@function("LTE(value, value)", "vv", "b", "logic", "As <=.")
def _lte(one: Scalar, other: Scalar) -> bool:
    return COMPARISONS["<="](one, other)


@function(
    "ISBETWEEN(value, low, high, [with_low], [with_high])",
    "vvvbb",
    "b",
    "logic",
    "Whether a value lies between two, both included unless told otherwise.",
    optional=2,
)
def _isbetween(value: Scalar, low: Scalar, high: Scalar, with_low: bool = True, with_high: bool = True) -> bool:
    above = COMPARISONS[">=" if with_low else ">"](value, low)
    return above and COMPARISONS["<=" if with_high else "<"](value, high)


_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,63}")
_URL: Final = re.compile(
    r"(?:(?:https?|ftp|mailto|news|telnet|aim|gopher)://)?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,63}(?::[0-9]{1,5})?(?:[/?#]\S*)?"
)


@function("ISEMAIL(value)", "e", "b", "information", "Whether a text looks like an e-mail address.")
def _isemail(value: Scalar) -> bool:
    return type(value) is str and len(value) <= 254 and _EMAIL.fullmatch(value) is not None


@function("ISURL(value)", "e", "b", "information", "Whether a text looks like a web address.")
def _isurl(value: Scalar) -> bool:
    return type(value) is str and len(value) <= 2_083 and _URL.fullmatch(value) is not None


@function("TO_TEXT(value)", "v", "t", "text", "The value as text.")
def _to_text(value: Scalar) -> str:
    return to_text(value)


@function("TO_PURE_NUMBER(value)", "v", "v", "math", "A number without its format; other values as they are.")
@function("TO_PERCENT(value)", "v", "v", "math", "The number itself: a format only.")
@function("TO_DOLLARS(value)", "v", "v", "math", "The number itself: a format only.")
@function("TO_DATE(value)", "v", "v", "date", "The number itself: a format only.")
def _formatted(value: Scalar) -> Scalar:
    if type(value) is str and parse_number(value) is not None:
        return to_number(value)
    return value


@function("EPOCHTODATE(time, [unit])", "nn", "n", "date", "A Unix time as a date; unit 1 s, 2 ms, 3 µs.", optional=1)
def _epochtodate(time: float, unit: float = 1.0) -> float:
    scale = {1.0: 1.0, 2.0: 1e3, 3.0: 1e6}.get(unit)
    if scale is None or time < 0:
        raise Fault(NUM)
    return finite(time / scale / 86_400.0 + 25_569.0)


# Functions of both programs that mean something else in Google Sheets.


@function("CHAR(number)", "n", "t", "text", "The character of a Unicode code point.", google=True)
def _char(number: float) -> str:
    code = int(number) if 1 <= number < 0x110000 else 0
    if not code or 0xD800 <= code < 0xE000:
        raise Fault(NUM)
    return chr(code)


@function("CODE(text)", "t", "n", "text", "The Unicode code point of the first character.", google=True)
def _code(text: str) -> float:
    if not text:
        raise Fault(VALUE)
    return float(ord(text[0]))


@function("POWER(number, power)", "nn", "n", "math", "A number raised to a power; 0^0 is 1.", google=True)
def _google_power(base: float, exponent: float) -> float:
    return 1.0 if base == exponent == 0.0 else power(base, exponent)
