"""SUBTOTAL and AGGREGATE: an aggregate by number. Nothing is hidden in a list, so the codes that skip hidden rows are
like those that do not.
"""

from __future__ import annotations

import math
from typing import Final, cast

from mergecells.formula.arguments import COERCIONS, items_of
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.registry import FUNCTIONS, function
from mergecells.formula.values import VALUE, Array, ErrorValue, Fault

_BY_NUMBER: Final = (
    "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "STDEV.S", "STDEV.P", "SUM", "VAR.S", "VAR.P",
    "MEDIAN", "MODE.SNGL", "LARGE", "SMALL", "PERCENTILE.INC", "QUARTILE.INC", "PERCENTILE.EXC", "QUARTILE.EXC",
)  # fmt: skip
_SUBTOTALS: Final = 11
_WITHOUT_K: Final = 13
_SKIPPING_ERRORS: Final = frozenset((2, 3, 6, 7))


def _applied(code: int, pairs: tuple[Pair, ...]) -> float:
    spec = FUNCTIONS[_BY_NUMBER[code - 1]]
    assert spec.implementation is not None
    kinds = (spec.kind_of(index) for index in range(len(pairs)))
    return cast(float, spec.implementation(*(COERCIONS[kind](*pair) for kind, pair in zip(kinds, pairs, strict=True))))


def _code(number: float, most: int) -> int:
    if not 1 <= number < most + 1:
        raise Fault(VALUE)
    return math.trunc(number)


@function(
    "SUBTOTAL(number, list, …)",
    "nr",
    "n",
    "math",
    "1 AVERAGE 2 COUNT 3 COUNTA 4 MAX 5 MIN 6 PRODUCT … 9 SUM.",
    repeats=1,
)
def _subtotal(number: float, *lists: Pair) -> float:
    return _applied(_code(number - 100 if number > 100 else number, _SUBTOTALS), lists)


@function(
    "AGGREGATE(number, option, list, …)",
    "nnr",
    "n",
    "math",
    "As SUBTOTAL, and 12 MEDIAN … 14 LARGE 15 SMALL with a k; options 2, 3, 6 and 7 skip errors.",
    repeats=1,
)
def _aggregate(number: float, option: float, *lists: Pair) -> float:
    code, skipping = _code(number, len(_BY_NUMBER)), _code(option + 1.0, 8) - 1 in _SKIPPING_ERRORS
    if code > _WITHOUT_K:
        if len(lists) != 2:
            raise Fault(VALUE)
        return _applied(code, (_without_errors(lists[0]) if skipping else lists[0], lists[1]))
    return _applied(code, tuple(map(_without_errors, lists)) if skipping else lists)


def _without_errors(pair: Pair) -> Pair:
    cells = [cell for cell in items_of(pair)[0] if type(cell) is not ErrorValue]
    return (Array.column(cells) if cells else None), True
