"""Independent engines agree with ours on the published cases and on random formulas, but for their known defects."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path

import pytest

from acceptance.stage import command
from case_agreement import VERSIONS, expectations
from mergecells.adapters.engine_process import EngineProcesses
from mergecells.formula import parse
from mergecells.transforms.formula_engines import ENGINES, EngineName
from mergecells.transforms.formula_fuzz import FuzzCase
from mergecells.transforms.formula_fuzz_check import FuzzTally, fuzz_round

TABLES = sorted(Path(__file__).parent.glob("*.jsonl"))
SEED = 20_240_229
SAMPLE = 400


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param  # type: ignore[no-any-return]


def test_other_engine_on_published_cases_differs_only_by_known_defects(engine: EngineName) -> None:
    """A new difference is our mistake, or a new row of transforms/engine_defects_*.py with a case."""
    lines = [json.loads(line) for table in TABLES for line in table.read_text("utf-8").splitlines()]
    tally = FuzzTally()
    assert fuzz_round([each.case for each in expectations(lines)], (engine,), EngineProcesses(), tally) == []
    assert engine not in tally.failures
    # Arrays are asked cell by cell, by tools/case_agreement.py.
    witnessed = [line for line in lines if VERSIONS[engine] in line.get("agree", ())]
    assert tally.agreements[engine] == sum(not isinstance(line.get("value"), list) for line in witnessed)


def test_other_engine_on_plain_random_formulas_agrees(engine: EngineName) -> None:
    """Well-typed formulas of everyday functions: numbers are multiples of 1/4, so that sums are exact."""
    if engine == "xlcalculator":
        pytest.skip("xlcalculator lacks most of these functions")
    chance = random.Random(SEED)
    cases = [FuzzCase(parse("=" + random_number(chance, 3)), {}) for _ in range(SAMPLE)]
    tally = FuzzTally()
    assert fuzz_round(cases, (engine,), EngineProcesses(), tally) == [], f"seed {SEED}"
    assert tally.agreements[engine] > 0.95 * SAMPLE


def test_compare_command_counts_agreements_and_causes(tmp_path: Path) -> None:
    """Text for people: causes with their counts, then a line for each engine."""
    file = tmp_path / "cases.jsonl"
    lines = (
        '{"formula": "=1+x", "inputs": {"x": 2}}',
        '{"formula": "=SIN(x)", "inputs": {"x": 134217728}}',
        '{"formula": "=NOW()"}',
    )
    file.write_text("\n".join(lines))
    answer = command("formula", "compare", str(file))
    assert answer.status == 0, answer.messages
    assert "compiled: 2 agree, 0 known defects, 0 not compared" in answer.output
    assert "1  ironcalc: has no limit of 2^27 for angles" in answer.output
    assert "2 formulas, 1 files: 0 unexplained disagreements." in answer.output


def test_compare_command_with_a_line_that_is_no_case_names_the_line(tmp_path: Path) -> None:
    """File and line, and what a case is."""
    file = tmp_path / "cases.jsonl"
    file.write_text('{"formula": "=1"}\n[1]\n')
    answer = command("formula", "compare", str(file))
    assert answer.status == 2
    assert "cases.jsonl:2: not a JSON object" in answer.messages


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
