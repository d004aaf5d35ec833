"""Functions that tell what a value is."""

from __future__ import annotations

from mergecells.formula.registry import function
from mergecells.formula.values import (
    CALC,
    DIV0,
    NA,
    NAME,
    NULL,
    NUM,
    REF,
    VALUE,
    Array,
    ErrorValue,
    Fault,
    Scalar,
    Value,
)


@function("ISBLANK(value)", "e", "b", "information", 'TRUE for a blank; "" is not one.')
def _isblank(value: Scalar) -> bool:
    return value is None


@function("ISNUMBER(value)", "e", "b", "information", "TRUE for a number or date.")
def _isnumber(value: Scalar) -> bool:
    return type(value) is float


@function("ISTEXT(value)", "e", "b", "information", "TRUE for a text.")
def _istext(value: Scalar) -> bool:
    return type(value) is str


@function("ISNONTEXT(value)", "e", "b", "information", "TRUE for anything but a text, blanks too.")
def _isnontext(value: Scalar) -> bool:
    return type(value) is not str


@function("ISLOGICAL(value)", "e", "b", "information", "TRUE for TRUE and FALSE.")
def _islogical(value: Scalar) -> bool:
    return type(value) is bool


@function("ISERROR(value)", "e", "b", "information", "TRUE for any error.")
def _iserror(value: Scalar) -> bool:
    return type(value) is ErrorValue


@function("ISERR(value)", "e", "b", "information", "TRUE for any error but #N/A.")
def _iserr(value: Scalar) -> bool:
    return type(value) is ErrorValue and value != NA


@function("ISNA(value)", "e", "b", "information", "TRUE for #N/A.")
def _isna(value: Scalar) -> bool:
    return value == NA


@function("ISEVEN(number)", "n", "b", "information", "TRUE for an even number, its fraction cut.")
def _iseven(number: float) -> bool:
    return int(number) % 2 == 0


@function("ISODD(number)", "n", "b", "information", "TRUE for an odd number, its fraction cut.")
def _isodd(number: float) -> bool:
    return int(number) % 2 == 1


@function("N(value)", "v", "n", "information", "The value as a number; texts are 0.")
def _n(value: Scalar) -> float:
    if type(value) is float:
        return value
    return 1.0 if value is True else 0.0


@function("NA()", "", "v", "information", "The error #N/A.")
def _na() -> Scalar:
    raise Fault(NA)


@function("TYPE(value)", "r", "n", "information", "1 number or blank, 2 text, 4 boolean, 16 error, 64 array.")
def _type(pair: tuple[Value, bool]) -> float:
    value = pair[0]
    if type(value) is Array:
        return 64.0
    if type(value) is str:
        return 2.0
    if type(value) is bool:
        return 4.0
    return 16.0 if type(value) is ErrorValue else 1.0


@function("ERROR.TYPE(value)", "e", "n", "information", "The number of an error; #N/A for anything else.")
def _error_type(value: Scalar) -> float:
    order = (NULL, DIV0, VALUE, REF, NAME, NUM, NA)
    if type(value) is not ErrorValue:
        raise Fault(NA)
    return 14.0 if value == CALC else order.index(value) + 1.0
