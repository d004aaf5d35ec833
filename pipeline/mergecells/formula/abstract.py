"""Sets of values, described: which kinds a formula's result may have, between which bounds, which texts.

An Abstract always holds at least every value that can occur; it may hold more. A conclusion from what it does not hold
("never above 0.5", "never TRUE") is therefore safe, and from what it holds there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from mergecells.formula.comparison import compare_numbers
from mergecells.formula.values import NA, Array, ErrorValue, Value, fold

BLANK: Final = 1
NUMBER: Final = 2
TEXT: Final = 4
TRUE: Final = 8
FALSE: Final = 16
MISSING: Final = 32
"""The error #N/A, which IFNA catches."""
ERROR: Final = 64
"""Any other error."""
ARRAY: Final = 128

BOOLEAN: Final = TRUE | FALSE
ERRORS: Final = MISSING | ERROR
ANY: Final = 255
MOST_TEXTS: Final = 64


class KnownArray:
    """A constant array. Two are equal only when they are the same one, so that a large table costs nothing to compare;
    what is said of its cells is worked out once."""

    def __init__(self, value: Array) -> None:
        self.value = value

    @cached_property
    def cells(self) -> Abstract:
        """Any of its cells."""
        return join_all(constant(cell) for _, cell in {(type(cell), cell) for cell in self.value.cells})

    @cached_property
    def rises(self) -> bool:
        """Whether it holds numbers only, each at least as large as the one before."""
        return self.value.all_numbers and all(a <= b for a, b in pairwise(self.value.numbers))

    def __len__(self) -> int:
        return len(self.value)


class Abstract(NamedTuple):
    """`kinds` are bits; `low` and `high` bound the number (inclusive; an infinity: none). `texts` are all texts that
    are possible, folded (None: any). `excluded` holds numbers and folded texts that compare unequal to the value.
    `array` is the very array, where it is a constant."""

    kinds: int
    low: float = -math.inf
    high: float = math.inf
    texts: frozenset[str] | None = None
    excluded: frozenset[float | str] = frozenset()
    array: KnownArray | None = None


NOTHING: Final = Abstract(0)
ANYTHING: Final = Abstract(ANY)
A_NUMBER: Final = Abstract(NUMBER)
A_BOOLEAN: Final = Abstract(BOOLEAN)
A_TEXT: Final = Abstract(TEXT)
A_BLANK: Final = Abstract(BLANK)
AN_ERROR: Final = Abstract(ERROR)


def number_between(low: float, high: float, errors: int = 0) -> Abstract:
    """A number within bounds, and the errors that may stand in its place. Impossible bounds leave the errors."""
    return Abstract(NUMBER | errors, low, high) if low <= high else Abstract(errors)


@cache
def _truth(value: bool) -> Abstract:
    return Abstract(TRUE if value else FALSE)


def constant(value: Value) -> Abstract:
    """Just this value."""
    if type(value) is float:
        return Abstract(NUMBER, value, value)
    if value is None:
        return A_BLANK
    if type(value) is str:
        return Abstract(TEXT, texts=frozenset((fold(value),)))
    if type(value) is bool:
        return _truth(value)
    if type(value) is ErrorValue:
        return Abstract(MISSING if value == NA else ERROR)
    assert type(value) is Array
    return Abstract(ARRAY, array=KnownArray(value))


def join(one: Abstract, other: Abstract) -> Abstract:
    """What holds the values of both."""
    if not one.kinds or one is other:
        return other
    if not other.kinds:
        return one
    kinds = one.kinds | other.kinds
    low, high = -math.inf, math.inf
    if kinds & NUMBER:
        if not one.kinds & NUMBER:
            low, high = other.low, other.high
        elif not other.kinds & NUMBER:
            low, high = one.low, one.high
        else:
            low = one.low if one.low <= other.low else other.low
            high = one.high if one.high >= other.high else other.high
    array = None
    if kinds & ARRAY:
        arrays = [each.array for each in (one, other) if each.kinds & ARRAY]
        array = arrays[0] if all(each is arrays[0] for each in arrays) else None
    texts = _joined_texts(one, other) if kinds & TEXT else None
    return Abstract(kinds, low, high, texts, one.excluded & other.excluded, array)


def join_all(values: Iterable[Abstract]) -> Abstract:
    result = NOTHING
    for value in values:
        result = join(result, value)
    return result


def _joined_texts(one: Abstract, other: Abstract) -> frozenset[str] | None:
    sets = [each.texts for each in (one, other) if each.kinds & TEXT]
    if not sets or any(each is None for each in sets):
        return None
    texts = frozenset().union(*(each for each in sets if each is not None))
    return texts if len(texts) <= MOST_TEXTS else None


def contains(abstract: Abstract, value: Value) -> bool:
    """Whether `value` is one of those described. Of an array that is not a constant only the kind is looked at."""
    if type(value) is float:
        held = abstract.kinds & NUMBER and abstract.low <= value <= abstract.high
        return bool(held) and not any(
            type(each) is float and compare_numbers(value, each) == 0 for each in abstract.excluded
        )
    if type(value) is str:
        if not abstract.kinds & TEXT or fold(value) in abstract.excluded:
            return False
        return abstract.texts is None or fold(value) in abstract.texts
    if type(value) is Array:
        return bool(abstract.kinds & ARRAY) and (abstract.array is None or abstract.array.value == value)
    return bool(abstract.kinds & constant(value).kinds)


def without(abstract: Abstract, kinds: int) -> Abstract:
    """The values that are of none of these kinds."""
    return abstract._replace(kinds=abstract.kinds & ~kinds) if abstract.kinds & kinds else abstract


def only(abstract: Abstract, kinds: int) -> Abstract:
    """The values of these kinds."""
    return abstract._replace(kinds=abstract.kinds & kinds)


def finished(abstract: Abstract) -> Abstract:
    """What a formula gives: a blank becomes 0, an array of one cell that cell."""
    if abstract.kinds & ARRAY and (abstract.array is None or len(abstract.array) == 1):
        return ANYTHING._replace(kinds=ANY & ~BLANK)
    if not abstract.kinds & BLANK:
        return abstract
    return join(without(abstract, BLANK), Abstract(NUMBER, 0.0, 0.0))


def is_constant(abstract: Abstract) -> bool:
    """Whether there is one value only, and it is a number."""
    return abstract.kinds == NUMBER and abstract.low == abstract.high
