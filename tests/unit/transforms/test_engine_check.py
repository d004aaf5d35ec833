"""Independent engines: asked in one limited child process, compared only where their answer counts."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest

from mergecells.adapters.engine_process import EngineProcesses
from mergecells.authoring.check import CheckReport, check_files
from mergecells.formula import Array, Value, evaluate, parse
from mergecells.transforms.engine_check import ask
from mergecells.transforms.engine_defects import explain
from mergecells.transforms.formula_engines import (
    ENGINES,
    NO_ANSWER,
    Answer,
    Calculation,
    EngineName,
    EngineRun,
    same_result,
)
from mergecells.transforms.formula_results import Result, Scenario
from mergecells.transforms.formula_rewrite import rewrite_formula
from mergecells.transforms.formula_sites import Site

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
    calculation = ask("xlcalculator", result_of(text))
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
    run = EngineProcesses()({"xlcalculator": [asked(text) for text in AGREED]})["xlcalculator"]
    assert run.failure == ""
    values = [answer.unable or answer.value for answer in run.answers]
    wanted = [result_of(text).value for text in AGREED]
    assert [text for text, one, two in zip(AGREED, values, wanted, strict=True) if not same_result(one, two)] == []


# Where xlcalculator is wrong or has nothing, so that it is not asked.
NOT_ASKED = [
    ("=YEAR(DATE(2024,1,1))", "DATE"),
    ("=MEDIAN(steps)", "MEDIAN"),
    ("=SORT(steps)", "SORT"),
]


@pytest.mark.parametrize(("text", "reason"), NOT_ASKED)
def test_ask_what_the_engine_cannot_compute_is_not_asked(text: str, reason: str) -> None:
    """The reason is counted in the report: nothing is skipped in silence."""
    refused = ask("xlcalculator", result_of(text))
    assert isinstance(refused, str)
    assert reason in refused


def test_ask_today_is_the_evaluation_date_in_a_cell() -> None:
    """No engine reads its clock: the date is one more input."""
    calculation = asked("=TODAY()-years")
    assert calculation.formula == "=A1-B1"
    assert calculation.cells == (("A1", 45351), ("B1", 12))


def test_ask_table_keeps_its_rows_and_columns() -> None:
    """A lookup table is a block of cells; blank cells are left out."""
    table = Array([["a", 1.0], ["b", None]])
    calculation = rewrite_formula(parse("=VLOOKUP(x,t,2,FALSE)"), {"x": "a", "t": table}, 0.0)
    assert calculation
    assert calculation.formula == "=VLOOKUP(A1,B1:C2,2,FALSE)"
    assert dict(calculation.cells) == {"A1": "a", "B1": "a", "C1": 1, "B2": "b"}


def test_ask_wrapped_formula_of_google_sheets_asks_the_inner_one() -> None:
    """The cached value plays no part."""
    text = '=IFERROR(__xludf.DUMMYFUNCTION("years*2"),99)'
    calculation = rewrite_formula(parse(text), {"years": 4.0}, 0.0)
    assert calculation
    assert calculation.formula == "=A1*2"


WEAK = [
    ('=IF(AND(TRUE,ISNUMBER(FIND("@",source))),1,0)', "error values"),
    ('=COUNTIF(channels,"G*")', "wildcards"),
    ("=SUM(years,active)", "truth values"),
    ("=years&source", "joins"),
    ('=IF(years="12",1,0)', "different kinds"),
    ("=IF(0.1+0.2=share,1,0)", "17 digits"),
]


@pytest.mark.parametrize(("text", "reason"), WEAK)
def test_explain_known_defect_excuses_a_difference_with_a_reason(text: str, reason: str) -> None:
    """A difference in what the engine is known to get wrong is no finding, and is counted under its words."""
    defect = explain("xlcalculator", result_of(text))
    assert defect is not None
    assert reason in defect.what


@pytest.mark.parametrize("engine", ENGINES)
def test_explain_plain_formula_is_not_excused(engine: EngineName) -> None:
    """A difference in a formula of sound parts is a mismatch."""
    assert explain(engine, result_of("=IF(years>=10,1,years/10)")) is None


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


class Fake:
    """Engines that answer as a function says; counts how often they are asked."""

    def __init__(self, answer: Callable[[Calculation], Answer], failure: str = "") -> None:
        self.answer, self.failure = answer, failure

    def prepare(self, engines: Collection[EngineName]) -> None:
        pass

    def __call__(self, batches: Mapping[EngineName, Sequence[Calculation]]) -> Mapping[EngineName, EngineRun]:
        runs = {engine: [self.answer(each) for each in batch] for engine, batch in batches.items()}
        return {engine: EngineRun(answers, self.failure) for engine, answers in runs.items()}


ONLY_XLCALCULATOR = {"mergecells.yaml": b"version: 1\nchecks: {ironcalc: false, formualizer: false}\n"}


def test_check_engine_that_disagrees_is_one_finding_with_the_smallest_lead() -> None:
    """The finding shows all engines' values for the smallest lead on which they differ, at the formula's place."""

    def wrong_above_ten(asked: Calculation) -> Answer:
        [(_, years)] = asked.cells or [("", 0)]
        if not isinstance(years, int | float) or isinstance(years, bool):
            return Answer(unable="not here")
        return Answer(0.75 if years > 10 else min(1.0, years / 20))

    report = check_files({**CONFIG, **ONLY_XLCALCULATOR}, recompute=Fake(wrong_above_ten))
    [finding] = [each for each in report.findings if each.code == "formula.engine-mismatch"]
    assert finding.severity == "error"
    assert (finding.file, finding.line, finding.cell) == ("scoring/rules.yaml", 7, "Factors!D2")
    assert "0.6 here, 0.75 in xlcalculator" in finding.message
    assert "(where years = 12)" in finding.message
    assert report.engines["xlcalculator"].mismatches >= 1


def test_check_counts_what_each_engine_computed() -> None:
    """The report says how many results each engine computed and why the rest was not compared."""
    report = check_files(CONFIG, recompute=EngineProcesses())
    assert engine_findings(report) == []
    assert report.tried.generated > 5
    total = report.engines["reference"].computed
    assert total == report.engines["compiled"].compared > 10
    for engine in ENGINES:
        count = report.engines[engine]
        assert count.compared + sum(count.not_compared.values()) == count.asked == total
        assert count.mismatches == 0
    assert report.engines["ironcalc"].compared == report.engines["formualizer"].compared == total
    assert report.engines["xlcalculator"].not_compared == {
        "it cannot compute MEDIAN": 1,
        "known defect: it loses error values on the way": 1,
    }


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (EngineProcesses(wall_seconds=0.02), "more than 0.02 s"),
        (EngineProcesses(memory_bytes=60 * 1024 * 1024), "did not finish"),
        (EngineProcesses(cpu_seconds=0), "did not finish"),
    ],
)
def test_check_engines_at_their_limits_are_warnings_and_no_silent_pass(process: EngineProcesses, words: str) -> None:
    """Out of time or memory: a warning for each engine that says so; the counts show that nothing was compared."""
    report = check_files({**CONFIG, **ONLY_XLCALCULATOR}, recompute=process)
    assert engine_findings(report) == [("formula.engine-unavailable", "warning")]
    assert words in next(each.message for each in report.findings)
    assert report.engines["xlcalculator"].compared == 0


def test_check_engine_that_dies_half_way_keeps_its_answers() -> None:
    """Answers that came before the end are compared, the rest is counted and told."""

    def dying(asked: Calculation) -> Answer:
        return Answer(0.6) if asked.cells == (("A1", 12),) else Answer(unable=NO_ANSWER)

    report = check_files({**CONFIG, **ONLY_XLCALCULATOR}, recompute=Fake(dying, "it was stopped by signal 9"))
    assert engine_findings(report) == [("formula.engine-unavailable", "warning")]
    count = report.engines["xlcalculator"]
    assert count.compared == 2  # the sample lead, and the same lead made for the formula
    assert count.not_compared[NO_ANSWER] == count.asked - 3


def test_check_switched_off_in_the_manifest_is_counted_as_such() -> None:
    """Without the engine nothing is compared with it, and the report says that it was a choice."""
    report = check_files({**CONFIG, **ONLY_XLCALCULATOR}, recompute=Fake(lambda _: Answer(unable="no")))
    assert set(report.engines["ironcalc"].not_compared) == {"switched off"}
    assert set(check_files(CONFIG).engines["xlcalculator"].not_compared) == {"switched off"}


def test_engine_that_dies_on_one_calculation_is_started_again_behind_it() -> None:
    """The others are still computed; the one is missing, and the failure is told."""
    bad = Calculation("=A1", (("A1", "x" * 10), ("NOT AN ADDRESS", 1.0)))
    good = Calculation("=A1*2", (("A1", 2.0),))
    run = EngineProcesses()({"ironcalc": [good, bad, good]})["ironcalc"]
    assert [answer.value for answer in run.answers][::2] == [4.0, 4.0]
    assert run.answers[1].unable


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
