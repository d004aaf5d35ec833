"""Every known defect of an outside engine: what it gets wrong, how to recognise it in a formula, and a case.

This is the one table. A difference that a defect explains is counted under its words; any other is a finding. Each case
runs against the real engine in `tests/conformance/formula/test_engine_defects.py`: an engine that was mended makes it
fail, so that the table stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mergecells.formula import functions_used, parse
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects_formualizer import FORMUALIZER
from mergecells.transforms.engine_defects_ironcalc import IRONCALC
from mergecells.transforms.engine_defects_xlcalculator import XLCALCULATOR
from mergecells.transforms.formula_engines import EngineName
from mergecells.transforms.formula_results import Result
from mergecells.transforms.formula_uses import Use

DEFECTS: tuple[Defect, ...] = (*IRONCALC, *FORMUALIZER, *XLCALCULATOR)


@lru_cache(maxsize=8)
def defects_of(engine: EngineName) -> tuple[Defect, ...]:
    """The defects of one engine, in the order of the table."""
    return tuple(defect for defect in DEFECTS if defect.engine == engine)


def explain(engine: EngineName, result: Result) -> Defect | None:
    """The first defect that the formula runs into with these inputs; only asked about differences."""
    use = Use(result)
    return next((defect for defect in defects_of(engine) if defect.applies(use)), None)


@lru_cache(maxsize=1)
def defects_by_function() -> Mapping[str, list[str]]:
    """Function → `engine: what it does`, for the functions in the case of a defect."""
    found: dict[str, list[str]] = {}
    for defect in DEFECTS:
        for name in {name for name, _, _ in functions_used(parse(defect.case))}:
            found.setdefault(name, []).append(f"{defect.engine} {defect.what}")
    return found
