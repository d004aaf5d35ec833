"""What a set of numbers looks like: modes, means of other kinds, skewness."""

from __future__ import annotations

import math
from collections import Counter

from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.math import finite
from mergecells.formula.functions.statistics import all_values, variance
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, Array, Fault


def _joined(parts: tuple[tuple[float, ...], ...]) -> list[float]:
    return [number for part in parts for number in part]


def _some(parts: tuple[tuple[float, ...], ...]) -> list[float]:
    numbers = _joined(parts)
    if not numbers:
        raise Fault(NUM)
    return numbers


def _mean(numbers: list[float]) -> float:
    return total(numbers) / len(numbers)


def _modes(parts: tuple[tuple[float, ...], ...]) -> list[float]:
    """The most frequent numbers, in the order in which they come; #N/A when none occurs twice."""
    counts = Counter(_joined(parts))
    most = max(counts.values(), default=0)
    if most < 2:
        raise Fault(NA)
    return [number for number, count in counts.items() if count == most]


@function(
    "MODE(number, …)", "N", "n", "statistics", "The most frequent number; #N/A when none occurs twice.", repeats=1
)
@function(
    "MODE.SNGL(number, …)", "N", "n", "statistics", "The most frequent number; #N/A when none occurs twice.", repeats=1
)
def _mode(*parts: tuple[float, ...]) -> float:
    return _modes(parts)[0]


@function("MODE.MULT(number, …)", "N", "v", "statistics", "All most frequent numbers, in a column.", repeats=1)
def _mode_mult(*parts: tuple[float, ...]) -> Array:
    return Array.column(_modes(parts))


@function("GEOMEAN(number, …)", "N", "n", "statistics", "The geometric mean; #NUM! unless all are above 0.", repeats=1)
def _geomean(*parts: tuple[float, ...]) -> float:
    numbers = _some(parts)
    if min(numbers) <= 0:
        raise Fault(NUM)
    product = math.prod(numbers)
    if 1e-300 < product < 1e300:
        return float(product ** (1.0 / len(numbers)))
    return math.exp(math.fsum(map(math.log, numbers)) / len(numbers))


@function("HARMEAN(number, …)", "N", "n", "statistics", "The harmonic mean; #NUM! unless all are above 0.", repeats=1)
def _harmean(*parts: tuple[float, ...]) -> float:
    numbers = _some(parts)
    if min(numbers) <= 0:
        raise Fault(NUM)
    return len(numbers) / total([1.0 / number for number in numbers])


@function("TRIMMEAN(list, share)", "Nn", "n", "statistics", "The mean without a share of the values, half at each end.")
def _trimmean(numbers: tuple[float, ...], share: float) -> float:
    if not numbers or not 0.0 <= share < 1.0:
        raise Fault(NUM)
    cut = math.floor(round(share * len(numbers), 9) / 2.0)
    return _mean(sorted(numbers)[cut : len(numbers) - cut])


@function("AVEDEV(number, …)", "N", "n", "statistics", "The mean distance from the mean.", repeats=1)
def _avedev(*parts: tuple[float, ...]) -> float:
    numbers = _some(parts)
    mean = _mean(numbers)
    return _mean([abs(number - mean) for number in numbers])


@function("DEVSQ(number, …)", "N", "n", "statistics", "The sum of squared distances from the mean.", repeats=1)
def _devsq(*parts: tuple[float, ...]) -> float:
    numbers = _some(parts)
    mean = _mean(numbers)
    return total([(number - mean) * (number - mean) for number in numbers])


def _standardized(numbers: list[float], less: int, least: int) -> list[float]:
    """Distances from the mean in standard deviations. #DIV/0! for fewer than `least` numbers and for equal ones."""
    if len(numbers) < least:
        raise Fault(DIV0)
    mean, deviation = _mean(numbers), math.sqrt(variance((tuple(numbers),), less))
    if deviation == 0.0:
        raise Fault(DIV0)
    return [(number - mean) / deviation for number in numbers]


@function("SKEW(number, …)", "N", "n", "statistics", "The skewness of a sample.", repeats=1)
def _skew(*parts: tuple[float, ...]) -> float:
    distances = _standardized(_joined(parts), 1, 3)
    count = len(distances)
    return finite(count / ((count - 1) * (count - 2)) * total([distance**3 for distance in distances]))


@function("SKEW.P(number, …)", "N", "n", "statistics", "The skewness of all there is.", repeats=1)
def _skew_all(*parts: tuple[float, ...]) -> float:
    distances = _standardized(_joined(parts), 0, 3)
    return finite(total([distance**3 for distance in distances]) / len(distances))


@function(
    "KURT(number, …)", "N", "n", "statistics", "The kurtosis of a sample, 0 for a normal distribution.", repeats=1
)
def _kurt(*parts: tuple[float, ...]) -> float:
    distances = _standardized(_joined(parts), 1, 4)
    count = len(distances)
    scale = count * (count + 1) / ((count - 1) * (count - 2) * (count - 3))
    return finite(
        scale * total([distance**4 for distance in distances]) - 3 * (count - 1) ** 2 / ((count - 2) * (count - 3))
    )


@function("STANDARDIZE(number, mean, deviation)", "nnn", "n", "statistics", "The distance from a mean in deviations.")
def _standardize(number: float, mean: float, deviation: float) -> float:
    if deviation <= 0:
        raise Fault(NUM)
    return finite((number - mean) / deviation)


@function("VARA(value, …)", "r", "n", "statistics", "The variance of a sample; texts in lists count 0.", repeats=1)
def _vara(*pairs: Pair) -> float:
    return variance((tuple(all_values(pairs)),), 1)


@function("VARPA(value, …)", "r", "n", "statistics", "The variance of all there is; texts in lists count 0.", repeats=1)
def _varpa(*pairs: Pair) -> float:
    return variance((tuple(all_values(pairs)),), 0)


@function("STDEVA(value, …)", "r", "n", "statistics", "The deviation of a sample; texts in lists count 0.", repeats=1)
def _stdeva(*pairs: Pair) -> float:
    return math.sqrt(_vara(*pairs))


@function(
    "STDEVPA(value, …)", "r", "n", "statistics", "The deviation of all there is; texts in lists count 0.", repeats=1
)
def _stdevpa(*pairs: Pair) -> float:
    return math.sqrt(_varpa(*pairs))
