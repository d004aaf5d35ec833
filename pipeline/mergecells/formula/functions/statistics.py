"""Spread, quantiles and ranks."""

from __future__ import annotations

import math

from mergecells.formula.arguments import items_of
from mergecells.formula.functions.aggregate import Pair, total
from mergecells.formula.functions.math import finite
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NA, NUM, ErrorValue, Fault, to_number


def variance(parts: tuple[tuple[float, ...], ...], less: int) -> float:
    """The mean square distance from the mean, over `count - less`. In two passes, so that nothing cancels out."""
    numbers = [number for part in parts for number in part]
    if len(numbers) <= less:
        raise Fault(DIV0)
    mean = total(numbers) / len(numbers)
    return total([(number - mean) * (number - mean) for number in numbers]) / (len(numbers) - less)


@function("VAR(number, …)", "N", "n", "statistics", "The variance of a sample.", repeats=1)
@function("VAR.S(number, …)", "N", "n", "statistics", "The variance of a sample.", repeats=1)
def _var_sample(*parts: tuple[float, ...]) -> float:
    return variance(parts, 1)


@function("VARP(number, …)", "N", "n", "statistics", "The variance of all there is.", repeats=1)
@function("VAR.P(number, …)", "N", "n", "statistics", "The variance of all there is.", repeats=1)
def _var_all(*parts: tuple[float, ...]) -> float:
    return variance(parts, 0)


@function("STDEV(number, …)", "N", "n", "statistics", "The standard deviation of a sample.", repeats=1)
@function("STDEV.S(number, …)", "N", "n", "statistics", "The standard deviation of a sample.", repeats=1)
def _stdev_sample(*parts: tuple[float, ...]) -> float:
    return math.sqrt(variance(parts, 1))


@function("STDEVP(number, …)", "N", "n", "statistics", "The standard deviation of all there is.", repeats=1)
@function("STDEV.P(number, …)", "N", "n", "statistics", "The standard deviation of all there is.", repeats=1)
def _stdev_all(*parts: tuple[float, ...]) -> float:
    return math.sqrt(variance(parts, 0))


def _at(numbers: list[float], rank: float) -> float:
    """The value at a rank from 0 in sorted numbers, on the line between two of them."""
    low = math.floor(rank)
    if low + 1 >= len(numbers):
        return numbers[-1]
    return finite(numbers[low] + (rank - low) * (numbers[low + 1] - numbers[low]))


def _inclusive(numbers: tuple[float, ...], share: float) -> float:
    if not numbers or not 0.0 <= share <= 1.0:
        raise Fault(NUM)
    return _at(sorted(numbers), share * (len(numbers) - 1))


def _exclusive(numbers: tuple[float, ...], share: float) -> float:
    rank = share * (len(numbers) + 1)
    if not numbers or not 1.0 <= rank <= len(numbers):
        raise Fault(NUM)
    return _at(sorted(numbers), rank - 1.0)


@function("PERCENTILE(list, share)", "Nn", "n", "statistics", "The value below which a share (0 to 1) lies.")
@function("PERCENTILE.INC(list, share)", "Nn", "n", "statistics", "The value below which a share (0 to 1) lies.")
def _percentile(numbers: tuple[float, ...], share: float) -> float:
    return _inclusive(numbers, share)


@function("PERCENTILE.EXC(list, share)", "Nn", "n", "statistics", "The same with 0 and 1 left out.")
def _percentile_exclusive(numbers: tuple[float, ...], share: float) -> float:
    return _exclusive(numbers, share)


@function("QUARTILE(list, quarter)", "Nn", "n", "statistics", "The quartile, 0 to 4.")
@function("QUARTILE.INC(list, quarter)", "Nn", "n", "statistics", "The quartile, 0 to 4.")
def _quartile(numbers: tuple[float, ...], quarter: float) -> float:
    return _inclusive(numbers, math.trunc(quarter) / 4.0)


@function("QUARTILE.EXC(list, quarter)", "Nn", "n", "statistics", "The quartile, 1 to 3, with the ends left out.")
def _quartile_exclusive(numbers: tuple[float, ...], quarter: float) -> float:
    return _exclusive(numbers, math.trunc(quarter) / 4.0)


@function(
    "RANK(number, list, [order])",
    "nNn",
    "n",
    "statistics",
    "The rank, 1 for the largest; order 1: smallest.",
    optional=1,
)
@function(
    "RANK.EQ(number, list, [order])",
    "nNn",
    "n",
    "statistics",
    "The rank, 1 for the largest; order 1: smallest.",
    optional=1,
)
def _rank(number: float, numbers: tuple[float, ...], order: float = 0.0) -> float:
    return 1.0 + _before(number, numbers, order)


@function(
    "RANK.AVG(number, list, [order])", "nNn", "n", "statistics", "The rank; equal numbers share the mean.", optional=1
)
def _rank_mean(number: float, numbers: tuple[float, ...], order: float = 0.0) -> float:
    return _before(number, numbers, order) + (numbers.count(number) + 1) / 2.0


def _before(number: float, numbers: tuple[float, ...], order: float) -> int:
    if number not in numbers:
        raise Fault(NA)
    return sum(other < number if order else other > number for other in numbers)


def all_values(pairs: tuple[Pair, ...]) -> list[float]:
    """Every value but blanks as a number: in a list or cell a text is 0 and TRUE 1."""
    found = []
    for cells, held in map(items_of, pairs):
        for cell in cells:
            if type(cell) is ErrorValue:
                raise Fault(cell)
            if cell is None and held:
                continue
            found.append(0.0 if held and type(cell) is str else to_number(cell))
    return found


@function("AVERAGEA(value, …)", "r", "n", "statistics", "The mean of all values; texts in lists count 0.", repeats=1)
def _averagea(*pairs: Pair) -> float:
    numbers = all_values(pairs)
    if not numbers:
        raise Fault(DIV0)
    return total(numbers) / len(numbers)


@function("MAXA(value, …)", "r", "n", "statistics", "The largest value; texts in lists count 0.", repeats=1)
def _maxa(*pairs: Pair) -> float:
    return max(all_values(pairs), default=0.0)


@function("MINA(value, …)", "r", "n", "statistics", "The smallest value; texts in lists count 0.", repeats=1)
def _mina(*pairs: Pair) -> float:
    return min(all_values(pairs), default=0.0)
