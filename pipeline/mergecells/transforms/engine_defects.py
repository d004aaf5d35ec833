"""Every known defect of an outside engine: what it gets wrong, how to recognise it in a formula, and a case.

This is the one table. A difference that a defect explains is counted under its words; any other is a finding. Each case
runs against the real engines in `tests/conformance/formula/test_engine_defects.py`: an engine that was mended makes it
fail, so that the table stays true. Where two engines agree against us, only a row of both of them explains it, and such
a row names who says that we are right: `tests/conformance/formula/test_outvoted.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from mergecells.formula import Value, functions_used, parse
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects_formualizer import FORMUALIZER
from mergecells.transforms.engine_defects_ironcalc import IRONCALC
from mergecells.transforms.engine_defects_shared import GENERAL, SHARED
from mergecells.transforms.engine_defects_xlcalculator import XLCALCULATOR
from mergecells.transforms.formula_engines import EngineName
from mergecells.transforms.formula_results import Result
from mergecells.transforms.formula_uses import Use

DEFECTS: tuple[Defect, ...] = (*SHARED, *IRONCALC, *FORMUALIZER, *XLCALCULATOR, *GENERAL)


_ANY: Any = object()
"""An answer that nobody told; None is a blank."""


@lru_cache(maxsize=8)
def defects_of(engine: EngineName) -> tuple[Defect, ...]:
    """The defects of one engine, in the order of the table."""
    return tuple(defect for defect in DEFECTS if engine in defect.gives)


def explain(engine: EngineName, result: Result, theirs: Value = _ANY) -> Defect | None:
    """The first defect that the formula runs into with these inputs, and that gives such an answer as `theirs`.

    Only asked about differences. Without `theirs`: whatever the answer is.
    """
    use = Use(result)
    for defect in defects_of(engine):
        if (theirs is _ANY or defect.answers(result.value, theirs)) and defect.applies(use):
            return defect
    return None


def explain_all(engines: Collection[EngineName], result: Result, theirs: Value) -> Defect | None:
    """The first row that all of the engines share and that explains the answer which they all give."""
    use = Use(result)
    shared = (defect for defect in DEFECTS if defect.gives.keys() >= set(engines))
    return next((row for row in shared if row.answers(result.value, theirs) and row.applies(use)), None)


@lru_cache(maxsize=1)
def defects_by_function() -> Mapping[str, list[str]]:
    """Function → `engine: what it does`, for the functions in the case of a defect."""
    found: dict[str, list[str]] = {}
    for defect in DEFECTS:
        for name in {name for name, _, _ in functions_used(parse(defect.case))}:
            found.setdefault(name, []).extend(f"{engine} {defect.what}" for engine in defect.gives)
    return found
