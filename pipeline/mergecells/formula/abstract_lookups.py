"""What look-ups may give: one of the values of a list that is a constant, or a miss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mergecells.formula.abstract import (
    ANYTHING,
    ARRAY,
    BLANK,
    ERRORS,
    NUMBER,
    Abstract,
    join,
    number_between,
    without,
)
from mergecells.formula.intervals import as_number
from mergecells.formula.nodes import Node

Handler = Callable[[Sequence[Node], Sequence[Abstract]], Abstract]
"""What a call gives: its arguments, and what each of them may be."""


def from_list(place: int) -> Handler:
    """One of the values of a list that is a constant, or #N/A; the list is the argument at `place`."""

    def handler(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
        source = values[place] if place < len(values) else values[1]
        if source.kinds != ARRAY or source.array is None:
            return ANYTHING
        errors = Abstract(ERRORS)
        otherwise = join(errors, values[3]) if place == 2 and len(values) > 3 else errors
        return join(source.array.cells, otherwise)

    return handler


def index(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    """INDEX; a row or column of 0 is all of them."""
    places = [as_number(value) for value in values[1:]]
    source = values[0].array
    if source is None or not all(place.kinds & NUMBER and place.low >= 1.0 for place in places):
        return ANYTHING
    if len(places) == 1 and 1 not in (source.value.height, source.value.width):
        return ANYTHING
    return from_list(0)(nodes, values)


def xlookup(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    """XLOOKUP; of a table of results it gives a whole row or column."""
    keys, results = values[1].array, values[2].array
    if keys is None or results is None:
        return ANYTHING
    if (keys.value.height, keys.value.width) != (results.value.height, results.value.width):
        return ANYTHING
    return from_list(2)(nodes, values)


def lookup(nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    found = from_list(2 if len(values) > 2 else 1)(nodes, values)
    return without(found, ERRORS) if _surely_found(values) else found


def _surely_found(values: Sequence[Abstract]) -> bool:
    """A number that is not below the first of a list of numbers, with a result for each and no error among those."""
    if len(values) < 3 or any(value.kinds != ARRAY or value.array is None for value in values[1:3]):
        return False
    wanted, keys, results = values[0], values[1].array, values[2].array
    assert keys is not None
    assert results is not None
    if wanted.kinds & ~(NUMBER | BLANK) or not keys.rises or len(keys) != len(results):
        return False
    if results.cells.kinds & ERRORS or not all(1 in (each.value.height, each.value.width) for each in (keys, results)):
        return False
    low = min(wanted.low if wanted.kinds & NUMBER else 0.0, 0.0 if wanted.kinds & BLANK else math.inf)
    return low >= keys.value.numbers[0]


def match(_nodes: Sequence[Node], values: Sequence[Abstract]) -> Abstract:
    keys = values[1].array if values[1].kinds == ARRAY else None
    return number_between(1.0, float(len(keys)) if keys is not None else math.inf, ERRORS)
