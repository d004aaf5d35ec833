"""What CHOOSE, SWITCH, IFERROR and IFNA decide, for single values."""

from __future__ import annotations

from mergecells.formula.comparison import equal
from mergecells.formula.values import NA, VALUE, ErrorValue, Fault, Value, to_number


def choice(selector: Value, count: int) -> int:
    """CHOOSE's index, from 1. Raises Fault: #VALUE! outside."""
    index = to_number(selector)
    if not 1 <= index < count:
        raise Fault(VALUE)
    return int(index)


def switched(value: Value, *cases: Value) -> Value:
    """SWITCH of single values: pairs of a case and its result, then what holds otherwise. Raises Fault: #N/A."""
    for index in range(0, len(cases) - 1, 2):
        if equal(value, cases[index]):
            return cases[index + 1]
    if len(cases) % 2:
        return cases[-1]
    raise Fault(NA)


def is_error(value: Value) -> bool:
    """What IFERROR catches."""
    return type(value) is ErrorValue


def is_missing(value: Value) -> bool:
    """What IFNA catches."""
    return value == NA
