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
    statistics,
    text,
    text_format,
    text_search,
    trigonometry,
    whole_numbers,
    workdays,
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
    "statistics",
    "text",
    "text_format",
    "text_search",
    "trigonometry",
    "whole_numbers",
    "workdays",
]
