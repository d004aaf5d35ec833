"""Reports of quality, of a week and of personas, from facts that are written out here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mergecells.domain.history import QualityFacts
from mergecells.domain.llm import BudgetState
from mergecells.domain.quality import Quality
from mergecells.transforms.call_tally import DAY, last_days
from mergecells.transforms.persona_page import persona_csv, persona_json, persona_page
from mergecells.transforms.persona_report import report_personas
from mergecells.transforms.quality_page import quality_csv, quality_json, quality_page
from mergecells.transforms.quality_report import QUALITY_GROUPS, report_quality
from mergecells.transforms.report_page import columns_of, render_page_markdown, render_page_text
from mergecells.transforms.weekly_page import weekly_csv, weekly_json, weekly_page
from mergecells.transforms.weekly_report import report_week
from unit.transforms.test_cost_report import NOON, call

PERIOD = last_days(NOON + 60, 7)
FACTS = QualityFacts(
    at=NOON, revision="a" * 40, prompt_slug="hook", prompt_sha="s", persona="ada", run_id="r",
    workflow="outreach/draft", model="m", judge="rules", overall=0.8, completeness=0.9, clarity=0.7,
    testability=None, traceability=0.8, validation_passed=True, iterations=1, call_id="x",
)  # fmt: skip
EMPTY = FACTS._replace(overall=None, completeness=None, clarity=None, traceability=None, validation_passed=None)


def facts(**changed: Any) -> QualityFacts:
    return FACTS._replace(**changed)


def test_quality_report_vacuous_results_are_in_no_mean_and_are_counted() -> None:
    """One good and one empty result are 0.8, not 0.9 and not 0.4."""
    made = report_quality([FACTS, EMPTY], PERIOD, "prompt", Quality())
    assert (made.total.records, made.total.vacuous, made.total.overall) == (2, 1, 0.8)
    assert (made.total.gated, made.total.passed) == (1, 1)
    assert "1 results had nothing to judge" in render_page_text(quality_page(made))


def test_quality_report_of_nothing_but_vacuous_results_has_no_score() -> None:
    """A dash, not 1.00 and not 0.00."""
    made = report_quality([EMPTY], PERIOD, "prompt", Quality())
    assert made.total.overall is None
    assert json.loads(json.dumps(quality_json(made)))["total"]["overall"] is None


def test_quality_report_trend_compares_with_the_period_before() -> None:
    """0.8 now, 0.9 a week ago."""
    made = report_quality([facts(), facts(at=NOON - 7 * DAY, overall=0.9)], PERIOD, "prompt", Quality())
    assert "-0.10" in render_page_text(quality_page(made))


def test_quality_report_names_a_revision_after_which_it_fell() -> None:
    """Fifteen results at 0.9, then fifteen at 0.6 of another revision."""
    records = [facts(at=NOON - 200 + n, overall=0.9 + n / 1000) for n in range(15)]
    records += [facts(at=NOON - 100 + n, overall=0.6 + n / 1000, revision="b" * 40) for n in range(15)]
    (shift,) = report_quality(records, PERIOD, "prompt", Quality()).shifts
    assert (shift.revisions, shift.measure) == (("b" * 40,), "quality")


def test_quality_report_does_not_compare_one_judge_with_another() -> None:
    """A person who is stricter than the rules is no fall of quality."""
    records = [facts(at=NOON - 200 + n, overall=0.9 + n / 1000) for n in range(15)]
    records += [facts(at=NOON - 100 + n, overall=0.6, revision="b" * 40, judge="ada") for n in range(15)]
    assert report_quality(records, PERIOD, "prompt", Quality()).shifts == ()


@pytest.mark.parametrize("by", QUALITY_GROUPS)
def test_quality_report_every_grouping_has_all_its_forms(by: Any) -> None:
    """Text, markdown, JSON and CSV from the same value."""
    made = report_quality([FACTS], PERIOD, by, Quality())
    assert "0.80" in render_page_text(quality_page(made))
    assert "0.80" in render_page_markdown(quality_page(made))
    assert quality_csv(made)[1][0][3] == 0.8
    assert quality_json(made)["rows"][0]["overall"] == 0.8


def test_week_has_turns_mix_latency_cost_and_rates() -> None:
    """Three calls of two intents; one from the cache, one by a fallback."""
    turns = [
        call(intent="coding_help", seconds=1.0),
        call(intent="coding_help", seconds=3.0, fallback=True),
        call(intent="social_chat", cached=True, cost=0, saved=500_000, seconds=0.001),
    ]
    made = report_week(turns, [FACTS], PERIOD, Quality())
    assert [(row.key, row.figures.calls) for row in made.intents] == [("coding_help", 2), ("social_chat", 1)]
    assert (made.total.p50, made.total.p95) == (1.0, 3.0)
    document = json.loads(json.dumps(weekly_json(made)))
    assert document["total"]["fallback_rate"] == pytest.approx(1 / 3)
    assert document["revisions"][0]["pull"] is None
    text, markdown = render_page_text(weekly_page(made)), render_page_markdown(weekly_page(made))
    for said in ("coding_help", "67%", "p95 latency", "$0.0005", "100% of 1 passed"):
        assert said in text
        assert said in markdown
    assert weekly_csv(made)[1][0][:3] == ["total", "", 3]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_week_fits_the_terminal(width: int) -> None:
    """Long names are cut, columns that matter less go."""
    made = report_week([call(prompt_slug="p" * 64, intent="i" * 60)], [FACTS], PERIOD, Quality())
    assert max(map(columns_of, render_page_text(weekly_page(made), width).splitlines())) <= width


def test_week_without_calls_says_so() -> None:
    """A quiet week is a result too."""
    assert "No calls" in render_page_text(weekly_page(report_week([], [], PERIOD, Quality())))


def test_persona_stage_lasts_from_the_first_call_of_a_run_to_the_end_of_its_last() -> None:
    """Two calls of one run, ten seconds apart, the second of three seconds: thirteen seconds."""
    turns = [call(at=NOON, seconds=1.0), call(at=NOON + 10, seconds=3.0), call(at=NOON, run_id="other", seconds=2.0)]
    (row,) = report_personas(turns, [FACTS], PERIOD, Quality(), {}).rows
    (stage,) = row.stages
    assert (stage.workflow, stage.runs, stage.duration_p50, stage.duration_p95) == ("outreach/draft", 2, 2.0, 13.0)
    assert (row.runs, row.figures.calls, stage.quality.passed) == (2, 3, 1)


def test_persona_shows_what_is_left_of_its_budget() -> None:
    """From the ledger, beside what the history says it spent."""
    budget = BudgetState("persona:ada", 1.0, 5.0, 4.0)
    made = report_personas([call()], [], PERIOD, Quality(), {"ada": budget})
    text = render_page_text(persona_page(made))
    assert "$1.0000 of $5.0000" in text
    assert "warned" in text
    assert persona_json(made)["rows"][0]["budget"]["remaining_usd"] == 1.0
    assert persona_csv(made)[1][0][-1] == 1.0


def test_persona_of_quality_alone_is_there() -> None:
    """Scores that came without calls in the period are not lost."""
    (row,) = report_personas([], [FACTS], PERIOD, Quality(), {}).rows
    assert (row.persona, row.figures.calls, row.quality.records) == ("ada", 0, 1)
