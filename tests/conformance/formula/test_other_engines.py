"""Independent engines agree with ours on the published cases and on random formulas, but for the differences in
`engine_differences.json`: each is one row with the formula, what the engine gives, and why we do not follow.
"""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest

from conformance.formula.engines import ENGINES, agree, shown
from mergecells.formula import compile_formula, parse

HERE = Path(__file__).parent
DIFFERENCES: list[dict[str, Any]] = json.loads((HERE / "engine_differences.json").read_text("utf-8"))
SEED = 20_240_229
SAMPLE = 400


def published_formulas() -> list[str]:
    """Cases without inputs that give a single value."""
    rows = [
        json.loads(line) for table in sorted(HERE.glob("*.jsonl")) for line in table.read_text("utf-8").splitlines()
    ]
    return [
        row["formula"]
        for row in rows
        if not ({"unsupported", "inputs", "dialect"} & row.keys() or isinstance(row.get("value"), list))
    ]


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: it is a tool of development only")
    return str(request.param)


def test_other_engine_on_published_cases_differs_only_where_known(engine: str) -> None:
    """A new difference, or one that went away, changes the table."""
    formulas = published_formulas()
    found = {
        formula: shown(theirs)
        for formula, theirs in zip(formulas, ENGINES[engine](formulas), strict=True)
        if not agree(compile_formula(parse(formula))({}, 0.0), theirs)
    }
    assert found == {row["formula"]: row["gives"] for row in DIFFERENCES if row["engine"] == engine}


def test_known_differences_all_have_a_reason() -> None:
    """A difference nobody can explain is not known but only listed."""
    assert all(len(row["why"]) > 5 for row in DIFFERENCES)


def test_other_engine_on_random_formulas_agrees(engine: str) -> None:
    """Well-typed formulas outside the known differences: numbers are multiples of 1/4, so that sums are exact."""
    chance = random.Random(SEED)
    formulas = ["=" + random_number(chance, 3) for _ in range(SAMPLE)]
    pairs = zip(formulas, ENGINES[engine](formulas), strict=True)
    wrong = [
        (formula, ours, theirs)
        for formula, theirs in pairs
        if not agree(ours := compile_formula(parse(formula))({}, 0.0), theirs)
    ]
    assert not wrong, f"seed {SEED}: {wrong[:5]}"


def random_number(chance: random.Random, depth: int) -> str:
    """A formula text whose value is a number or #DIV/0!."""
    if depth == 0:
        return str(chance.randint(-8, 40) / 4)
    one, two = random_number(chance, depth - 1), random_number(chance, depth - 1)
    condition = random_condition(chance, depth - 1)
    end = f"DATE(2024,3,{chance.randint(1, 31)})"
    return chance.choice(
        [
            f"({one}{chance.choice('+-*/')}{two})",
            f"IF({condition},{one},{two})",
            f"{chance.choice(['MAX', 'MIN', 'SUM', 'AVERAGE', 'MEDIAN', 'PRODUCT'])}({one},{two},1)",
            f"ROUND({one},{chance.randint(-1, 3)})",
            f"{chance.choice(['ABS', 'INT', 'SIGN', 'TRUNC'])}({one})",
            f"IFERROR({one},{two})",
            f"IFS({condition},{one},TRUE,{two})",
            f"SWITCH({random_text(chance)},{random_text(chance)},{one},{two})",
            f"CHOOSE({chance.randint(1, 2)},{one},{two})",
            f"LEN({random_text(chance)}&{random_text(chance)})",
            f"({one})%",
            f"-{one}^2",
            f"IF(ISERROR({one}),0,{two})",
            f"LOOKUP({chance.randint(0, 60)},{{0,10,25}},{{0.25,0.5,1}})",
            f'DATEDIF(DATE(2020,{chance.randint(1, 12)},5),{end},"{chance.choice("YMD")}")',
            f"PERCENTILE({{4,1,2.5,9}},{chance.randint(0, 8)}/8)",
            f"QUARTILE({{4,1,2.5,9,-3}},{chance.randint(0, 4)})",
            f"NETWORKDAYS(DATE(2024,1,{chance.randint(1, 31)}),{end})",
            f"(WORKDAY({end},{chance.randint(-400, 400)})-45000)",
            f"WEEKNUM({end},{chance.choice([1, 2, 11, 13, 17, 21])})",
            f"{chance.choice(['EVEN', 'ODD', 'SUMSQ'])}({one})",
            f"{chance.choice(['GCD', 'LCM'])}({chance.randint(0, 99)},{chance.randint(1, 99)})",
            f"MONTH(DATE(2023,{chance.randint(-3, 20)},{chance.randint(-40, 60)}))",
        ]
    )


def random_condition(chance: random.Random, depth: int) -> str:
    one, two = random_number(chance, depth), random_number(chance, depth)
    return chance.choice(
        [
            f"{one}{chance.choice(['>', '<', '>=', '<='])}{two}",
            f"{random_text(chance)}{chance.choice(['=', '<>', '<', '>='])}{random_text(chance)}",
            f"AND({one}>{two},{two}<5)",
            f"OR({one}>{two},NOT({two}<5))",
            f"ISNUMBER(SEARCH({random_text(chance)},{random_text(chance)}))",
            f"EXACT({random_text(chance)},{random_text(chance)})",
        ]
    )


def random_text(chance: random.Random) -> str:
    text = '"' + "".join(chance.choice("abAB c") for _ in range(chance.randint(1, 4))) + '"'
    function = chance.choice(["", "UPPER", "LOWER", "TRIM", "LEFT", "RIGHT"])
    return f"{function}({text})" if function else text
