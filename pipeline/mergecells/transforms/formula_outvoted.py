"""Results in which two outside engines give one answer and we another: the ones to look at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mergecells.formula import Array, Value
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects import explain_all
from mergecells.transforms.engine_functions import lacks
from mergecells.transforms.formula_engines import EngineName, Recompute, same_result
from mergecells.transforms.formula_fuzz import FuzzCase
from mergecells.transforms.formula_fuzz_check import answers_of, as_result, raises

PAIR: tuple[EngineName, EngineName] = ("ironcalc", "formualizer")


@dataclass(frozen=True, slots=True)
class Outvoted:
    """A case, our answer, the one of both engines, and the row of both that explains it; None without such a row."""

    case: FuzzCase
    ours: Value
    theirs: Value
    row: Defect | None

    def __str__(self) -> str:
        return f"{self.case.formula.text} {dict(self.case.inputs)}: {self.ours!r} here, {self.theirs!r} in {PAIR}"


def outvoted(cases: Sequence[FuzzCase], recompute: Recompute) -> list[Outvoted]:
    """What both engines compute, alike, and otherwise than we do."""
    return list(_outvoted([case for case in cases if _askable(case)], recompute))


def _askable(case: FuzzCase) -> bool:
    if any(lacks(engine, case.formula) for engine in PAIR) or raises(case):
        return False
    return not isinstance(as_result(case).value, Array)


def _outvoted(cases: Sequence[FuzzCase], recompute: Recompute) -> Iterator[Outvoted]:
    one, other = (answers_of(engine, cases, recompute) for engine in PAIR)
    for case, first, second in zip(cases, one, other, strict=True):
        if first.unable or second.unable or not same_result(first.value, second.value):
            continue
        result = as_result(case)
        if not same_result(first.value, result.value):
            yield Outvoted(case, result.value, first.value, explain_all(PAIR, result, first.value))
