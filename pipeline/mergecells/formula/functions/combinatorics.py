"""Factorials and how many ways there are. What would be too large is known before it is computed."""

from __future__ import annotations

import math
from typing import Final

from mergecells.formula.functions.math import finite
from mergecells.formula.functions.special import log_beta
from mergecells.formula.registry import function
from mergecells.formula.values import NUM, Fault

_LARGEST_LOGARITHM: Final = 709.9
_LARGEST_FACTORIAL: Final = 170
_LARGEST_DOUBLE_FACTORIAL: Final = 300
_LARGEST_COUNT: Final = 2.0**53


def _whole(number: float, least: int = 0) -> int:
    """Cut to a whole number. Raises Fault(#NUM!) below `least` and beyond 2^53."""
    if not least <= number < _LARGEST_COUNT:
        raise Fault(NUM)
    return int(number)


def logarithm_of_combinations(total: float, chosen: float) -> float:
    """ln of how many ways there are to choose."""
    return -math.log1p(total) - log_beta(total - chosen + 1.0, chosen + 1.0)


def combinations(total: int, chosen: int) -> float:
    """Exact as long as it fits a number. Raises Fault(#NUM!) beyond."""
    chosen = min(chosen, total - chosen)
    if chosen > 1_100 or chosen * math.log(max(total, 1) / max(chosen, 1)) > _LARGEST_LOGARITHM:
        raise Fault(NUM)  # (n/k)^k is a lower bound
    return _held(math.comb(total, chosen))


def _held(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        raise Fault(NUM) from None


@function("FACT(number)", "n", "n", "math", "The factorial; #NUM! below 0 and from 171 on.")
def _fact(number: float) -> float:
    whole = _whole(number)
    if whole > _LARGEST_FACTORIAL:
        raise Fault(NUM)
    return float(math.factorial(whole))


@function("FACTDOUBLE(number)", "n", "n", "math", "The factorial in steps of two; 1 for 0 and -1.")
def _factdouble(number: float) -> float:
    whole = _whole(number, -1)
    if whole > _LARGEST_DOUBLE_FACTORIAL:
        raise Fault(NUM)
    return _held(math.prod(range(whole, 1, -2)))


@function("COMBIN(total, chosen)", "nn", "n", "math", "How many ways to choose, the order not counting.")
def _combin(total: float, chosen: float) -> float:
    return combinations(_whole(total, int(_whole(chosen))), int(chosen))


@function(
    "COMBINA(total, chosen)", "nn", "n", "math", "How many ways to choose with repetition, the order not counting."
)
def _combina(total: float, chosen: float) -> float:
    one, other = _whole(total), _whole(chosen)
    if one == 0:
        if other:
            raise Fault(NUM)
        return 1.0
    return combinations(one + other - 1, other)


@function("PERMUT(total, chosen)", "nn", "n", "statistics", "How many ways to choose, the order counting.")
def _permut(total: float, chosen: float) -> float:
    one, other = _whole(total, int(_whole(chosen))), _whole(chosen)
    if other > 1 and math.lgamma(one + 1.0) - math.lgamma(one - other + 1.0) > _LARGEST_LOGARITHM:
        raise Fault(NUM)
    if other > _LARGEST_FACTORIAL:
        raise Fault(NUM)
    return _held(math.perm(one, other))


@function(
    "PERMUTATIONA(total, chosen)",
    "nn",
    "n",
    "statistics",
    "How many ways to choose with repetition, the order counting.",
)
def _permutationa(total: float, chosen: float) -> float:
    one, other = _whole(total), _whole(chosen)
    try:
        return finite(float(one) ** other)
    except OverflowError:
        raise Fault(NUM) from None


@function(
    "MULTINOMIAL(number, …)",
    "N",
    "n",
    "math",
    "The factorial of the sum over the product of the factorials.",
    repeats=1,
)
def _multinomial(*parts: tuple[float, ...]) -> float:
    """As a product of combinations, each of them exact."""
    total, result = 0, 1.0
    for number in (number for part in parts for number in part):
        whole = _whole(number)
        total += whole
        result = finite(result * combinations(total, whole))
    return result
