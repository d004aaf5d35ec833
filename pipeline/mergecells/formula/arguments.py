"""Bringing an argument to the kind that a function asks for. A name counts as a reference to a cell or a list:
aggregates skip texts, booleans and blanks there, while the same text written into the formula is read as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mergecells.formula.values import (
    VALUE,
    Array,
    ErrorValue,
    Fault,
    NeedsReferenceError,
    Scalar,
    Value,
    to_boolean,
    to_number,
    to_scalar,
    to_text,
)


def numbers_of(value: Value, is_reference: bool) -> tuple[float, ...]:
    """The numbers an aggregate sees in one argument. Raises Fault for an error in it, and for a text that is none."""
    if type(value) is float:
        return (value,)
    if type(value) is Array:
        return value.numbers
    if type(value) is ErrorValue:
        raise Fault(value)
    return () if is_reference else (to_number(value),)


def booleans_of(value: Value, is_reference: bool) -> tuple[bool, ...]:
    """The conditions that AND, OR and XOR see in one argument."""
    if type(value) is bool:
        return (value,)
    if type(value) is Array:
        found = []
        for cell in value:
            if type(cell) is ErrorValue:
                raise Fault(cell)
            if type(cell) is bool or type(cell) is float:
                found.append(bool(cell))
        return tuple(found)
    if is_reference and (value is None or type(value) is str):
        return ()
    return (to_boolean(value),)


def texts_of(value: Value, _is_reference: bool) -> tuple[str, ...]:
    """The texts that CONCAT and TEXTJOIN see in one argument."""
    return tuple(to_text(cell) for cell in value) if type(value) is Array else (to_text(value),)


def scalar_or_error(value: Value, _is_reference: bool) -> Scalar:
    """One value, an error among them."""
    if type(value) is Array:
        raise NeedsReferenceError
    return value  # type: ignore[return-value]


def table_of(value: Value) -> Array:
    """A whole argument as an array; a single value is an array of one cell. Raises Fault for an error."""
    if type(value) is Array:
        return value
    if type(value) is ErrorValue:
        raise Fault(value)
    return Array([[value]])  # type: ignore[list-item]


COERCIONS: Final[Mapping[str, Callable[[Value, bool], Any]]] = {
    "n": lambda value, _reference: to_number(value),
    "t": lambda value, _reference: to_text(value),
    "b": lambda value, _reference: to_boolean(value),
    "v": lambda value, _reference: to_scalar(value),
    "e": scalar_or_error,
    "N": numbers_of,
    "B": booleans_of,
    "T": texts_of,
    "r": lambda value, reference: (value, reference),
}

BROADCAST_KINDS: Final = frozenset("ntbve")


def items_of(pair: tuple[Value, bool]) -> tuple[tuple[Scalar, ...], bool]:
    """The cells of a whole argument (kind r), and whether they stand in a reference or array."""
    value, is_reference = pair
    return (value.cells, True) if type(value) is Array else ((value,), is_reference)  # type: ignore[return-value]


__all__ = ["BROADCAST_KINDS", "COERCIONS", "VALUE", "items_of", "table_of"]
