"""What compiled formulas call. Each either gives the exact answer or raises: Fault where the result is an error,
NeedsReferenceError where the reference interpreter must decide (arrays, blanks and texts in unusual places).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final, NoReturn, cast

from mergecells.formula.arguments import booleans_of, numbers_of, texts_of
from mergecells.formula.comparison import (
    at_least,
    at_most,
    compare_numbers,
    equal,
    greater,
    less,
    unequal,
)
from mergecells.formula.functions.criteria import countif, is_plain
from mergecells.formula.functions.lookup import vlookup_text
from mergecells.formula.functions.math import finite, power
from mergecells.formula.functions.text import join
from mergecells.formula.operators import snapped
from mergecells.formula.registry import FUNCTIONS, GOOGLE, FunctionSpec
from mergecells.formula.values import (
    DIV0,
    NA,
    VALUE,
    Array,
    ErrorValue,
    Fault,
    NeedsReferenceError,
    Scalar,
    Value,
    finish,
    fold,
    to_boolean,
    to_number,
    to_scalar,
    to_text,
)
from mergecells.formula.wildcards import MAX_PATTERN

FALLBACK: Final = (Fault, NeedsReferenceError, ZeroDivisionError, KeyError, OverflowError)
"""After any of these the reference interpreter gives the result, so that the error is exactly the right one."""

ERRORS_CAUGHT: Final = (Fault, ZeroDivisionError)


def needs_reference() -> NoReturn:
    raise NeedsReferenceError


def not_found() -> NoReturn:
    raise Fault(NA)


def summand(value: Value) -> float:
    """What a name adds to a SUM when it is no float."""
    if type(value) is ErrorValue:
        raise Fault(value)
    if type(value) is Array:
        raise NeedsReferenceError
    return 0.0


def or_least(value: Value) -> float:
    """What a name counts in MAX when it is no float: nothing."""
    summand(value)
    return -math.inf


def or_most(value: Value) -> float:
    """What a name counts in MIN when it is no float: nothing."""
    summand(value)
    return math.inf


def or_zero(number: float) -> float:
    """MAX and MIN of names that all hold no number are 0."""
    return number if number - number == 0.0 else 0.0


def held_condition(value: Value) -> bool:
    """A name as an argument of AND and OR; texts and blanks do not count there."""
    if type(value) is float:
        return value != 0.0
    raise NeedsReferenceError


def counted(value: Value) -> float:
    """A computed value among others in MAX or COUNT: a blank does not count there."""
    if value is None:
        raise NeedsReferenceError
    return to_number(value)


def counted_condition(value: Value) -> bool:
    """A computed value in AND and OR: a blank does not count there."""
    if value is None:
        raise NeedsReferenceError
    return to_boolean(value)


def whole(value: Value) -> tuple[Value, bool]:
    """A computed value as a whole argument: a blank counts as a cell's."""
    return value, value is None


def single(value: Value) -> Scalar:
    if type(value) is Array:
        raise NeedsReferenceError
    return cast(Scalar, value)


def no_array(names: tuple[Value, ...]) -> None:
    """After an error that is caught: with an array among its operands, an expression is an array of errors."""
    for value in names:
        if type(value) is Array:
            raise NeedsReferenceError


def caught(expression: Callable[[], Value], *names: Value) -> Value:
    """The value of an expression, errors as values. `names`: what it spreads over, if that is an array."""
    try:
        return expression()
    except Fault as fault:
        no_array(names)
        return fault.error
    except ZeroDivisionError:
        no_array(names)
        return DIV0


def if_error(expression: Callable[[], Value], otherwise: Callable[[], Value], *names: Value) -> Value:
    try:
        return expression()
    except ERRORS_CAUGHT:
        no_array(names)
        return otherwise()


def if_missing(expression: Callable[[], Value], otherwise: Callable[[], Value], *names: Value) -> Value:
    """IFNA. Which error it was is for the reference interpreter to say when it is not a plain #N/A."""
    try:
        return expression()
    except Fault as fault:
        no_array(names)
        if fault.error == NA:
            return otherwise()
        raise


def folded(value: Value) -> str | None:
    """A value to compare with texts only: a blank is "", what is no text equals none of them."""
    if type(value) is str:
        return fold(value)
    if value is None:
        return ""
    to_scalar(value)
    return None


def pick(numbers: dict[str | None, float], wanted: str | None, otherwise: float) -> float:
    """SWITCH of a folded text among constants."""
    return numbers.get(wanted, otherwise)


def outside() -> NoReturn:
    """CHOOSE's index is none of those that there are."""
    raise Fault(VALUE)


def equal_text(left: Value, folded_right: str) -> bool:
    """`=` with a constant text, for what is no text."""
    if type(left) is str:
        return fold(left) == folded_right
    return to_scalar(left) is None and folded_right == ""


def count_in(table: Value, condition: Value) -> float:
    """COUNTIF of one name in another; a plain text, the usual case, without another call."""
    if type(condition) is str and type(table) is Array and len(condition) <= MAX_PATTERN and is_plain(condition):
        return table.text_counts.get(condition.lower(), 0.0)
    return countif((table, True), single(condition))


QUICK: Final = 1_500
"""Array cells that one call in generated code may cost. A compiled formula has at most 2,000 characters, and thus 130
such calls, so that they stay below the limit of the interpreter, which counts."""


def _quick(spec: FunctionSpec) -> Callable[..., Any]:
    """The implementation; where a call can cost much, the interpreter answers and counts."""
    implementation, cost = cast(Callable[..., Any], spec.implementation), spec.cost
    if cost is None:
        return implementation

    def checked(*arguments: Any) -> Any:
        if cost(*arguments) > QUICK:
            raise NeedsReferenceError
        return implementation(*arguments)

    return checked


GLOBALS: Final[dict[str, Any]] = {
    "__builtins__": {
        "abs": abs,
        "type": type,
        "float": float,
        "str": str,
        "len": len,
        "max": max,
        "min": min,
        "sorted": sorted,
    },
    "Array": Array,
    "ErrorValue": ErrorValue,
    "FALLBACK": FALLBACK,
    "CAUGHT": ERRORS_CAUGHT,
    "num": to_number,
    "text": to_text,
    "cond": to_boolean,
    "val": to_scalar,
    "done": finish,
    "fin": finite,
    "power": power,
    "join": join,
    "snapped": snapped,
    "floor": math.floor,
    "bisect": bisect_right,
    "count_in": count_in,
    "order": compare_numbers,
    "eq": equal,
    "ne": unequal,
    "lt": less,
    "gt": greater,
    "le": at_most,
    "ge": at_least,
    "eqt": equal_text,
    "numbers": numbers_of,
    "booleans": booleans_of,
    "texts": texts_of,
    "single": single,
    "counted": counted,
    "counted_condition": counted_condition,
    "whole": whole,
    "caught": caught,
    "no_array": no_array,
    "if_error": if_error,
    "if_missing": if_missing,
    "folded": folded,
    "pick": pick,
    "vlookup_text": vlookup_text,
    "outside": outside,
    "sqrt": math.sqrt,
    "summand": summand,
    "or_least": or_least,
    "or_most": or_most,
    "or_zero": or_zero,
    "held": held_condition,
    "needs": needs_reference,
    "missing": not_found,
} | {f"f_{name.replace('.', '_')}": _quick(spec) for name, spec in (FUNCTIONS | GOOGLE).items() if spec.implementation}
"""The whole world that generated code sees. No name of a user's ever is one of its names."""
