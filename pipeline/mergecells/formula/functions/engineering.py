"""Binary, octal and hexadecimal numbers of ten digits, bits, steps and the error function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from mergecells.formula.functions.numerals import from_base, in_base
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, Fault, Scalar, to_number, to_text

_DIGITS: Final = 10
"""Ten digits, the first of them a sign in two's complement."""

_BASES: Final = {"BIN": 2, "OCT": 8, "HEX": 16}
_NAMES: Final = {"BIN": "binary", "OCT": "octal", "HEX": "hexadecimal", "DEC": "decimal"}
_MOST_BITS: Final = 2.0**48


def _read(value: Scalar, base: int) -> int:
    """Raises Fault: #VALUE! for a truth value, #NUM! for other digits and for more than ten."""
    if isinstance(value, bool):
        raise Fault(VALUE)
    text = to_text(value).strip(" ")
    if len(text) > _DIGITS:
        raise Fault(NUM)
    number = int(from_base(text, base)) if text else 0
    modulus = base**_DIGITS
    return number - modulus if number >= modulus // 2 else number


def _written(number: int, base: int, places: Scalar) -> str:
    modulus = base**_DIGITS
    if not -modulus // 2 <= number < modulus // 2:
        raise Fault(NUM)
    if number < 0:
        return in_base(number + modulus, base)
    text = in_base(number, base)
    if places is None:
        return text
    length = to_number(places)
    if isinstance(places, bool):
        raise Fault(VALUE)
    if not len(text) <= length < _DIGITS + 1 or length <= 0:
        raise Fault(NUM)
    return text.rjust(int(length), "0")


def _from_decimal(base: int) -> Callable[..., str]:
    def convert(value: Scalar, places: Scalar = None) -> str:
        if isinstance(value, bool):
            raise Fault(VALUE)
        number = to_number(value)
        if abs(number) >= 2.0**40:
            raise Fault(NUM)
        return _written(math.trunc(number), base, places)

    return convert


def _between(source: int, target: int) -> Callable[..., str]:
    def convert(value: Scalar, places: Scalar = None) -> str:
        return _written(_read(value, source), target, places)

    return convert


def _to_decimal(base: int) -> Callable[[Scalar], float]:
    return lambda value: float(_read(value, base))


for _name, _radix in _BASES.items():
    _summary = f"A {_NAMES[_name]} number of up to ten digits as a decimal one."
    function(f"{_name}2DEC(number)", "v", "n", "engineering", _summary)(_to_decimal(_radix))
    _summary = f"A decimal number as a {_NAMES[_name]} one of up to ten digits."
    function(f"DEC2{_name}(number, [places])", "vv", "t", "engineering", _summary, optional=1)(_from_decimal(_radix))
    for _other, _target in _BASES.items():
        if _other != _name:
            _summary = f"A {_NAMES[_name]} number as a {_NAMES[_other]} one."
            _syntax = f"{_name}2{_other}(number, [places])"
            function(_syntax, "vv", "t", "engineering", _summary, optional=1)(_between(_radix, _target))


def _bits(number: float) -> int:
    if not 0 <= number < _MOST_BITS or number != int(number):
        raise Fault(NUM)
    return int(number)


@function("BITAND(number, number)", "nn", "n", "engineering", "The bits that both have.")
def _bitand(one: float, other: float) -> float:
    return float(_bits(one) & _bits(other))


@function("BITOR(number, number)", "nn", "n", "engineering", "The bits that one of them has.")
def _bitor(one: float, other: float) -> float:
    return float(_bits(one) | _bits(other))


@function("BITXOR(number, number)", "nn", "n", "engineering", "The bits that only one of them has.")
def _bitxor(one: float, other: float) -> float:
    return float(_bits(one) ^ _bits(other))


@function("BITLSHIFT(number, bits)", "nn", "n", "engineering", "Shifted left; right when negative.")
def _bitlshift(number: float, count: float) -> float:
    if abs(count) >= 54:
        raise Fault(NUM)
    shift = math.trunc(count)
    result = _bits(number) << shift if shift >= 0 else _bits(number) >> -shift
    if result >= _MOST_BITS:
        raise Fault(NUM)
    return float(result)


@function("BITRSHIFT(number, bits)", "nn", "n", "engineering", "Shifted right; left when negative.")
def _bitrshift(number: float, count: float) -> float:
    return _bitlshift(number, -count)


@function("DELTA(number, [number])", "nn", "n", "engineering", "1 when both are equal, else 0.", optional=1)
def _delta(one: float, other: float = 0.0) -> float:
    return float(one == other)


@function("GESTEP(number, [step])", "nn", "n", "engineering", "1 from the step on, else 0.", optional=1)
def _gestep(number: float, step: float = 0.0) -> float:
    return float(number >= step)


@function("ERF(from, [to])", "nn", "n", "engineering", "The error function, from 0 or between two numbers.", optional=1)
def _erf(first: float, last: float | None = None) -> float:
    return math.erf(first) if last is None else math.erf(last) - math.erf(first)


@function("ERF.PRECISE(number)", "n", "n", "engineering", "The error function from 0.")
def _erf_precise(number: float) -> float:
    return math.erf(number)


@function("ERFC(number)", "n", "n", "engineering", "1 less the error function.")
@function("ERFC.PRECISE(number)", "n", "n", "engineering", "1 less the error function.")
def _erfc(number: float) -> float:
    return math.erfc(number)
