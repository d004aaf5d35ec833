"""What an independent engine is asked, and what it answers: one formula, its inputs, one result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from mergecells.formula import Value


@dataclass(frozen=True, slots=True)
class Calculation:
    """One formula in A1 notation, with the cells it reads: (address, value)."""

    formula: str
    cells: tuple[tuple[str, float | str | bool], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A result, or why the engine has none (`unable` is then set)."""

    value: Value = None
    unable: str = ""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """Answers in the order asked; `failure` says why the rest is missing when the engine stopped early."""

    answers: Sequence[Answer]
    failure: str = ""


Recompute = Callable[[Sequence[Calculation]], EngineRun]
"""Computes everything in one go: starting an engine costs more than any formula. Never raises."""


class EngineCount(BaseModel):
    """How many results an engine was asked for, computed, and how many of these were compared.

    What was computed but not compared uses something that the engine is known to compute differently.
    """

    model_config = ConfigDict(frozen=True)

    asked: int = 0
    computed: int = 0
    compared: int = 0
    mismatches: int = 0
    not_compared: Mapping[str, int] = {}
    """Why results were not compared → how many."""

    def __add__(self, other: EngineCount) -> EngineCount:
        reasons = Counter(self.not_compared) + Counter(other.not_compared)
        return EngineCount(
            asked=self.asked + other.asked,
            computed=self.computed + other.computed,
            compared=self.compared + other.compared,
            mismatches=self.mismatches + other.mismatches,
            not_compared=dict(sorted(reasons.items())),
        )
