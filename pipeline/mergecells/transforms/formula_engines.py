"""What the outside engines are asked, and what they answer: one formula, its inputs, one result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from pydantic import BaseModel, ConfigDict

from mergecells.formula import ErrorValue, Value

EngineName = Literal["ironcalc", "formualizer", "xlcalculator"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
"""The outside engines, in the order in which they are named everywhere."""

NO_ANSWER = "the engine did not finish"
"""Why a calculation has no answer when the engine was stopped or died before it."""


@dataclass(frozen=True, slots=True)
class Calculation:
    """One formula in A1 notation, with the cells it reads: (address, value). A blank cell is left out."""

    formula: str
    cells: tuple[tuple[str, float | str | bool | ErrorValue], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, or why the engine has none (`unable` is then set)."""

    value: Value = None
    unable: str = ""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """Answers in the order asked; `failure` says why some are missing when the engine stopped or died."""

    answers: Sequence[Answer]
    failure: str = ""


class Recompute(Protocol):
    """The outside engines, beside one another. Never raises, and answers for each engine that is asked."""

    def prepare(self, engines: Collection[EngineName]) -> None:
        """These will be asked soon: what takes long to start may start now."""

    def __call__(self, batches: Mapping[EngineName, Sequence[Calculation]]) -> Mapping[EngineName, EngineRun]:
        """Everything in one go: starting an engine costs more than any formula."""


RELATIVE_TOLERANCE = 1e-9
"""Engines may order additions differently; anything a person typed is far coarser."""


def same_result(one: Value, other: Value) -> bool:
    """Equal within the tolerance; TRUE is not 1, and a blank result is the 0 that a cell shows."""
    one, other = (0.0 if value is None else value for value in (one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12)
    return one == other


class EngineCount(BaseModel):
    """How many results an engine was asked for, computed, and how many of these were compared.

    What was computed but not compared differs in something that the engine is known to compute differently.
    """

    model_config = ConfigDict(frozen=True)

    asked: int = 0
    formulas: int = 0
    """Different formulas among the results that were compared."""
    computed: int = 0
    compared: int = 0
    mismatches: int = 0
    not_compared: Mapping[str, int] = {}
    """Why results were not compared → how many."""

    def __add__(self, other: EngineCount) -> EngineCount:
        reasons = Counter(self.not_compared) + Counter(other.not_compared)
        return EngineCount(
            asked=self.asked + other.asked,
            formulas=self.formulas + other.formulas,
            computed=self.computed + other.computed,
            compared=self.compared + other.compared,
            mismatches=self.mismatches + other.mismatches,
            not_compared=dict(sorted(reasons.items())),
        )
