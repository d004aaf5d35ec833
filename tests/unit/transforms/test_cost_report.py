"""The report of costs: sums that hold, unknown that stays unknown, and a page for every terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.history import TurnFacts
from mergecells.domain.reports import CostReport, Grouping, Period
from mergecells.transforms.call_tally import DAY, day_names, last_days
from mergecells.transforms.cost_chart_svg import cost_chart
from mergecells.transforms.cost_page import cost_csv, cost_json, cost_page
from mergecells.transforms.cost_report import report_costs
from mergecells.transforms.report_page import columns_of, render_csv, render_page_markdown, render_page_text

NOON = 1_790_000_000.0 // DAY * DAY + DAY / 2
FACTS = TurnFacts(
    call_id="x", at=NOON, seconds=1.0, revision="a" * 40, prompt_slug="hook", prompt_sha="s", persona="ada", run_id="r",
    node="draft", workflow="outreach/draft", intent="hook", provider="openai", model="gpt-4.1-mini", outcome="ok",
    input_tokens=100, output_tokens=10, cached_input_tokens=0, cost=1_000_000, cached=False, fallback=False,
    truncated=False, saved=None, tries=1, safety_flags="",
)  # fmt: skip


def call(**changed: Any) -> TurnFacts:
    return FACTS._replace(**changed)


def report(*turns: TurnFacts, days: int = 3, by: Grouping = "prompt") -> CostReport:
    return report_costs(turns, last_days(NOON + 60, days), by)


def test_costs_unknown_price_is_counted_and_in_no_sum() -> None:
    """Two calls of a cent and one without a price are two cents and one unknown, and a cent a call."""
    made = report(call(cost=10_000_000), call(cost=10_000_000), call(cost=None))
    assert (made.total.cost, made.total.unknown_costs, made.total.cost_per_call) == (20_000_000, 1, 10_000_000)
    assert "$0.0200 + 1 unknown" in render_page_text(cost_page(made))
    only = report(call(cost=None))
    assert only.total.cost_per_call is None
    assert "unknown (1)" in render_page_text(cost_page(only))


def test_costs_cached_answers_say_what_they_saved() -> None:
    """Dollars where the price was known, tokens always; an answer from the cache is no measure of latency."""
    made = report(
        call(cached=True, cost=0, saved=5_000_000, seconds=0.001),
        call(cached=True, cost=0, saved=None, seconds=0.001),
        call(seconds=2.0),
    )
    assert (made.total.saved, made.total.unknown_saved, made.total.saved_tokens) == (5_000_000, 1, 220)
    assert (made.total.p50, made.total.cache_hit_rate) == (2.0, pytest.approx(2 / 3))


def test_costs_trend_compares_with_the_same_span_before() -> None:
    """Three days against the three before them, to the same hour; older calls are in neither."""
    made = report(
        call(at=NOON), call(at=NOON - 3 * DAY, cost=500_000), call(at=NOON - 3 * DAY + 90), call(at=NOON - 9 * DAY)
    )
    assert (made.total.calls, made.before.calls, made.before.cost) == (1, 1, 500_000)
    assert "+100%" in render_page_text(cost_page(made))


def test_costs_groups_that_are_gone_are_shown_as_gone() -> None:
    """What cost something before and nothing now is a change too."""
    made = report(call(at=NOON - 3 * DAY, prompt_slug="old"), call())
    assert [row.key for row in made.rows] == ["hook", "old"]
    assert "gone" in render_page_text(cost_page(made))


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("subsystem", "outreach"),
        ("persona", "ada"),
        ("model", "gpt-4.1-mini"),
        ("prompt", "hook"),
        ("revision", "a" * 40),
        ("workflow", "outreach/draft"),
        ("node", "draft"),
        ("intent", "hook"),
    ],
)
def test_costs_every_grouping_has_its_key(by: Grouping, key: str) -> None:
    """One call, grouped by each of them."""
    assert [row.key for row in report(call(), by=by).rows] == [key]


def test_costs_subsystem_without_a_workflow_is_the_kind_of_call() -> None:
    """A prompt called on its own, and a conversation without a prompt."""
    made = report(call(workflow=""), call(workflow="", prompt_slug="", cost=1), by="subsystem")
    assert [row.key for row in made.rows] == ["prompts", "threads"]


costs = st.lists(
    st.tuples(
        st.sampled_from(["hook", "critic", "email"]),
        st.one_of(st.none(), st.integers(0, 10**12)),
        st.floats(NOON - 6 * DAY, NOON + 59),
        st.booleans(),
    ),
    max_size=60,
)


@given(costs)
def test_costs_rows_and_days_add_up_to_the_total(made_up: list[tuple[str, int | None, float, bool]]) -> None:
    """No nano-dollar and no call is lost or counted twice, by group, by day and by revision."""
    turns = [call(prompt_slug=slug, cost=cost, at=at, cached=cached) for slug, cost, at, cached in made_up]
    made = report(*turns)
    within = [turn for turn in turns if made.period.since <= turn.at < made.period.until]
    assert made.total.calls == len(within) == sum(row.figures.calls for row in made.rows)
    expected = sum(turn.cost or 0 for turn in within)
    assert expected == made.total.cost == sum(row.figures.cost for row in made.rows)
    assert expected == sum(made.daily) == sum(each.cost for each in made.by_revision)
    assert made.total.unknown_costs == sum(turn.cost is None for turn in within)
    assert made.before.cost == sum(row.before.cost for row in made.rows)


def test_costs_no_calls_is_said() -> None:
    """An empty period is no error and no table of zeros."""
    assert "No calls in this period." in render_page_text(cost_page(report()))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_costs_page_fits_the_terminal(width: int) -> None:
    """Columns that matter less go first; the name, the cost and the calls stay."""
    made = report(call(prompt_slug="x" * 60), call(prompt_slug="名前" * 10), call(cost=None))
    lines = render_page_text(cost_page(made), width).splitlines()
    assert max(map(columns_of, lines)) <= width
    assert any("cost" in line and "calls" in line for line in lines)


def test_costs_hostile_names_stay_text_everywhere() -> None:
    """A name with escapes, markup and a formula does nothing on a terminal, in markdown, in CSV and in SVG."""
    name = "=1+1\x1b[31m|</svg>`@all`"
    made = report(call(prompt_slug=name))
    assert "\x1b" not in render_page_text(cost_page(made))
    row = next(line for line in render_page_markdown(cost_page(made)).splitlines() if "1+1" in line)
    assert "\\|" in row
    assert render_csv(*cost_csv(made)).splitlines()[1].startswith("'=1+1") or "\"'=1+1" in render_csv(*cost_csv(made))
    assert "</svg>`" not in cost_chart(replace(made, shifts=()))


def test_costs_json_is_exact_and_says_null_for_nothing() -> None:
    """Programs get nano-dollars beside dollars, and null where nothing is known."""
    document = json.loads(json.dumps(cost_json(report(call(cost=None)))))
    assert (document["total"]["cost_nano_usd"], document["total"]["unknown_cost_calls"]) == (0, 1)
    assert document["total"]["cost_per_call_usd"] is None
    assert document["days"] == list(day_names(report().period))


def test_costs_chart_has_a_bar_for_each_revision_of_each_day() -> None:
    """Two revisions on one day and one on the next are three bars, and the legend names both."""
    made = report(call(), call(revision="b" * 40), call(at=NOON - DAY))
    picture = cost_chart(made)
    assert picture.count("fill-opacity") + picture.count('class="after"/>') >= 3
    assert "a" * 12 in picture
    assert "b" * 12 in picture
    assert "SYNTHETIC" in cost_chart(made, synthetic=True)


def test_period_of_days_ends_now_and_starts_at_midnight() -> None:
    """Seven days are today and the six before it."""
    period = last_days(NOON, 7)
    assert period == Period(NOON - DAY / 2 - 6 * DAY, NOON, 7)
    assert len(day_names(period)) == 7
