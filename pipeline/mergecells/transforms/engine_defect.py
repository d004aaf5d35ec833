"""One known defect of outside engines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mergecells.formula import ErrorValue, Value
from mergecells.transforms.formula_engines import EngineName
from mergecells.transforms.formula_uses import Condition

Answers = Callable[[Value, Value], bool]
"""Whether our answer and the engine's differ in the way that a row claims."""


def any_answer(_ours: Value, _theirs: Value) -> bool:
    """The row claims nothing about the answers."""
    return True


def another_error(ours: Value, theirs: Value) -> bool:
    """Both are errors, and not the same."""
    return isinstance(ours, ErrorValue) and isinstance(theirs, ErrorValue)


def an_error(_ours: Value, theirs: Value) -> bool:
    """The engine gives an error where there is a value."""
    return isinstance(theirs, ErrorValue)


def nearly(ours: Value, theirs: Value) -> bool:
    """Numbers of which a few digits agree, or next to nothing both: the engine computes with less care."""
    if not isinstance(ours, float) or not isinstance(theirs, float):
        return False
    return math.isclose(ours, theirs, rel_tol=1e-2, abs_tol=1e-6)


def same_digits(ours: Value, theirs: Value) -> bool:
    """Two texts that differ in the digits of a number beyond the fifteenth only."""
    return isinstance(ours, str) and isinstance(theirs, str) and _DIGITS.sub(_cut, ours) == _DIGITS.sub(_cut, theirs)


_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?")


def _cut(match: re.Match[str]) -> str:
    return f"{float(match[0]):.13g}"


def two_numbers(ours: Value, theirs: Value) -> bool:
    """Both are numbers."""
    return isinstance(ours, float) and isinstance(theirs, float)


def no_error(ours: Value, theirs: Value) -> bool:
    """The engine gives a value where there is an error."""
    return isinstance(ours, ErrorValue) and not isinstance(theirs, ErrorValue)


@dataclass(frozen=True, slots=True)
class Defect:
    """`what` it does, in words that follow the engine's name; a `case` and what each engine `gives` there.

    `applies` recognises a formula and inputs that run into it, `answers` the difference. `gives` None: no result, it
    raises. A row of several engines says `because` of what we hold the other answer: they outvote us.
    """

    what: str
    case: str
    gives: Mapping[EngineName, Value]
    applies: Condition
    inputs: Mapping[str, Value] = field(default_factory=dict)
    answers: Answers = any_answer
    because: str = ""
    general: bool = False
    """Of any special function: a last resort, kept small by a test."""
