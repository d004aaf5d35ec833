"""What tests of samples give: the chance that a difference as large as the one seen is only chance. And how far off a
mean may be. Source: Microsoft support, the page of each; MARGINOFERROR: support.google.com/docs/answer/12487850.
"""

from __future__ import annotations

import math

from mergecells.formula.arguments import items_of, table_of
from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.distributions import norm_below
from mergecells.formula.functions.inverses import t_inv_both
from mergecells.formula.functions.math import bounded, finite, require
from mergecells.formula.functions.regression import number_pairs
from mergecells.formula.functions.sampling import chi_above, f_above, t_beyond
from mergecells.formula.functions.statistics import variance
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, ErrorValue, Fault


def _numbers(pair: Pair) -> list[float]:
    """Raises Fault for an error among them."""
    cells, _ = items_of(pair)
    for cell in cells:
        if type(cell) is ErrorValue:
            raise Fault(cell)
    return [cell for cell in cells if type(cell) is float]


def _mean(numbers: list[float]) -> float:
    return total(numbers) / len(numbers)


def _spread(numbers: list[float]) -> float:
    """Raises Fault(#DIV/0!) for fewer than two."""
    return variance((tuple(numbers),), 1)


def _over(number: float, divisor: float) -> float:
    if divisor == 0.0:
        raise Fault(DIV0)
    return finite(number / divisor)


def _paired(one: Pair, other: Pair) -> tuple[float, float]:
    """t and its degrees of freedom, for lists of which each place belongs together."""
    differences = [a - b for a, b in number_pairs(one, other)]
    error = math.sqrt(_spread(differences) / len(differences))
    return _over(_mean(differences), error), len(differences) - 1.0


def _equal_spread(one: list[float], other: list[float]) -> tuple[float, float]:
    freedom = len(one) + len(other) - 2.0
    pooled = ((len(one) - 1) * _spread(one) + (len(other) - 1) * _spread(other)) / freedom
    return _over(_mean(one) - _mean(other), math.sqrt(pooled * (1 / len(one) + 1 / len(other)))), freedom


def _own_spread(one: list[float], other: list[float]) -> tuple[float, float]:
    """Welch's test; the degrees of freedom are no whole number."""
    first, second = _spread(one) / len(one), _spread(other) / len(other)
    t = _over(_mean(one) - _mean(other), math.sqrt(first + second))
    return t, (first + second) ** 2 / (first * first / (len(one) - 1) + second * second / (len(other) - 1))


@function(
    "T.TEST(list, list, tails, type)",
    "rrnn",
    "n",
    "statistics",
    "The chance of means as far apart: type 1 pairs, 2 equal spread, 3 each its own; on 1 or 2 sides.",
)
@function(
    "TTEST(list, list, tails, type)",
    "rrnn",
    "n",
    "statistics",
    "The chance of means as far apart: type 1 pairs, 2 equal spread, 3 each its own; on 1 or 2 sides.",
)
@bounded
def _t_test(one: Pair, other: Pair, tails: float, kind: float) -> float:
    sides, how = int(tails), int(kind)
    require(sides in (1, 2), how in (1, 2, 3))
    if how == 1:
        t, freedom = _paired(one, other)
    else:
        t, freedom = (_equal_spread if how == 2 else _own_spread)(_numbers(one), _numbers(other))
    return sides * t_beyond(abs(t), freedom)


@function("F.TEST(list, list)", "rr", "n", "statistics", "The chance of spreads as far apart, on both sides.")
@function("FTEST(list, list)", "rr", "n", "statistics", "The chance of spreads as far apart, on both sides.")
def _f_test(one: Pair, other: Pair) -> float:
    first, second = _numbers(one), _numbers(other)
    spread, against = _spread(first), _spread(second)
    if spread == 0.0 or against == 0.0:
        raise Fault(DIV0)
    above = f_above(finite(spread / against), len(first) - 1.0, len(second) - 1.0)
    return float(2.0 * min(above, 1.0 - above))


@function("CHISQ.TEST(seen, expected)", "rr", "n", "statistics", "The chance of counts as far from those expected.")
@function("CHITEST(seen, expected)", "rr", "n", "statistics", "The chance of counts as far from those expected.")
def _chisq_test(seen: Pair, expected: Pair) -> float:
    one, other = table_of(seen[0]), table_of(expected[0])
    if (one.height, one.width) != (other.height, other.width) or len(one) == 1:
        raise Fault(NA)
    pairs = number_pairs(seen, expected)
    if any(b == 0.0 for _, b in pairs):
        raise Fault(DIV0)
    if any(b < 0.0 for _, b in pairs):
        raise Fault(NUM)
    lines = (one.height - 1) * (one.width - 1) or len(one) - 1
    return float(chi_above(total([(a - b) * (a - b) / b for a, b in pairs]), float(lines)))


@function(
    "Z.TEST(list, number, [deviation])",
    "rnn",
    "n",
    "statistics",
    "The chance of a mean as high, were the true one the number; without a deviation, the list's own.",
    optional=1,
)
@function(
    "ZTEST(list, number, [deviation])",
    "rnn",
    "n",
    "statistics",
    "The chance of a mean as high, were the true one the number; without a deviation, the list's own.",
    optional=1,
)
def _z_test(pair: Pair, number: float, deviation: float | None = None) -> float:
    numbers = _numbers(pair)
    if not numbers:
        raise Fault(NA)
    require(deviation is None or deviation > 0.0)
    known = math.sqrt(_spread(numbers)) if deviation is None else deviation
    return norm_below(-_over(_mean(numbers) - number, known / math.sqrt(len(numbers))))


@function(
    "CONFIDENCE.T(alpha, deviation, size)",
    "nnn",
    "n",
    "statistics",
    "Half the width of a confidence interval, by Student's t distribution.",
    cost=lambda *_rest: 40,
)
@bounded
def _confidence_t(alpha: float, deviation: float, size: float) -> float:
    require(0.0 < alpha < 1.0, deviation > 0.0, size >= 1)
    if int(size) == 1:
        raise Fault(DIV0)
    return finite(t_inv_both(alpha, int(size) - 1.0) * deviation / math.sqrt(int(size)))


@function(
    "MARGINOFERROR(list, confidence)",
    "rn",
    "n",
    "statistics",
    "How far the true mean may be from that of the list, by Student's t distribution.",
    cost=lambda *_rest: 40,
)
def _marginoferror(pair: Pair, confidence: float) -> float:
    numbers = _numbers(pair)
    if not numbers:
        raise Fault(DIV0)
    return float(_confidence_t(1.0 - confidence, math.sqrt(_spread(numbers)), float(len(numbers))))
