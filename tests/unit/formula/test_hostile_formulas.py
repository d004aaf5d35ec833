"""What a hostile or careless editor may type: a finding with a place and a way out, from `check` and `formula eval`.

Nothing is measured by the clock: each of these took minutes, or for ever, in an engine without bounds, and would then
meet the time limit of the test.
"""

from __future__ import annotations

import json

import pytest

from fakes.config_samples import sample_files
from fakes.hostile_formulas import HOSTILE, LARGE, Hostile
from mergecells.apps.cli import main
from mergecells.authoring.check import check_files

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_check_hostile_formula_has_a_finding_with_its_place(case: Hostile) -> None:
    """In the file, the line and the character, with a hint or a reason."""
    rules = sample_files()["scoring/rules.yaml"].replace(b'"=MIN(1,years/10)"', json.dumps(case.text).encode())
    found = [f for f in check_files({**sample_files(), "scoring/rules.yaml": rules}).findings if f.severity == "error"]
    told = [f for f in found if case.word.lower() in f"{f.message} {f.hint}".lower() and f.file == "scoring/rules.yaml"]
    assert told, found
    assert f"character {case.place}" in f"{told[0].message} {told[0].hint}", told[0]
    assert told[0].line == 9


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE.keys())
def test_formula_eval_hostile_formula_says_why(case: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, nothing on stdout, no traceback."""
    status = main.run(["formula", "eval", "--set", "years=1", "--", case.text])
    printed = capsys.readouterr()
    assert (status, printed.out) == (1, "")
    assert case.word.lower() in printed.err.lower()
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE.keys())
def test_check_formula_that_asks_for_too_much_is_an_error_value(text: str) -> None:
    """Found by computing the sample lead within the limits: the finding shows which error production would get."""
    rules = sample_files()["scoring/rules.yaml"].replace(b'"=MIN(1,years/10)"', json.dumps(text).encode())
    found = check_files({**sample_files(), "scoring/rules.yaml": rules}).findings
    told = [finding.message for finding in found if finding.code == "formula.error-value"]
    assert told, found
    assert "#NUM!" in told[0] or "#VALUE!" in told[0]


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE.keys())
def test_formula_eval_that_asks_for_too_much_shows_the_error_value(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a cell would."""
    assert main.run(["formula", "eval", "--engine", "all", text]) == 0
    assert capsys.readouterr().out.strip() in ("#NUM!", "#VALUE!")
