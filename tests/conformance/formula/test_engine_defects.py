"""The table of known defects is true: each case runs against the real engine."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence

import pytest

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.formula import FUNCTIONS, parse
from mergecells.transforms.engine_defect import Defect
from mergecells.transforms.engine_defects import DEFECTS, defects_of, explain
from mergecells.transforms.engine_functions import has_function
from mergecells.transforms.formula_engines import ENGINES, Answer, Calculation, EngineName, same_result
from mergecells.transforms.formula_fuzz import FuzzCase
from mergecells.transforms.formula_fuzz_check import SERIAL, as_result, unsupported_functions
from mergecells.transforms.formula_rewrite import rewrite_formula


@functools.cache
def answers(engine: EngineName) -> Sequence[Answer]:
    return EngineProcesses()({engine: [calculation(engine, defect) for defect in defects_of(engine)]})[engine].answers


def calculation(engine: EngineName, defect: Defect) -> Calculation:
    asked = rewrite_formula(parse(defect.case), defect.inputs, SERIAL, plain=engine == "xlcalculator")
    assert asked
    return asked


KNOWN = [(engine, defect) for engine in ENGINES for defect in defects_of(engine)]


@pytest.mark.parametrize(("engine", "defect"), KNOWN, ids=lambda value: getattr(value, "what", value))
def test_known_defect_is_still_there(engine: EngineName, defect: Defect) -> None:
    """The engine gives what the table says, which is not what we give; and the table recognises the case as this one.

    Red when the engine was mended: take the row out of transforms/engine_defects_*.py.
    """
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    result = as_result(FuzzCase(parse(defect.case), defect.inputs))
    answer, gives = answers(engine)[defects_of(engine).index(defect)], defect.gives[engine]
    assert not answer.unable or gives is None
    if not answer.unable:
        assert not same_result(answer.value, result.value), "mended"
        assert same_result(answer.value, gives)
        assert defect.answers(result.value, answer.value)
    assert explain(engine, result, gives) is defect


def test_defect_words_are_unique_for_each_engine() -> None:
    """Counts by defect would otherwise run together."""
    assert len({(engine, defect.what) for engine, defect in KNOWN}) == len(KNOWN)


def test_defect_of_several_engines_says_who_is_right() -> None:
    """Where they outvote us, our own word is not enough."""
    assert all(bool(defect.because) == (len(defect.gives) > 1) for defect in DEFECTS)


@pytest.mark.parametrize("engine", ENGINES)
def test_has_function_is_what_the_engine_computes(engine: EngineName) -> None:
    """`formula functions` tells which engine supports what: measured, for every function of the table.

    Red after a function was added or an engine learnt one: bring transforms/engine_functions.py in line.
    """
    if importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    stated = {name for name in FUNCTIONS if not has_function(engine, name)}
    assert unsupported_functions(engine, EngineProcesses()) == stated
