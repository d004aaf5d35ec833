"""What functions may give for described arguments. A function without an entry gives any value of its result's type."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mergecells.formula.abstract import (
    A_BOOLEAN,
    A_NUMBER,
    A_TEXT,
    ANY,
    ANYTHING,
    ARRAY,
    BLANK,
    BOOLEAN,
    ERROR,
    ERRORS,
    FALSE,
    MISSING,
    NUMBER,
    TEXT,
    TRUE,
    Abstract,
    constant,
    join,
    number_between,
    without,
)
from mergecells.formula.abstract_lookups import Handler, from_list, index, lookup, match, xlookup
from mergecells.formula.arguments import BROADCAST_KINDS
from mergecells.formula.intervals import arithmetic, as_number, truths, widened
from mergecells.formula.nodes import Call, Name, Node
from mergecells.formula.registry import FUNCTIONS, FunctionSpec
from mergecells.formula.values import Fault

_LAST_SERIAL: Final = 2_958_466.0
_LONGEST_TEXT: Final = 32_767.0

_BY_TYPE: Final = {
    "n": Abstract(NUMBER | ERRORS),
    "t": Abstract(TEXT | ERRORS),
    "b": Abstract(BOOLEAN | ERRORS),
    "v": ANYTHING,
}


def result_of(spec: FunctionSpec, nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    """What one call may give. `nodes` are its arguments: a name counts as a cell, whose texts aggregates skip."""
    for place, value in enumerate(values):
        if value.kinds & ARRAY and spec.kind_of(place) in BROADCAST_KINDS:
            return ANYTHING
    handler = _HANDLERS.get(spec.name)
    if handler is None:
        return _BY_TYPE[spec.result]
    return handler(nodes, values)


class _Numbers(NamedTuple):
    """The numbers that an aggregate sees in one argument. `sure`: at least one; `many`: maybe more than one."""

    low: float
    high: float
    sure: bool
    many: bool
    errors: int


_CONVERTED: Final = BLANK | TEXT | BOOLEAN


def _numbers(node: Node, value: Abstract) -> _Numbers:
    """Texts, booleans and blanks count in what is written into the formula, and not in a cell."""
    cell = type(node) is Name
    maybe_cell = cell or (type(node) is Call and node.name in ("IF", "CHOOSE"))
    errors = value.kinds & ERRORS
    if value.kinds & ARRAY:
        if value.kinds == ARRAY and value.array is not None:
            return _constants(value)
        return _Numbers(-math.inf, math.inf, False, True, ERRORS)
    counted = without(value, _CONVERTED) if cell else value
    number = as_number(counted)
    skipped = bool(maybe_cell and value.kinds & _CONVERTED)
    if not number.kinds & NUMBER:
        return _Numbers(math.inf, -math.inf, False, False, errors | number.kinds & ERRORS)
    return _Numbers(number.low, number.high, not skipped, False, errors | number.kinds & ERRORS)


def _constants(value: Abstract) -> _Numbers:
    assert value.array is not None
    cells = value.array.cells
    errors = cells.kinds & ERRORS
    if not cells.kinds & NUMBER:
        return _Numbers(math.inf, -math.inf, False, False, errors)
    return _Numbers(cells.low, cells.high, True, len(value.array) > 1, errors)


def _all_numbers(nodes: Sequence[Node], values: Sequence[Abstract]) -> tuple[list[_Numbers], int]:
    parts = [_numbers(node, value) for node, value in zip(nodes, values, strict=True)]
    errors = 0
    for part in parts:
        errors |= part.errors
    return [part for part in parts if part.low <= part.high], errors


def _max(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    return _extreme(nodes, values, largest=True)


def _min(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    return _extreme(nodes, values, largest=False)


def _extreme(nodes: Sequence[Node], values: Sequence[Abstract], largest: bool) -> Abstract:
    """Without any number the result is 0. What is sure to be there bounds it on one side, the rest on the other."""
    parts, errors = _all_numbers(nodes, values)
    sure = [part for part in parts if part.sure]
    if not parts:
        return Abstract(errors) if errors and not _can_be_empty(nodes, values) else number_between(0.0, 0.0, errors)
    lows, highs = [part.low for part in parts], [part.high for part in parts]
    if largest:
        low = max(part.low for part in sure) if sure else min(0.0, *lows)
        high = max(highs) if sure else max(0.0, *highs)
    else:
        low = min(lows) if sure else min(0.0, *lows)
        high = min(part.high for part in sure) if sure else max(0.0, *highs)
    return number_between(low, high, errors)


def _can_be_empty(nodes: Sequence[Node], values: Sequence[Abstract]) -> bool:
    """Whether no argument is sure to be an error."""
    return all(value.kinds & ~ERRORS for value in values) and bool(nodes)


def _sum(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    parts, errors = _all_numbers(nodes, values)
    low = high = size = 0.0
    for part in parts:
        if part.many:
            return Abstract(NUMBER | ERROR | errors)
        low += part.low if part.sure else min(0.0, part.low)
        high += part.high if part.sure else max(0.0, part.high)
        size = max(size, abs(part.low), abs(part.high))
    return widened(low, high, errors, size) if len(parts) > 2 else widened(low, high, errors)


def _mean(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    parts, errors = _all_numbers(nodes, values)
    if not any(part.sure for part in parts):
        errors |= ERROR
    if not parts:
        return Abstract(errors)
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    return widened(low, high, errors, max(abs(low), abs(high)))


def _and(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    return _conjunction(nodes, values, TRUE, FALSE)


def _or(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    return _conjunction(nodes, values, FALSE, TRUE)


def _conjunction(nodes: Sequence[Node], values: Sequence[Abstract], neutral: int, decisive: int) -> Abstract:
    """`decisive` from one argument is the result, `neutral` needs all; an error anywhere wins over both."""
    errors, may_decide, may_not, all_skipped = 0, False, True, True
    for node, value in zip(nodes, values, strict=True):
        if value.kinds & ARRAY:
            errors, may_decide = errors | ERRORS, True
            continue
        cell = type(node) is Name or (type(node) is Call and node.name in ("IF", "CHOOSE"))
        found = truths(value)
        skipped = bool(cell and value.kinds & (BLANK | TEXT))
        errors |= found & ERRORS
        may_decide |= bool(found & decisive)
        may_not &= bool(found & neutral) or skipped
        all_skipped &= skipped
    kinds = errors | (decisive if may_decide else 0) | (neutral if may_not else 0)
    return Abstract(kinds | (ERROR if all_skipped else 0))


def _not(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    found = truths(values[0])
    return Abstract(found & ERRORS | (TRUE if found & FALSE else 0) | (FALSE if found & TRUE else 0))


def _abs(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    number = as_number(values[0])
    if not number.kinds & NUMBER:
        return number
    low = 0.0 if number.low <= 0.0 <= number.high else min(abs(number.low), abs(number.high))
    return number_between(low, max(abs(number.low), abs(number.high)), number.kinds & ERRORS)


def _monotone(compute: Callable[[float], float], least: float = -math.inf, slack: bool = True) -> Handler:
    """A function of one number that keeps order; below `least` it is an error."""

    def handler(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
        number = as_number(values[0])
        errors = number.kinds & ERRORS
        if not number.kinds & NUMBER or number.high < least:
            return Abstract(errors | (ERROR if number.kinds & NUMBER else 0))
        low, high = _bound(compute, max(number.low, least), -math.inf), _bound(compute, number.high, math.inf)
        errors |= ERROR if number.low <= least or math.isinf(low) or math.isinf(high) else 0
        return widened(low, high, errors) if slack else number_between(low, high, errors)

    return handler


def _bound(compute: Callable[[float], float], at: float, otherwise: float) -> float:
    try:
        return compute(at) if math.isfinite(at) else otherwise
    except (Fault, OverflowError, ValueError):
        return otherwise


def _rounded(_nodes: Sequence[Node], values: Sequence[Abstract], name: str) -> Abstract:
    """ROUND and its kin keep order for a fixed number of digits."""
    number = as_number(values[0])
    digits = as_number(values[1]) if len(values) > 1 else constant(0.0)
    errors = (number.kinds | digits.kinds) & ERRORS
    if not (number.kinds & NUMBER and digits.kinds & NUMBER):
        return Abstract(errors)
    if digits.low != digits.high:
        return Abstract(NUMBER | ERROR | errors)
    rounding: Any = FUNCTIONS[name].implementation
    low = _bound(lambda x: rounding(x, digits.low), number.low, -math.inf)
    high = _bound(lambda x: rounding(x, digits.low), number.high, math.inf)
    return widened(low, high, errors | (ERROR if math.isinf(low) or math.isinf(high) else 0))


def _rounding(name: str) -> Handler:
    return lambda nodes, values: _rounded(nodes, values, name)


def _power(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    return arithmetic("^", values[0], values[1])


def _mod(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    """The remainder has the sign of the divisor and is not larger than it."""
    divisor = as_number(values[1])
    errors = (as_number(values[0]).kinds | divisor.kinds) & ERRORS
    if not divisor.kinds & NUMBER:
        return Abstract(errors | ERROR)
    return number_between(min(0.0, divisor.low), max(0.0, divisor.high), errors | ERROR)


def _count_if(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    counted = values[0]
    size = float(len(counted.array)) if counted.array is not None and counted.kinds == ARRAY else math.inf
    return number_between(0.0, size if counted.kinds & ARRAY else 1.0, ERRORS)


def _count(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    sizes = [len(v.array) if v.array is not None else math.inf if v.kinds & ARRAY else 1 for v in values]
    return number_between(0.0, float(sum(sizes)), ERRORS)


def _difference(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    """DATEDIF is never below 0 but for the unit MD; a start after the end is an error."""
    unit = values[2].texts
    least = 0.0 if unit is not None and not unit & {"md"} else -31.0
    return number_between(least, _LAST_SERIAL, ERRORS)


def _n(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    value = values[0]
    return join(as_number(without(value, TEXT)), constant(0.0)) if value.kinds & TEXT else as_number(value)


def _t(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    value = values[0]
    kept = without(value, ANY & ~(TEXT | ERRORS))
    return join(kept, constant("")) if value.kinds & ~(TEXT | ERRORS) else kept


def _fixed(value: Abstract) -> Handler:
    return lambda _nodes, _values: value


def _within(low: float, high: float, errors: int = ERRORS) -> Handler:
    return _fixed(number_between(low, high, errors))


_HANDLERS: Final[Mapping[str, Handler]] = {
    "ABS": _abs,
    "SIGN": _within(-1.0, 1.0),
    "SQRT": _monotone(math.sqrt, 0.0),
    "EXP": _monotone(math.exp),
    "LN": _monotone(math.log, 0.0),
    "LOG10": _monotone(math.log10, 0.0),
    "PI": _fixed(constant(math.pi)),
    "POWER": _power,
    "MOD": _mod,
    "SUM": _sum,
    "MAX": _max,
    "MIN": _min,
    "AVERAGE": _mean,
    "MEDIAN": _mean,
    "COUNT": _count,
    "COUNTA": _count,
    "AND": _and,
    "OR": _or,
    "NOT": _not,
    "TRUE": _fixed(Abstract(TRUE)),
    "FALSE": _fixed(Abstract(FALSE)),
    "ROUND": _rounding("ROUND"),
    "ROUNDUP": _rounding("ROUNDUP"),
    "ROUNDDOWN": _rounding("ROUNDDOWN"),
    "TRUNC": _rounding("TRUNC"),
    "INT": _monotone(lambda number: float(math.floor(number)), slack=False),
    "LEN": _within(0.0, _LONGEST_TEXT),
    "COUNTIF": _count_if,
    "COUNTIFS": _count_if,
    "LOOKUP": lookup,
    "INDEX": index,
    "XLOOKUP": xlookup,
    "VLOOKUP": from_list(1),
    "HLOOKUP": from_list(1),
    "MATCH": match,
    "XMATCH": match,
    "TODAY": _fixed(number_between(1.0, _LAST_SERIAL)),
    "YEAR": _within(1900.0, 9999.0),
    "MONTH": _within(1.0, 12.0),
    "DAY": _within(0.0, 31.0),
    "DATEDIF": _difference,
    "SIN": _within(-1.0, 1.0),
    "COS": _within(-1.0, 1.0),
    "TANH": _within(-1.0, 1.0),
    "N": _n,
    "T": _t,
    "NA": _fixed(Abstract(MISSING)),
}

__all__ = ["A_BOOLEAN", "A_NUMBER", "A_TEXT", "result_of"]
