"""SUBTOTAL: an aggregate by number. Nothing is hidden in a list, so 101 to 111 are 1 to 11."""

from __future__ import annotations

import math
from typing import Final, cast

from mergecells.formula.arguments import COERCIONS
from mergecells.formula.functions.aggregate import Pair
from mergecells.formula.registry import FUNCTIONS, function
from mergecells.formula.values import VALUE, Fault

_BY_NUMBER: Final = (
    "AVERAGE", "COUNT", "COUNTA", "MAX", "MIN", "PRODUCT", "STDEV.S", "STDEV.P", "SUM", "VAR.S", "VAR.P",
)  # fmt: skip


@function(
    "SUBTOTAL(number, list, …)",
    "nr",
    "n",
    "math",
    "1 AVERAGE 2 COUNT 3 COUNTA 4 MAX 5 MIN 6 PRODUCT … 9 SUM.",
    repeats=1,
)
def _subtotal(number: float, *lists: Pair) -> float:
    code = math.trunc(number) if 0 <= number < 1000 else 0
    code = code - 100 if code > 100 else code
    if not 1 <= code <= len(_BY_NUMBER):
        raise Fault(VALUE)
    spec = FUNCTIONS[_BY_NUMBER[code - 1]]
    assert spec.implementation is not None
    return cast(float, spec.implementation(*(COERCIONS[spec.kinds[0]](*pair) for pair in lists)))
