"""The functions of the language, by family. Importing this package fills `registry.FUNCTIONS`."""

from mergecells.formula.functions import (
    aggregate,
    criteria,
    dates,
    information,
    logic,
    lookup,
    math,
    rounding,
    text,
    text_search,
)

__all__ = [
    "aggregate",
    "criteria",
    "dates",
    "information",
    "logic",
    "lookup",
    "math",
    "rounding",
    "text",
    "text_search",
]
