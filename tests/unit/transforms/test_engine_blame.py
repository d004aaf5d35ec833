"""A known defect in a part of a formula explains the whole where the engine is right about the rest, and only there."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace

import pytest

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.formula import Value, parse
from mergecells.transforms.engine_blame import LAST_BITS, blame
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.formula_fuzz import FuzzCase
from mergecells.transforms.formula_fuzz_check import as_result, shrink
from mergecells.transforms.formula_results import Result

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("ironcalc", "formualizer")),
    reason="IronCalc and formualizer are not installed",
)


def result_of(text: str, inputs: Mapping[str, Value] | None = None) -> Result:
    return as_result(FuzzCase(parse(text), inputs or {}))


def test_blame_of_a_part_in_iferror_is_the_row_of_the_part() -> None:
    """IronCalc computes TBILLEQ of a negative result, which the row says of TBILLEQ, not of what IFERROR gives."""
    results = [
        result_of("=IFERROR(TBILLEQ(45337,45657,45351),TRUE)"),
        result_of("=MAX(1,3)&TBILLEQ(45337,45657,x)", {"x": 45351.0}),
    ]
    rows = blame("ironcalc", results, EngineProcesses())
    assert [row and "checks the arguments" in row.what for row in rows] == [True, True]


def test_blame_of_a_whole_that_differs_by_itself_is_nothing() -> None:
    """The known defect of a part explains nothing when the rest is wrong too: here it is 1 too much."""
    result = result_of("=IFERROR(TBILLEQ(45337,45657,45351),1)+MAX(1,2)")

    class More(EngineProcesses):
        def __call__(self, batches):  # type: ignore[no-untyped-def]
            more = {
                name: [replace(each, formula=each.formula.replace("MAX(1,2)", "MAX(1,3)")) for each in batch]
                for name, batch in batches.items()
            }
            return super().__call__(more)

    assert blame("ironcalc", [result], More()) == [None]
    assert blame("ironcalc", [result], EngineProcesses()) != [None]


def test_blame_of_other_last_bits_names_them() -> None:
    """1/3 and the number beside it: CEILING.MATH makes 1 of the one and 4/3 of the other, and no row is needed."""
    result = result_of(LAST_BITS.case, LAST_BITS.inputs)
    assert explain("formualizer", result, LAST_BITS.gives["formualizer"]) is None
    assert blame("formualizer", [result], EngineProcesses()) == [LAST_BITS]


def test_blame_without_anything_to_blame_asks_nobody() -> None:
    """No process is started."""
    assert blame("ironcalc", [], None) == []  # type: ignore[arg-type]
    assert shrink([], EngineProcesses()) == []
