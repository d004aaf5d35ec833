"""Values as JSON has them, inside a model: anything nested, but no number that JSON cannot write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator


def _finite(value: Any) -> Any:
    """The value itself. Raises ValueError for a number that is not finite, at any depth (the reader bounds it)."""
    if isinstance(value, int | float) and not _is_finite(value):
        raise ValueError("the number is not finite")
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _finite(inner)
    return value


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond the range of any float
        return False


JsonAny = Annotated[Any, AfterValidator(_finite)]
"""Text, number, boolean, null, list or mapping."""

JsonMapping = Annotated[dict[str, Any], AfterValidator(_finite)]
