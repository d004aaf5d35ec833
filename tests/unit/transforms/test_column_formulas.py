"""Formulas over typed columns give what the one-lead path gives, to the bit: kernels, tables, and what falls
between."""

from __future__ import annotations

import datetime
import math
import random
import re
import struct
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.domain.scoring import Component, Factor, Rules, RuleSet, Tier
from mergecells.formula import FormulaSyntaxError, parse
from mergecells.transforms.score import Scorer, compile_rule_set
from unit.formula.formula_strategies import FORMULAS

np = pytest.importorskip("numpy")
pa = pytest.importorskip("pyarrow")

from mergecells.transforms import column_formulas, score, score_columns  # noqa: E402 - both need NumPy

DAY = datetime.date(2026, 3, 1)
ROWS = 80
NASTY = [
    *(0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 10.0, 0.1, 0.3, 0.1 + 0.2, math.nextafter(0.3, 1), 2.5, -2.5, 1.005, 0.5, 7.0),
    *(1e308, -1e308, 5e-324, 1e-12, 1e15, 46_000.0, 0.125, 1 / 3, 1 - 2**-53, math.nan, math.nan, math.nan),
]
WORDS = ["", "a", "A", "google", "3", " 4 ", "abc", "TRUE", None]

LEAVES = ["x", "x", "y", "z", "c", "d", "0", "1", "2", "0.3", "10", "-1", "0.5", "1e308", "TODAY()", "t", "u"]
SHAPES = [
    *(
        "({n}+{n})",
        "({n}-{n})",
        "({n}*{n})",
        "({n}/{n})",
        "(-{n})",
        "{n}%",
        "MAX({n},{n})",
        "MIN({n},{n})",
        "SUM({n},{n})",
    ),
    *(
        "MAX(0,{n})",
        "MIN(1,{n})",
        "ABS({n})",
        "INT({n})",
        "SQRT({n})",
        "LN({n})",
        "EXP({n})",
        "SIGN({n})",
        "MOD({n},{n})",
    ),
    *("ROUND({n},0)", "ROUND({n},2)", "ROUND({n},7)", "IF({b},{n},{n})", "IF({b},{n})", "IFS({b},{n},{b},{n})"),
    *("IFS({b},{n},TRUE,{n})", "IFERROR({n},{n})", "LOOKUP({n},{0,0.3,10},{0.1,0.5,1})", "MEDIAN(0,1,{n})", "{b}"),
    *("LEN(t)", 'IF(t="a",0.5,{n})', 'SWITCH(t,"a",1,"google",0.5,{n})', "MIN(1,MAX(0,{n}/10))", "CHOOSE({n},1,{n})"),
]
TRUTHS = [
    *(
        "{n}={n}",
        "{n}<>{n}",
        "{n}<{n}",
        "{n}>{n}",
        "{n}<={n}",
        "{n}>={n}",
        "{n}>=0.3",
        "0.3={n}",
        "ISBLANK(x)",
        "ISNUMBER(y)",
    ),
    *(
        "ISBLANK(t)",
        't="a"',
        "COUNTIF(good,t)>0",
        "TRUE",
        "ISERROR({n})",
        "AND({n}>1,NOT({n}<0.3))",
        "OR({b},{n}>1)",
        "{n}",
    ),
]


def numeric_formula(chance: random.Random, depth: int, *, truth: bool = False) -> str:
    """A formula of what kernels know, and of some things that they do not."""
    if depth == 0 and not truth:
        return chance.choice(LEAVES)

    def part(wanted: re.Match[str]) -> str:
        return numeric_formula(chance, max(0, depth - chance.randint(1, 2)), truth=wanted[1] == "b" and depth > 0)

    return re.sub(r"\{([nb])\}", part, chance.choice(TRUTHS if truth else SHAPES))


def scorer_of(formula: str) -> Scorer:
    """Rules that show a formula's result in every role: factor, intermediate with its type, own factor of a
    component."""
    factors = {
        "plain": Factor(weight=0.25, formula=formula),
        "typed": Factor(weight=0.5, formula='=IFERROR(LEN("<"&middle&">")/50,0.123)'),
        "x": Factor(weight=0.25),
    }
    components = {
        "sum": Component(weight=0.5, factors=factors),
        "own": Component(weight=0.5, formula="=IF(plain>0.5,plain-x,MAX(typed,x))", factors=factors),
    }
    rules = Rules(
        version="1", tiers={"A": Tier(min=50), "B": Tier(min=0)}, lists={"good": ["a", "Google"]},
        formulas={"middle": formula}, components=components,
    )  # fmt: skip
    return compile_rule_set(RuleSet(rules=rules))


def columns_of(seed: int) -> dict[str, list[Any]]:
    """Blank is None; `c` and `d` have few whole values, `z` whole ones and others, `u` and `b` anything."""
    chance = random.Random(seed)

    def blank(value: float) -> float | None:
        return None if value != value else value

    pick = chance.choices
    pool = chance.sample(NASTY, chance.randint(1, len(NASTY)))
    return {
        "x": [blank(value) for value in pick(pool, k=ROWS)],
        "y": [blank(chance.uniform(-3, 12)) for _ in range(ROWS)],
        "z": [blank(value) for value in pick([*range(20), 0.5, -0.0, math.nan], k=ROWS)],
        "c": pick([0.0, 1.0, 2.0, None], k=ROWS),
        "d": pick([1.0, 3.0], k=ROWS),
        "t": pick(WORDS, k=ROWS),
        "u": pick([0.5, "a", True, None, 3.0, "3"], k=ROWS),
        "b": pick([True, False, None], k=ROWS),
        "items": pick([1.0, "a", None], k=ROWS),
    }


def as_arrays(columns: dict[str, list[Any]], chance: random.Random) -> dict[str, Any]:
    """The same columns in other forms: NumPy, Arrow, dictionaries."""
    found: dict[str, Any] = dict(columns)
    for name in ("x", "y", "z", "c", "d"):
        floats = [math.nan if value is None else float(value) for value in columns[name]]
        arrow = pa.array(columns[name], type=pa.float64())
        found[name] = chance.choice([np.array(floats), arrow, columns[name], pa.chunked_array([arrow[:9], arrow[9:]])])
    found["t"] = chance.choice([columns["t"], pa.array(columns["t"]), pa.array(columns["t"]).dictionary_encode()])
    found["b"] = chance.choice([columns["b"], pa.array(columns["b"])])
    return found


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def assert_same(scorer: Scorer, arrays: dict[str, Any], columns: dict[str, list[Any]]) -> None:
    """Every row scores as that lead does by itself."""
    many = scorer.score_many(arrays, DAY)
    for row in range(ROWS):
        lead = {name: column[row] for name, column in columns.items()}
        one = scorer.score(lead, DAY)
        assert many.issues[row] == one.issues, lead
        assert {name: bits(part[row]) for name, part in many.components.items()} == {
            name: bits(part) for name, part in one.components.items()
        }, (lead, one, {name: part[row] for name, part in many.components.items()})
        assert (bits(many.value[row]), many.tier[row]) == (bits(one.value), one.tier), lead


def check(formula: str, seed: int) -> None:
    try:
        parse(formula)
    except FormulaSyntaxError:
        return
    columns, chance = columns_of(seed), random.Random(seed + 1)
    # Small limits, so that several chunks and the table of whole numbers take part.
    with (
        mock.patch.object(score, "COLUMNS_FROM", 1),
        mock.patch.object(score_columns, "CHUNK", chance.choice([30, 1000])),
        mock.patch.object(column_formulas, "_WORTH", chance.choice([10, 10_000])),
        mock.patch.object(column_formulas, "_FEW", chance.choice([2, 1024])),
    ):
        assert_same(scorer_of(formula), as_arrays(columns, chance), columns)


@pytest.mark.parametrize("batch", range(8))
def test_random_numeric_formulas_over_columns_equal_one_lead(batch: int) -> None:
    """Arithmetic, choices, comparisons in 15 digits, errors caught and not, over blanks and signed zeros."""
    chance = random.Random(batch)
    for seed in range(40):
        formula = numeric_formula(chance, chance.randint(1, 5))
        if chance.random() < 0.3:
            formula += chance.choice("+-") + numeric_formula(chance, 1)
        check(f"={formula}", 1_000 * batch + seed)


@pytest.mark.parametrize(
    "formula",
    [
        "=IF(ISBLANK(x),0,IF(x>TODAY(),1,0.5))",
        "=x-0.3",
        "=MAX(x,0)",
        "=MAX(0,x)*-1",
        "=IFERROR(MIN(1,MAX(0,x/(z*y))),0)",
        "=LN(1+MAX(0,z))/LN(21)",
        "=IFERROR(x*y*1e308*0,0.5)",
        "=LOOKUP(x,{0,0.3,10},{0.1,0.5,1})",
        "=ROUND(x,2)",
        "=MEDIAN(0,1,x*1)",
        '=--SWITCH(0,"a",0,"Google",2,x)',
    ],
)
def test_formula_at_an_edge_over_columns_equals_one_lead(formula: str) -> None:
    """What went wrong once, or could: blanks, signed zeros, sums that cancel, errors inside IFERROR."""
    for seed in range(5):
        check(formula, seed)


@given(formula=FORMULAS, seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_any_formula_over_columns_equals_one_lead(formula: str, seed: int) -> None:
    """Whatever a formula does with columns of any type."""
    check(formula, seed)
