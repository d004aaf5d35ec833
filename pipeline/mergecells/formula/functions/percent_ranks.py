"""Where a number stands among others, and how many stand in each class."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.regression import number_pairs
from mergecells.formula.registry import function
from mergecells.formula.values import NA, NUM, Array, Fault


def _cut(share: float, digits: float) -> float:
    """Cut, not rounded, to so many decimals; a share that is within 15 digits of the next one counts as that."""
    if digits < 1:
        raise Fault(NUM)
    scale = 10.0 ** min(math.trunc(digits), 15)
    return math.floor(round(share * scale, 9 if scale < 1e6 else 0)) / scale


def _place(numbers: tuple[float, ...], number: float) -> float:
    """The rank from 0, between two neighbours in proportion. Raises Fault: #NUM! for an empty list, #N/A outside."""
    if not numbers:
        raise Fault(NUM)
    ordered = sorted(numbers)
    if not ordered[0] <= number <= ordered[-1]:
        raise Fault(NA)
    index = bisect_left(ordered, number)
    if ordered[index] == number:
        return float(index)
    low = bisect_right(ordered, number) - 1
    return low + (number - ordered[low]) / (ordered[index] - ordered[low])


@function(
    "PERCENTRANK(list, number, [digits])", "Nnn", "n", "statistics", "The share of the list below a number.", optional=1
)
@function(
    "PERCENTRANK.INC(list, number, [digits])",
    "Nnn",
    "n",
    "statistics",
    "The share of the list below a number.",
    optional=1,
)
def _percentrank(numbers: tuple[float, ...], number: float, digits: float = 3.0) -> float:
    place = _place(numbers, number)
    return _cut(place / (len(numbers) - 1), digits) if len(numbers) > 1 else 1.0


@function(
    "PERCENTRANK.EXC(list, number, [digits])", "Nnn", "n", "statistics", "The same with 0 and 1 left out.", optional=1
)
def _percentrank_exclusive(numbers: tuple[float, ...], number: float, digits: float = 3.0) -> float:
    return _cut((_place(numbers, number) + 1.0) / (len(numbers) + 1), digits)


@function(
    "FREQUENCY(list, limits)", "NN", "v", "statistics", "How many numbers are up to each limit, and above the last."
)
def _frequency(numbers: tuple[float, ...], limits: tuple[float, ...]) -> Array:
    ordered, order = sorted(numbers), sorted(range(len(limits)), key=limits.__getitem__)
    counts, seen = [0.0] * (len(limits) + 1), 0
    for index in order:
        up_to = bisect_right(ordered, limits[index])
        counts[index], seen = float(up_to - seen), up_to
    counts[-1] = float(len(ordered) - seen)
    return Array.column(counts)


@function(
    "PROB(values, shares, lower, [upper])",
    "rrnn",
    "n",
    "statistics",
    "The sum of the shares of values in a range.",
    optional=1,
)
def _prob(values: Pair, shares: Pair, lower: float, upper: float | None = None) -> float:
    pairs = number_pairs(values, shares)
    if any(not 0.0 <= share <= 1.0 for _, share in pairs) or abs(total([share for _, share in pairs]) - 1.0) > 1e-9:
        raise Fault(NUM)
    last = lower if upper is None else upper
    return total([share for value, share in pairs if lower <= value <= last])
