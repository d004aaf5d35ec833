"""Rows of the table of defects excuse only what they claim: they never hide that two engines agree against us.

Where IronCalc and formualizer give one answer and we another, we may be the ones who are wrong. So such a result is
excused by nothing but a row of both engines, and each of these rows names who else says what we say.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.apps.cli.compared_cases import compared_cases
from mergecells.transforms.formula_fuzz import FuzzCase, fuzz_cases
from mergecells.transforms.formula_outvoted import Outvoted, outvoted

TABLES = sorted(Path(__file__).parent.glob("*.jsonl"))
SEED, COUNT = 8_101, 1_500
MOST_GENERAL = 0.02
"""The share of results that the rows for any special function may explain; they are the last resort."""


@pytest.fixture(scope="module")
def found() -> Sequence[Outvoted]:
    if any(importlib.util.find_spec(engine) is None for engine in ("ironcalc", "formualizer")):
        pytest.skip("IronCalc and formualizer are not installed")
    return outvoted(cases(), EngineProcesses())


def cases() -> list[FuzzCase]:
    published = [case for table in TABLES for case in compared_cases(table)]
    return [*published, *itertools.islice(fuzz_cases(SEED), COUNT)]


def test_result_in_which_two_engines_agree_against_us_has_a_row_of_both(found: Sequence[Outvoted]) -> None:
    """Else a row of one engine, written for another difference, would hide a mistake of ours."""
    bad = [each for each in found if each.row is None]
    assert bad == [], "\n".join(str(each) for each in bad)


def test_rows_for_any_special_function_explain_few_results(found: Sequence[Outvoted]) -> None:
    """A row that claims little about a formula must not grow into the usual excuse."""
    general = sum(each.row is not None and each.row.general for each in found)
    assert general <= MOST_GENERAL * len(cases())
