"""Independent engines: asked in one limited child process, compared only where their answer counts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mergecells.adapters.xlcalculator_process import XlcalculatorProcess
from mergecells.authoring.check import CheckReport, check_files
from mergecells.formula import FUNCTIONS, Array, Value, evaluate, parse
from mergecells.transforms.engine_check import same_result
from mergecells.transforms.formula_engines import Answer, Calculation, EngineRun
from mergecells.transforms.formula_results import Result, Scenario
from mergecells.transforms.formula_sites import Site
from mergecells.transforms.xlcalculator_support import function_support, known_weakness, rewrite

DAY = datetime.date(2024, 2, 29)
INPUTS: Mapping[str, Value] = {
    "years": 12.0,
    "share": 0.3,
    "source": "Google",
    "note": "a: b! 100%",
    "active": True,
    "nothing": None,
    "channels": Array.column(["Google", "Bing", "x:y"]),
    "steps": Array.column([1.0, 2.5, 10.0]),
}


def result_of(text: str) -> Result:
    formula = parse(text)
    used = {name: value for name, value in INPUTS.items() if name in text.lower()}
    value = evaluate(formula, used, DAY)
    return Result(Site("factor", ("c", "f"), (), text, formula), Scenario(None, {}, DAY), used, value)


def asked(text: str) -> Calculation:
    calculation = rewrite(result_of(text))
    assert isinstance(calculation, Calculation), calculation
    return calculation


# What is asked, and what xlcalculator must agree to: the forms that configs use.
AGREED = [
    "=IF(years>=10,1,years/10)",
    "=MIN(1,MAX(0,years/20))",
    "=-2^2+10%",
    "=(years+1)/(share*3)",
    '=IF(source="google",1,0)',
    '=IF(note="a: b! 100%",1,0)',
    "=IF(AND(active,years>3),1,0)",
    "=COUNTIF(channels,source)>0",
    "=SUM(steps)/MAX(steps)",
    "=ROUND(share*years,1)",
    '=LOWER(source)&"-x"',
    "=IFERROR(years/(years-12),0.5)",
    "=IFERROR((years+1)/2,(0))",
    "=IFS(years>20,1,years>10,(0.5),TRUE,0)",
    '=SWITCH(source,"Bing",1,"Google",0.5,0)',
    '=SWITCH(source,"Bing",1,0.25)',
    "=IFNA(years,0)",
    "=IF(ISBLANK(nothing),1,0)",
]


def test_xlcalculator_agrees_with_the_reference_on_what_configs_use() -> None:
    """Names become cells, texts with signs that break its loader too, newer functions become what they mean."""
    run = XlcalculatorProcess()([asked(text) for text in AGREED])
    assert run.failure == ""
    values = [answer.unable or answer.value for answer in run.answers]
    wanted = [result_of(text).value for text in AGREED]
    assert [text for text, one, two in zip(AGREED, values, wanted, strict=True) if not same_result(one, two)] == []


# Where xlcalculator is silently wrong, so that it is not asked, or its answer does not count.
NOT_ASKED = [
    ("=VLOOKUP(source,channels,2,FALSE)", "ignores the column index"),
    ("=MATCH(3,steps,1)", "exact"),
    ("=TRIM(source)", "repeated blanks"),
    ("=RIGHT(source,0)", "whole text"),
    ('=REPLACE(source,1,1,"x")', "every occurrence"),
    ('=DATEDIF(40000,44000,"M")', "months"),
    ("=YEAR(TODAY())", "clock"),
    ("=YEAR(DATE(2024,1,1))", "date object"),
    ("=MEDIAN(steps)", "does not have it"),
    ("=years%", "percent"),
    ("=SUM({1,2,3})", "inline array"),
    ("=IF(years>3,1,)", "left out"),
    ("=1/0", "error value"),
]


@pytest.mark.parametrize(("text", "reason"), NOT_ASKED)
def test_rewrite_what_the_engine_gets_wrong_is_not_asked(text: str, reason: str) -> None:
    """Each known weakness has a reason, which the report counts: nothing is skipped in silence."""
    refused = rewrite(result_of(text))
    assert isinstance(refused, str)
    assert reason in refused


WEAK = [
    ('=IF(AND(TRUE,ISNUMBER(FIND("@",source))),1,0)', "error value inside"),
    ('=COUNTIF(channels,"G*")', "wildcards"),
    ("=SUM(years,active)", "truth values"),
    ("=years&source", "joined"),
    ('=IF(years="12",1,0)', "different kinds"),
    ('="3"+years', "other than numbers"),
    ("=IF(0.1+0.2=share,1,0)", "rounding"),
    ("=ROUND(2.675,2)", "in the middle"),
    ("=LEN(years)", "other than a text"),
    ("=nothing+1", "blank"),
]


@pytest.mark.parametrize(("text", "reason"), WEAK)
def test_known_weakness_excuses_a_difference_with_a_reason(text: str, reason: str) -> None:
    """A difference in what the engine is known to get wrong is no finding, and is counted under its reason."""
    assert reason in known_weakness(result_of(text))


def test_known_weakness_plain_formula_is_not_excused() -> None:
    """A difference in a formula of sound parts is a mismatch."""
    assert known_weakness(result_of("=IF(years>=10,1,years/10)")) == ""


def test_function_support_knows_every_function() -> None:
    """For each function of the language the table says whether the engine's answer counts."""
    assert {name for name in FUNCTIONS if function_support(name) == ""} >= {"IF", "MIN", "IFERROR", "COUNTIF"}
    assert function_support("xlookup") == "xlcalculator does not have it"


CONFIG = {
    "scoring/rules.yaml": b"""version: "1"
tiers: {A: {min: 0}}
components:
  c:
    weight: 1
    factors:
      one: {weight: 0.5, formula: "=MIN(1,years/20)"}
      two: {weight: 0.5, formula: "=MEDIAN(0.2,0.4)"}
""",
    "scoring/fields.yaml": b"fields:\n  years: {type: number, sample: 12}\n",
}


def engine_findings(report: CheckReport) -> list[tuple[str, str]]:
    return [(each.code, each.severity) for each in report.findings if each.code.startswith("formula.engine")]


def test_check_engine_that_disagrees_is_a_finding_with_the_inputs() -> None:
    """The finding shows both values, the lead and the inputs, at the formula's place."""

    def other(calculations: Sequence[Calculation]) -> EngineRun:
        return EngineRun([Answer(0.75) for _ in calculations])

    report = check_files(CONFIG, recompute=other)
    [finding] = [each for each in report.findings if each.code == "formula.engine-mismatch"]
    assert finding.severity == "error"
    assert (finding.file, finding.line, finding.cell) == ("scoring/rules.yaml", 7, "Factors!D2")
    for words in ("0.6 here", "0.75 in xlcalculator", "years = 12", "sample lead"):
        assert words in finding.message
    assert report.engines["xlcalculator"].mismatches == 1


def test_check_counts_what_each_engine_computed() -> None:
    """The report says how many results each engine computed and why the rest was not compared."""
    engines = check_files(CONFIG, recompute=XlcalculatorProcess()).engines
    assert (engines["reference"].computed, engines["compiled"].compared) == (2, 2)
    other = engines["xlcalculator"]
    assert (other.asked, other.computed, other.compared, other.mismatches) == (2, 1, 1, 0)
    assert other.not_compared == {"MEDIAN: xlcalculator does not have it": 1}


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (XlcalculatorProcess(wall_seconds=0.05), "more than 0.05 s"),
        (XlcalculatorProcess(memory_bytes=60 * 1024 * 1024), "did not finish"),
        (XlcalculatorProcess(cpu_seconds=0), "did not finish"),
    ],
)
def test_check_engine_at_its_limits_is_a_warning_and_no_silent_pass(process: XlcalculatorProcess, words: str) -> None:
    """Out of time or memory: a warning that says so; the count shows that nothing was compared."""
    report = check_files(CONFIG, recompute=process)
    assert engine_findings(report) == [("formula.engine-unavailable", "warning")]
    assert words in next(each.message for each in report.findings)
    assert report.engines["xlcalculator"].compared == 0


def test_check_engine_that_dies_half_way_keeps_its_answers() -> None:
    """Answers that came before the end are compared, the rest is told."""

    def dying(calculations: Sequence[Calculation]) -> EngineRun:
        return EngineRun((Answer(0.6),), "it was stopped by signal 9")

    two = {**CONFIG, "scoring/fields.yaml": b"fields:\n  years: {type: number, sample: 12}\n"}
    two["scoring/rules.yaml"] = CONFIG["scoring/rules.yaml"].replace(b"MEDIAN(0.2,0.4)", b"MAX(0.2,years/100)")
    report = check_files(two, recompute=dying)
    assert engine_findings(report) == [("formula.engine-unavailable", "warning")]
    count = report.engines["xlcalculator"]
    assert (count.compared, count.not_compared) == (1, {"the engine did not finish": 1})


def test_check_switched_off_in_the_manifest_is_counted_as_such() -> None:
    """Without the engine nothing is compared with it, and the report says that it was a choice."""
    files = {**CONFIG, "mergecells.yaml": b"version: 1\nchecks: {xlcalculator: false}\n"}
    engines = check_files(files, recompute=XlcalculatorProcess()).engines
    assert engines["xlcalculator"].not_compared == {"switched off": 2}


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (1.0, 1 + 1e-12, True),
        (1.0, 1.0001, False),
        (True, 1.0, False),
        (None, 0.0, True),
        ("a", "a", True),
        ("a", "A", False),
    ],
)
def test_same_result_is_exact_in_kind_and_tolerant_in_rounding(one: Any, two: Any, same: bool) -> None:
    """TRUE is not 1 and a text keeps its case; rounding noise does not count."""
    assert same_result(one, two) is same
