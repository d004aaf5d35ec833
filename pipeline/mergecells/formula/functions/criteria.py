"""Criteria of COUNTIF and its kin: `"x"`, `">=5"`, `"<>"`, wildcards `*` `?` with `~` before a literal one."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, cast

from mergecells.formula.arguments import table_of
from mergecells.formula.comparison import compare
from mergecells.formula.functions.aggregate import total
from mergecells.formula.lookup_index import Places, line_index
from mergecells.formula.number_text import parse_number
from mergecells.formula.registry import function
from mergecells.formula.values import DIV0, ERRORS, VALUE, Array, ErrorValue, Fault, Scalar, Value, fold
from mergecells.formula.wildcards import MAX_PATTERN, has_wildcards, matches, unescape

Test: TypeAlias = Callable[[Scalar], bool]
Pair = tuple[Value, bool]

_OPERATORS = ("<=", ">=", "<>", "<", ">", "=")


def criterion(condition: Scalar) -> Test:
    """The test that a criterion stands for. A blank criterion stands for 0, as a reference to a blank cell does.

    Raises Fault(#VALUE!) for a text beyond 255 characters.
    """
    if type(condition) is str and len(condition) > MAX_PATTERN:
        raise Fault(VALUE)
    return _criterion(condition)


@lru_cache(maxsize=4096, typed=True)  # TRUE and 1 are equal keys and different criteria
def _criterion(condition: Scalar) -> Test:
    if condition is None:
        return lambda cell: type(cell) is float and cell == 0.0
    if type(condition) is not str:
        return lambda cell: _equals(cell, condition)
    operator = next((symbol for symbol in _OPERATORS if condition.startswith(symbol)), "")
    operand = condition[len(operator) :]
    if operator in ("", "="):
        return _equality(operand, operator == "=")
    if operator == "<>":
        positive = _equality(operand, True)
        return lambda cell: not positive(cell)
    return _ordering(operator, _typed(operand))


def _typed(text: str) -> Scalar:
    """The operand as a cell would hold it after typing it in."""
    number = parse_number(text)
    if number is not None:
        return number
    upper = text.upper()
    if upper in ("TRUE", "FALSE"):
        return upper == "TRUE"
    return ERRORS.get(upper, text)


def _equality(operand: str, explicit: bool) -> Test:
    if operand == "":
        return (lambda cell: cell is None) if explicit else (lambda cell: cell is None or cell == "")
    wanted = _typed(operand)
    if type(wanted) is not str:
        return lambda cell: _equals(cell, wanted)
    if has_wildcards(wanted):
        return lambda cell: type(cell) is str and matches(wanted, cell)
    literal = fold(unescape(wanted))
    return lambda cell: type(cell) is str and fold(cell) == literal


def _equals(cell: Scalar, wanted: Scalar) -> bool:
    if type(cell) is str and type(wanted) is float:
        return parse_number(cell) == wanted
    if type(cell) is not type(wanted):
        return False
    return cell == wanted if type(cell) is ErrorValue else compare(cell, wanted) == 0


def _ordering(operator: str, wanted: Scalar) -> Test:
    def holds(cell: Scalar) -> bool:
        if type(cell) is not type(wanted) or type(cell) is ErrorValue:
            return False
        order = compare(cell, wanted)
        return order < 0 if operator == "<" else order > 0 if operator == ">" else _or_equal(operator, order)

    return holds


def _or_equal(operator: str, order: int) -> bool:
    return order <= 0 if operator == "<=" else order >= 0


@function("COUNTIF(list, criterion)", "re", "n", "statistics", "How many items meet the criterion.")
def countif(pair: Pair, condition: Scalar) -> float:
    """Plain texts, the usual case, are counted from the list's own index."""
    table = pair[0]
    if type(table) is Array and type(condition) is str and len(condition) <= MAX_PATTERN and is_plain(condition):
        return table.text_counts.get(fold(condition), 0.0)
    test, cells = criterion(condition), _range(pair)
    places = _fewest([table], (condition,)) if type(table) is Array else None
    return float(sum(map(test, cells if places is None else map(cells.__getitem__, places))))


@function("PERCENTIF(list, criterion)", "re", "n", "statistics", "The share of the items that meet the criterion.")
def _percentif(pair: Pair, condition: Scalar) -> float:
    return countif(pair, condition) / len(_range(pair))


@lru_cache(maxsize=4096)
def is_plain(condition: str) -> bool:
    """Whether a criterion asks for a text as it stands: no operator, no wildcard, no number, date or truth value."""
    if not condition or condition[0] in "<>=" or has_wildcards(condition) or "~" in condition:
        return False
    return type(_typed(condition)) is str


def _range(pair: Pair) -> tuple[Scalar, ...]:
    return table_of_any(pair).cells


def _selected(target: Pair | None, conditions: tuple[Pair | Scalar, ...]) -> list[Scalar]:
    """Items of `target` where every (list, criterion) pair holds. All lists have one shape, else #VALUE!."""
    ranges = [table_of_any(conditions[index]) for index in range(0, len(conditions), 2)]
    tests = [criterion(cast(Scalar, condition)) for condition in conditions[1::2]]
    wanted = ranges[0] if target is None else table_of_any(target)
    if any((table.height, table.width) != (wanted.height, wanted.width) for table in ranges):
        raise Fault(VALUE)
    cells, columns = wanted.cells, [table.cells for table in ranges]
    places = _fewest(ranges, conditions[1::2])
    return [
        cells[place]
        for place in (range(len(cells)) if places is None else places)
        if all(test(column[place]) for test, column in zip(tests, columns, strict=True))
    ]


def _fewest(ranges: list[Array], conditions: tuple[Pair | Scalar, ...]) -> Places | None:
    """The places to look at: the fewest that an index gives for one of the criteria; None for all."""
    found: Places | None = None
    for table, condition in zip(ranges, conditions, strict=True):
        equal_to = _wanted(cast(Scalar, condition))
        index = None if equal_to is None else line_index(table)
        if index is not None:
            number = type(equal_to) is float
            places = index.number_or_text(cast(float, equal_to)) if number else index.same_type(equal_to)
            if places is not None and (found is None or len(places) < len(found)):
                found = places
    return found


@lru_cache(maxsize=4096, typed=True)
def _wanted(condition: Scalar) -> Scalar:
    """The value that a criterion asks for when it asks for an equal one; None when it asks for something else."""
    if type(condition) is not str:
        return condition if type(condition) in (float, bool) else None
    operator = next((symbol for symbol in _OPERATORS if condition.startswith(symbol)), "")
    operand = condition[len(operator) :]
    if operator not in ("", "=") or not operand or len(condition) > MAX_PATTERN:
        return None
    wanted = _typed(operand)
    if type(wanted) is str:
        return None if has_wildcards(wanted) else unescape(wanted)
    return wanted if type(wanted) in (float, bool) else None


def _fitted(target: Pair | None, pair: Pair) -> Pair:
    """The list to sum, cut to the shape of the list with the criterion, from its top left, as Excel does."""
    if target is None:
        return pair
    table, shape = table_of_any(target), table_of_any(pair)
    if (table.height, table.width) == (shape.height, shape.width):
        return target  # the usual case; a copy of a table for each lead would cost more than the sum
    if table.height < shape.height or table.width < shape.width:
        return target  # Excel would go on into the neighbouring cells, which a list does not have
    return Array([row[: shape.width] for row in table.rows[: shape.height]]), target[1]


def table_of_any(pair: Pair | Scalar) -> Array:
    """A (value, is reference) argument as an array; a cell with an error stays one, a computed error is raised."""
    value = pair[0] if isinstance(pair, tuple) else pair
    if type(value) is ErrorValue and isinstance(pair, tuple) and not pair[1]:
        raise Fault(value)
    return value if type(value) is Array else Array([[value]])  # type: ignore[list-item]


def _numbers(cells: list[Scalar]) -> list[float]:
    for cell in cells:
        if type(cell) is ErrorValue:
            raise Fault(cell)
    return [cell for cell in cells if type(cell) is float]


@function("COUNTIFS(list, criterion, …)", "re", "n", "statistics", "How many items meet all criteria.", repeats=2)
def _countifs(*conditions: Pair | Scalar) -> float:
    return float(len(_selected(None, _paired(conditions))))


@function("SUMIF(list, criterion, [sum_list])", "rer", "n", "math", "The sum where the criterion holds.", optional=1)
def _sumif(pair: Pair, condition: Scalar, target: Pair | None = None) -> float:
    return total(_numbers(_selected(_fitted(target, pair), (pair, condition))))


@function("SUMIFS(sum_list, list, criterion, …)", "rre", "n", "math", "The sum where all criteria hold.", repeats=2)
def _sumifs(target: Pair, *conditions: Pair | Scalar) -> float:
    return total(_numbers(_selected(target, _paired(conditions))))


@function(
    "AVERAGEIF(list, criterion, [average_list])", "rer", "n", "statistics", "The mean where it holds.", optional=1
)
def _averageif(pair: Pair, condition: Scalar, target: Pair | None = None) -> float:
    return _mean(_numbers(_selected(_fitted(target, pair), (pair, condition))))


@function("AVERAGEIFS(average_list, list, criterion, …)", "rre", "n", "statistics", "The mean where all do.", repeats=2)
def _averageifs(target: Pair, *conditions: Pair | Scalar) -> float:
    return _mean(_numbers(_selected(target, _paired(conditions))))


@function("MAXIFS(max_list, list, criterion, …)", "rre", "n", "statistics", "The largest where all hold.", repeats=2)
def _maxifs(target: Pair, *conditions: Pair | Scalar) -> float:
    return max(_numbers(_selected(target, _paired(conditions))), default=0.0)


@function("MINIFS(min_list, list, criterion, …)", "rre", "n", "statistics", "The smallest where all hold.", repeats=2)
def _minifs(target: Pair, *conditions: Pair | Scalar) -> float:
    return min(_numbers(_selected(target, _paired(conditions))), default=0.0)


@function(
    "COUNTUNIQUEIFS(list, list, criterion, …)",
    "rre",
    "n",
    "statistics",
    "How many different values where all hold; blanks do not count.",
    repeats=2,
)
def _countuniqueifs(target: Pair, *conditions: Pair | Scalar) -> float:
    return float(len({identity(cell) for cell in _selected(target, _paired(conditions)) if cell not in (None, "")}))


def identity(cell: Scalar) -> tuple[type, object]:
    """What makes a cell the same as another: kind and value, texts without regard to case."""
    return type(cell), fold(cell) if type(cell) is str else cell


def _mean(numbers: list[float]) -> float:
    if not numbers:
        raise Fault(DIV0)
    return total(numbers) / len(numbers)


def _paired(conditions: tuple[Pair | Scalar, ...]) -> tuple[Pair | Scalar, ...]:
    if len(conditions) % 2:
        raise Fault(VALUE)
    return conditions


__all__ = ["countif", "criterion", "table_of"]
