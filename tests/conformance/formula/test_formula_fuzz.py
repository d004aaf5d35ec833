"""Random formulas: our two engines agree to the bit, and the outside ones agree but for their known defects."""

from __future__ import annotations

import importlib.util
import itertools
import json

import pytest

from acceptance.stage import command
from mergecells.adapters.engine_process import EngineProcesses
from mergecells.formula import FUNCTIONS, compile_formula, evaluate, names_used, parse
from mergecells.transforms.formula_engines import EngineName
from mergecells.transforms.formula_fuzz import DATE, FuzzCase, fuzz_cases, sample_calls
from mergecells.transforms.formula_fuzz_check import (
    SERIAL,
    FuzzTally,
    as_result,
    fuzz_round,
    shrink,
    size,
)
from mergecells.transforms.formula_uses import EVERYDAY

SEED = 20_240_229
COUNT = 1_500
ENGINES: tuple[EngineName, ...] = ("ironcalc", "formualizer")


def test_fuzz_of_everyday_functions_leaves_nothing_unexplained() -> None:
    """The functions are a fixed set, so that a new one does not change what is tried here; `formula fuzz` tries all."""
    if any(importlib.util.find_spec(engine) is None for engine in ENGINES):
        pytest.skip("IronCalc and formualizer are not installed")
    tally = FuzzTally()
    engines = EngineProcesses()
    found = fuzz_round(list(itertools.islice(fuzz_cases(SEED, EVERYDAY), COUNT)), ENGINES, engines, tally)
    assert shrink(found, engines) == [], f"seed {SEED}"
    assert tally.agreements["compiled"] == COUNT
    for engine in ENGINES:
        explained = sum(tally.explained[engine].values()) + sum(tally.not_compared[engine].values())
        assert tally.agreements[engine] + explained == COUNT
        assert tally.agreements[engine] > 0.85 * COUNT


def test_fuzz_of_all_functions_agrees_between_our_engines() -> None:
    """Every function of the table, whatever it is given: no exception, and the same value to the bit."""
    tally = FuzzTally()
    cases = list(itertools.islice(fuzz_cases(SEED), COUNT))
    assert fuzz_round(cases, (), EngineProcesses(), tally) == []


def test_fuzz_cases_are_the_same_for_the_same_seed() -> None:
    """What a run reports can be tried again."""
    one, two = (list(itertools.islice(fuzz_cases(7), 50)) for _ in range(2))
    assert one == two
    assert one != list(itertools.islice(fuzz_cases(8), 50))


def test_fuzz_cases_state_all_the_names_that_they_use() -> None:
    """Each case stands by itself."""
    for case in itertools.islice(fuzz_cases(3), 200):
        assert {use.name.lower() for use in names_used(case.formula)} == set(case.inputs)


def test_sample_calls_reach_nearly_every_function() -> None:
    """A function without a plain call would count as one that no engine has."""
    assert [name for name, spec in FUNCTIONS.items() if not sample_calls(spec, 1)] == []


class Wrong(EngineProcesses):
    """Takes every 7 for an 8, as an engine with a defect that no table knows."""

    def __call__(self, batches):  # type: ignore[no-untyped-def]
        changed = {
            name: [
                type(each)(each.formula.replace("7", "8"), tuple((a, 8 if v == 7 else v) for a, v in each.cells))
                for each in batch
            ]
            for name, batch in batches.items()
        }
        return super().__call__(changed)


def test_shrink_finds_a_small_form_of_a_disagreement() -> None:
    """What is printed is what a person can look at: the sum that differs, not the formula around it."""
    if importlib.util.find_spec("ironcalc") is None:
        pytest.skip("IronCalc is not installed")
    formula = parse('=IF(LEN(word)>2,ROUND(MAX(num+7,-1)*1.5,2),"")&""')
    case = FuzzCase(formula, {"word": "abcdef", "num": 12.25})
    found = fuzz_round([case], ("ironcalc",), Wrong(), FuzzTally())
    [smallest] = shrink(found, Wrong())
    assert size(smallest.case) <= 8
    assert "7" in smallest.case.formula.text
    assert as_result(smallest.case).value != smallest.theirs.value


def test_fuzz_command_prints_count_seed_and_agreements() -> None:
    """Exit status 1 only when something is left unexplained."""
    answer = command("formula", "fuzz", "--seconds", "0", "--seed", "5", "--output", "json")
    document = json.loads(answer.output)
    assert document["seed"] == 5
    assert document["formulas"] == 1_000
    assert document["engines"]["compiled"]["agreements"] == 1_000
    assert answer.status == (1 if document["disagreements"] else 0)
    for each in document["disagreements"]:
        assert compile_formula(parse(each["formula"]))
    assert evaluate(parse("=1"), {}, DATE) == 1.0
    assert SERIAL == 45_351.0
