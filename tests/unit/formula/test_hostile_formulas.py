"""What a hostile or careless editor may type: a finding with a place and a way out, from `check` and `formula eval`.

Nothing is measured by the clock: each of these took minutes, or for ever, in an engine without bounds, and would then
meet the time limit of the test.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from fakes.config_samples import sample_files
from mergecells.apps.cli import main
from mergecells.authoring.check import check_files

pytestmark = pytest.mark.timeout(60)


class Hostile(NamedTuple):
    """`place`: the character (from 1) that the message names; `word`: something that it must say."""

    text: str
    place: int
    word: str


CASES = {
    "100,000 characters": Hostile("=" + "1+" * 50_000 + "1", 8_193, "named formulas"),
    "10,000 nested parentheses": Hostile("=" + "(" * 4_000 + "1" + ")" * 4_000, 66, "64 deep"),
    "10,000 nested calls": Hostile("=" + "ABS(" * 1_600 + "1" + ")" * 1_600, 261, "64 deep"),
    "signs": Hostile("=" + "-" * 8_000 + "1", 130, "deep"),
    "recursion by name": Hostile("=LET(f,LAMBDA(n,f(n-1)),f(9))", 17, "calls itself"),
    "recursion by argument": Hostile("=LET(g,LAMBDA(f,f(f)),g(g))", 17, "cannot be called"),
    "doubling lambdas": Hostile(
        "=LET(a_,LAMBDA(x,x+1)," + ",".join(f"b{i}_,LAMBDA(x,{p}(x)+{p}(x))" for i in range(20)
        for p in [f"b{i - 1}_" if i else "a_"]) + ",b19_(1))", 315, "10000 steps"),
    "exploding repetition": Hostile('=REGEXTEST("x","(((a{100}){100}){100})")', 17, "instructions"),
    "back-reference": Hostile('=REGEXTEST("x","(a*)*\\1")', 22, "refers back"),
    "look-alike letter": Hostile("=IF(уears>1,1,0)", 5, "cyrillic small letter u"),
    "look-alike sign": Hostile("=years－1", 7, "plain -"),
    "full-width digit": Hostile("=years*１", 8, "plain 1"),
    "full-width equals": Hostile("＝years", 1, "plain ="),
    "smart quotes": Hostile("=IF(years>1,“a”,1)", 13, "straight quotes"),
    "full-width semicolon": Hostile("=IF(years>1；1；0)", 12, "type a comma"),
    "semicolons": Hostile("=IF(years>1;1;0)", 12, "comma"),
    "decimal comma": Hostile("=(years*0,5)", 10, "point"),
    "localised function": Hostile("=WENN(years>1,1,0)", 2, "IF"),
    "leading apostrophe": Hostile("'=years", 1, "apostrophe"),
    "invisible character": Hostile("=years\u200b", 7, "invisible"),
    "right-to-left override": Hostile("=years\u202e+1", 7, "invisible"),
    "NUL": Hostile("=years+\x7f1", 8, "cannot stand"),
    "formula injection": Hostile("=cmd|'/c calc'!A1", 5, "not understood"),
    "range": Hostile("=SUM(A1:B2)", 6, "cell references"),
    "spill range": Hostile("=SUM(years#)", 11, "Spill"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_check_hostile_formula_has_a_finding_with_its_place(case: Hostile) -> None:
    """In the file, the line and the character, with a hint or a reason."""
    rules = sample_files()["scoring/rules.yaml"].replace(b'"=MIN(1,years/10)"', json.dumps(case.text).encode())
    found = [f for f in check_files({**sample_files(), "scoring/rules.yaml": rules}).findings if f.severity == "error"]
    told = [f for f in found if case.word.lower() in f"{f.message} {f.hint}".lower() and f.file == "scoring/rules.yaml"]
    assert told, found
    assert f"character {case.place}" in f"{told[0].message} {told[0].hint}", told[0]
    assert told[0].line == 9


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_formula_eval_hostile_formula_says_why(case: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, nothing on stdout, no traceback."""
    status = main.run(["formula", "eval", "--set", "years=1", "--", case.text])
    printed = capsys.readouterr()
    assert (status, printed.out) == (1, "")
    assert case.word.lower() in printed.err.lower()
    assert "Traceback" not in printed.err


LARGE = {
    "a billion rows": "=SUM(SEQUENCE(1E9))",
    "a billion cells": "=SUM(SEQUENCE(31623,31623))",
    "a billion characters": '=LEN(REPT("a",1E9))',
    "a billion calls": "=SUM(MAKEARRAY(1E5,1E4,LAMBDA(r,c,r*c)))",
    "a grown array": "=ROWS(EXPAND({1},1E6,1E3))",
    "a matrix": "=SUM(MUNIT(1E5))",
    "many rows of many": "=SUM(MAP(SEQUENCE(20000),LAMBDA(a,SUM(SEQUENCE(20000)))))",
    "texts that double": '=LEN(REDUCE("ab",SEQUENCE(99),LAMBDA(a,b,a&a)))',
    "a pattern that explodes": '=REGEXTEST(REPT("a",32000),"^(a+)+$|^(a|aa)+b$|(x+x+)+y")',
    "a template that grows": '=LEN(REGEXREPLACE(REPT("a",9000),"a",REPT("b",30000)))',
    "stacks": "=ROWS(REDUCE(1,SEQUENCE(100),LAMBDA(a,b,VSTACK(a,a))))",
}


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
