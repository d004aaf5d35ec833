"""Even, odd, divisors and multiples."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.arguments import items_of
from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, VALUE, ErrorValue, Fault, to_number

_LARGEST_WHOLE: Final = 2**53
"""Beyond it not every whole number has a value of its own; Excel gives #NUM!."""


@function("EVEN(number)", "n", "n", "math", "Away from zero to an even number.")
def _even(number: float) -> float:
    return finite(math.copysign(2.0 * math.ceil(abs(number) / 2.0), number)) if number else 0.0


@function("ODD(number)", "n", "n", "math", "Away from zero to an odd number; 1 for 0.")
def _odd(number: float) -> float:
    steps = math.ceil((abs(number) - 1.0) / 2.0)
    return finite(math.copysign(2.0 * max(steps, 0) + 1.0, number)) if number else 1.0


@function("GCD(number, …)", "r", "n", "math", "The greatest common divisor; texts are #VALUE!.", repeats=1)
def _gcd(*pairs: Pair) -> float:
    return float(math.gcd(*_whole_numbers(pairs)))


@function("LCM(number, …)", "r", "n", "math", "The least common multiple; texts are #VALUE!.", repeats=1)
def _lcm(*pairs: Pair) -> float:
    numbers = _whole_numbers(pairs)
    result = 1 if numbers else 0
    for number in numbers:
        result = math.lcm(result, number)
        if result >= _LARGEST_WHOLE:
            raise Fault(NUM)
    return float(result)


def _whole_numbers(pairs: tuple[Pair, ...]) -> list[int]:
    """Cut to whole numbers. Raises Fault: #VALUE! for what is no number, #NUM! below 0 and from 2^53 on."""
    found = []
    for cells, held in map(items_of, pairs):
        for cell in cells:
            if type(cell) is ErrorValue:
                raise Fault(cell)
            if type(cell) is bool or (held and type(cell) is str):
                raise Fault(VALUE)
            number = to_number(cell)
            if number < 0 or number >= _LARGEST_WHOLE:
                raise Fault(NUM)
            if cell is not None:
                found.append(int(number))
    return found


@function("SUMSQ(number, …)", "N", "n", "math", "The sum of squares.", repeats=1)
def _sumsq(*parts: tuple[float, ...]) -> float:
    return total([number * number for part in parts for number in part])
