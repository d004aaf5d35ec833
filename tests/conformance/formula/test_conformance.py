"""Every case of the tables in this folder, with both engines, in the form that `formula eval --cases` reads.

Each row names the published source of its expectation; `docs/formulas.md` stands for a decision of our own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mergecells.apps.cli.choices import Engine
from mergecells.apps.cli.formula_cases import answer_line
from mergecells.formula import FUNCTIONS, functions_used, parse, unsupported
from mergecells.formula.errors import FormulaSyntaxError

HERE = Path(__file__).parent
CASES = [json.loads(line) for table in sorted(HERE.glob("*.jsonl")) for line in table.read_text("utf-8").splitlines()]


def close(got: Any, wanted: Any) -> bool:
    """Numbers to 13 significant digits: a logarithm's last bit is the C library's business."""
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(close, got, wanted))
    if isinstance(got, bool) or isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
        return type(got) is type(wanted) and bool(got == wanted)
    return isinstance(got, (int, float)) and abs(got - wanted) <= 1e-13 * abs(wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['formula']}")
def test_formula_as_published_gives_the_published_result(case: dict[str, Any]) -> None:
    """Value, error or refusal (with the word that the message must contain), on the compiled form and the reference."""
    line, agreed = answer_line(json.dumps(case), 1, Engine.ALL, None)
    answer = json.loads(line)
    assert agreed, answer
    if "unsupported" in case:
        assert case["unsupported"] in answer["unsupported"]
    elif "error" in case:
        assert answer.get("error") == case["error"], answer
    else:
        assert "value" in answer, answer
        assert close(answer["value"], case["value"]), answer


def test_every_function_has_a_case() -> None:
    """A function without a published expectation is one that nobody checked."""
    used = set()
    for case in CASES:
        try:
            tree = parse(case["formula"])
        except FormulaSyntaxError:
            continue
        if not unsupported(tree):
            used |= {use.name for use in functions_used(tree)}
    assert set(FUNCTIONS) - used == set()
