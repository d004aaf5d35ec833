"""Functions over many numbers or conditions."""

from __future__ import annotations

import math

from mergecells.formula.arguments import items_of
from mergecells.formula.functions.math import finite, power
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, NUM, VALUE, Array, Fault, Value, to_number

Pair = tuple[Value, bool]


def _numbers(parts: tuple[tuple[float, ...], ...]) -> list[float]:
    return [number for part in parts for number in part]


def total(numbers: list[float]) -> float:
    """Added from left to right, as a sheet does."""
    result = 0.0
    for number in numbers:
        result += number
    return finite(result)


@function("SUM(number, …)", "N", "n", "math", "The sum; texts in lists and cells do not count.", repeats=1)
def sum_(*parts: tuple[float, ...]) -> float:
    return total(_numbers(parts))


@function("PRODUCT(number, …)", "N", "n", "math", "The product; 0 without numbers.", repeats=1)
def _product(*parts: tuple[float, ...]) -> float:
    numbers = _numbers(parts)
    return finite(math.prod(numbers)) if numbers else 0.0


@function("MAX(number, …)", "N", "n", "statistics", "The largest number; 0 without numbers.", repeats=1)
def max_(*parts: tuple[float, ...]) -> float:
    return max(_numbers(parts), default=0.0)


@function("MIN(number, …)", "N", "n", "statistics", "The smallest number; 0 without numbers.", repeats=1)
def min_(*parts: tuple[float, ...]) -> float:
    return min(_numbers(parts), default=0.0)


@function("AVERAGE(number, …)", "N", "n", "statistics", "The mean; #DIV/0! without numbers.", repeats=1)
def average(*parts: tuple[float, ...]) -> float:
    numbers = _numbers(parts)
    if not numbers:
        raise Fault(DIV0)
    return total(numbers) / len(numbers)


@function("MEDIAN(number, …)", "N", "n", "statistics", "The middle number; #NUM! without numbers.", repeats=1)
def _median(*parts: tuple[float, ...]) -> float:
    numbers = sorted(_numbers(parts))
    if not numbers:
        raise Fault(NUM)
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else finite((numbers[middle - 1] + numbers[middle]) / 2.0)


@function("PERCENTOF(some, all)", "NN", "n", "math", "The sum of some as a part of the sum of all.")
def _percentof(some: tuple[float, ...], everything: tuple[float, ...]) -> float:
    whole = total(list(everything))
    if whole == 0.0:
        raise Fault(DIV0)
    return finite(total(list(some)) / whole)


@function("COUNT(value, …)", "r", "n", "statistics", "How many numbers there are.", repeats=1)
def _count(*pairs: Pair) -> float:
    return float(sum(_countable(cell, held) for cells, held in map(items_of, pairs) for cell in cells))


def _countable(cell: object, held: bool) -> bool:
    """In a list or cell only numbers count; written into the formula, also TRUE, texts that read as numbers, blanks."""
    if type(cell) is float:
        return True
    if held:
        return False
    return cell is None or type(cell) is bool or (type(cell) is str and parse_number(cell) is not None)


@function("COUNTA(value, …)", "r", "n", "statistics", "How many values are not blank; errors count.", repeats=1)
def _counta(*pairs: Pair) -> float:
    return float(sum(cell is not None or not held for cells, held in map(items_of, pairs) for cell in cells))


@function("COUNTBLANK(list)", "r", "n", "statistics", 'How many values are blank or "".')
def _countblank(pair: Pair) -> float:
    return float(sum(cell is None or cell == "" for cell in items_of(pair)[0]))


@function("SUMPRODUCT(list, …)", "r", "n", "math", "The sum of products, item by item; not numbers count 0.", repeats=1)
def _sumproduct(*pairs: Pair) -> float:
    columns = [_measured(pair) for pair in pairs]
    if len({(height, width) for height, width, _ in columns}) != 1:
        raise Fault(VALUE)
    return total([math.prod(row) for row in zip(*(cells for _, _, cells in columns), strict=True)])


def _measured(pair: Pair) -> tuple[int, int, list[float]]:
    cells, _ = items_of(pair)
    for cell in cells:
        if not isinstance(cell, (float, bool, str)) and cell is not None:
            raise Fault(cell)
    value = pair[0]
    height, width = (value.height, value.width) if type(value) is Array else (1, 1)
    return height, width, [cell if type(cell) is float else 0.0 for cell in cells]


@function("SERIESSUM(x, power, step, factors)", "nnnN", "n", "math", "The sum of factors times growing powers of x.")
def _seriessum(x: float, first: float, step: float, factors: tuple[float, ...]) -> float:
    return total([factor * power(x, first + step * place) for place, factor in enumerate(factors)])


@function("AND(condition, …)", "B", "b", "logic", "TRUE when all are; texts in cells do not count.", repeats=1)
def _and(*parts: tuple[bool, ...]) -> bool:
    return all(_conditions(parts))


@function("OR(condition, …)", "B", "b", "logic", "TRUE when one is; texts in cells do not count.", repeats=1)
def _or(*parts: tuple[bool, ...]) -> bool:
    return any(_conditions(parts))


@function("XOR(condition, …)", "B", "b", "logic", "TRUE when an odd number are.", repeats=1)
def _xor(*parts: tuple[bool, ...]) -> bool:
    return sum(_conditions(parts)) % 2 == 1


def _conditions(parts: tuple[tuple[bool, ...], ...]) -> list[bool]:
    conditions = [condition for part in parts for condition in part]
    if not conditions:
        raise Fault(VALUE)
    return conditions


@function("LARGE(list, k)", "Nn", "n", "statistics", "The k-th largest number; a fraction of k is rounded up.")
def _large(numbers: tuple[float, ...], k: float) -> float:
    return _ranked(sorted(numbers, reverse=True), math.ceil(_place(numbers, k)))


@function("SMALL(list, k)", "Nn", "n", "statistics", "The k-th smallest number; a fraction of k is rounded down.")
def _small(numbers: tuple[float, ...], k: float) -> float:
    return _ranked(sorted(numbers), math.floor(_place(numbers, k)))


def _place(numbers: tuple[float, ...], k: float) -> float:
    """Raises Fault(#NUM!) unless there is a number at the place, its fraction left aside."""
    place = to_number(k)
    if not 1 <= place < len(numbers) + 1:
        raise Fault(NUM)
    return place


def _ranked(numbers: list[float], place: int) -> float:
    """Both end up at the same cell of the sorted list, as Excel's do; after LibreOffice's CalculateSmallLarge."""
    if place > len(numbers):
        raise Fault(NUM)
    return numbers[place - 1]
