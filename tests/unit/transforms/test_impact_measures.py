"""What an Impact measures beside moves: intervals, drive, verticals, segments, odd inputs."""

from __future__ import annotations

import datetime
import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.impact import Impact
from mergecells.domain.scoring import RuleSet
from mergecells.transforms.impact import ImpactLead, RevisionRules, measure_impact, prepare_side
from mergecells.transforms.impact_factors import EvaluatedSide, factor_shifts
from mergecells.transforms.impact_intervals import compare_aucs, midranks, wilson
from mergecells.transforms.impact_render_markdown import render_impact_markdown
from mergecells.transforms.impact_render_text import render_impact_text
from mergecells.transforms.impact_stats import area_under_curve

DAY = datetime.date(2026, 1, 1)


def side(
    weight: float = 0.5,
    formula: str | None = None,
    tiers: dict[str, float] | None = None,
    verticals: dict[str, Any] | None = None,
    fields: bool = True,
) -> RevisionRules:
    """`company` adds `size` and `trust` up; `fit` may have a formula over `near` and `keen`."""
    fit = {"weight": 0.5, "factors": {"near": {"weight": 0.5}, "keen": {"weight": 0.5}}}
    rules = {
        "version": "1",
        "tiers": {name: {"min": low} for name, low in (tiers or {"A": 60.0, "B": 0.0}).items()},
        "components": {
            "company": {"weight": 0.5, "factors": {"size": {"weight": weight}, "trust": {"weight": 1 - weight}}},
            "fit": {**fit, **({"formula": formula} if formula else {})},
        },
    }
    names = ("size", "trust", "near", "keen")
    described = {"fields": {name: {"type": "number"} for name in names}} if fields else None
    rule_set = {"rules": rules, "fields": described, "verticals": verticals or {}}
    return prepare_side(RuleSet.model_validate(rule_set), f"w{weight}")


def lead(line: int = 2, **options: Any) -> ImpactLead:
    values = {"size": 1.0, "trust": 0.0, "near": 1.0, "keen": 0.5}
    return ImpactLead(line, {**values, **options.pop("lead", {})}, **options)


# Intervals


def test_wilson_is_that_of_the_textbook() -> None:
    """Agresti and Coull (1998): of 10 leads none gives 0 to 0.2775; none at all says nothing."""
    assert wilson(0.0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=5e-5)
    assert wilson(0.0, 0) == (0.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_compared_aucs_are_those_of_all_pairs(rows: list[tuple[int, int, bool]]) -> None:
    """Mid-ranks give what counting every pair gives, and the difference is that of the two."""
    before, after, outcomes = [
        [float(row[0]) for row in rows],
        [float(row[1]) for row in rows],
        [row[2] for row in rows],
    ]
    expected = area_under_curve(zip(before, outcomes, strict=True))
    compared = compare_aucs(before, after, outcomes)
    if expected is None:
        assert compared is None
        return
    assert compared is not None
    assert compared[0].value == pytest.approx(expected)
    assert compared[2].value == pytest.approx(compared[1].value - compared[0].value)
    assert compared[2].low <= compared[2].value <= compared[2].high


def test_delong_variance_is_that_of_its_definition() -> None:
    """S10 and S01 by their sums over pairs, as DeLong and others (1988) write them."""
    chance = random.Random(7)
    outcomes = [chance.random() < 0.4 for _ in range(60)]
    before = [chance.random() + 0.3 * good for good in outcomes]
    after = [old + 0.2 * chance.random() for old in before]
    good, bad = ([i for i, out in enumerate(outcomes) if out is wanted] for wanted in (True, False))

    def psi(scores: list[float], i: int, j: int) -> float:
        return 1.0 if scores[i] > scores[j] else 0.5 if scores[i] == scores[j] else 0.0

    def covariance(first: list[float], second: list[float]) -> float:
        total = 0.0
        for group, other, turned in ((good, bad, False), (bad, good, True)):
            rows = []
            for scores in (first, second):
                pairs = [[psi(scores, j, i) if turned else psi(scores, i, j) for j in other] for i in group]
                rows.append([sum(row) / len(other) for row in pairs])
            means = [sum(row) / len(row) for row in rows]
            products = sum((a - means[0]) * (b - means[1]) for a, b in zip(*rows, strict=True))
            total += products / (len(group) - 1) / len(group)
        return total

    spread = covariance(before, before) + covariance(after, after) - 2 * covariance(before, after)
    compared = compare_aucs(before, after, outcomes)
    assert compared is not None
    assert compared[2].high - compared[2].value == pytest.approx(1.959964 * spread**0.5, rel=1e-5)


def test_midranks_share_ties() -> None:
    """Two on the second place have rank 2.5 each."""
    assert midranks([5, 1, 5, 9]) == [2.5, 1, 2.5, 4]


# What moved a lead


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (side(), side(formula="=near*keen")),
        (side(formula="=MIN(near,keen)"), side(formula="=MAX(near,keen)")),
        (side(formula="=near*keen"), side(0.9, formula="=near*keen")),
        (side(formula="=1/0"), side()),
    ],
)
def test_shifts_sum_to_the_move(old: RevisionRules, new: RevisionRules) -> None:
    """Whatever formulas a component has on either side, the parts are the whole."""
    for values in itertools.product((0.0, 0.3, 1.0), repeat=4):
        one = dict(zip(("size", "trust", "near", "keen"), values, strict=True))
        sides = [EvaluatedSide(each.rules.rules, each.scorer.evaluate(one, DAY)) for each in (old, new)]
        shifts = factor_shifts(*sides)
        move = sides[1].evaluation.score.value - sides[0].evaluation.score.value
        assert sum(shift.change for shift in shifts) == pytest.approx(move, abs=1e-5)


def test_shift_of_a_factor_inside_a_formula_is_named() -> None:
    """A factor's own formula changes; the component's formula multiplies. The whole move is that factor's."""

    def made(near: str) -> RevisionRules:
        rules = side(formula="=near*keen").rules
        fit = rules.rules.components["fit"]
        near_factor = fit.factors["near"].model_copy(update={"formula": near})
        changed = fit.model_copy(update={"factors": {**fit.factors, "near": near_factor}})
        components = {**rules.rules.components, "fit": changed}
        return prepare_side(
            rules.model_copy(update={"rules": rules.rules.model_copy(update={"components": components})}), "x"
        )

    impact = measure_impact(made("=0.2"), made("=0.8"), [lead()], DAY)
    (shift,) = impact.movers[0].factors
    assert (shift.factor, shift.before) == ("fit.near", None)
    assert shift.change == pytest.approx(50 * 0.6 * 0.5)


def test_drive_tells_the_components_and_factors_that_moved_scores() -> None:
    """By hand: size 25 → 40 points for one lead, 0 for the other; trust 0 and 25 → 10."""
    leads = [lead(), lead(3, lead={"size": 0.0, "trust": 1.0})]
    drive = measure_impact(side(0.5), side(0.8), leads, DAY).drive
    assert drive is not None
    (company,) = drive.components
    assert (company.name, company.leads) == ("company", 2)
    assert company.mean_absolute == pytest.approx(15)
    assert company.mean == pytest.approx(0)
    assert {one.name: (round(one.mean, 6), one.leads) for one in drive.factors} == {
        "company.size": (7.5, 1),
        "company.trust": (-7.5, 1),
    }


def test_drive_by_factor_looks_at_a_sample_spread_over_the_file() -> None:
    """5,000 moved leads: at least 500 are looked at, and their sums stand for all."""
    impact = measure_impact(side(0.5), side(0.8), (lead(line) for line in range(2, 5002)), DAY)
    assert impact.drive is not None
    assert 500 <= impact.drive.sampled < 1000
    (size,) = impact.drive.factors
    assert (size.leads, round(size.mean, 6)) == (5000, 15)


# Tiers, verticals, segments


def test_tiers_that_were_renamed_added_and_removed_stand_in_one_order() -> None:
    """The matrix covers both sides' tiers by their minimum, each lead once."""
    old, new = side(tiers={"Hot": 70, "Warm": 30, "Cold": 0}), side(tiers={"A": 80, "Warm": 50, "E": 10, "Cold": 0})
    impact = measure_impact(old, new, [lead(line) for line in range(2, 6)], DAY)
    assert impact.tiers == ("A", "Hot", "Warm", "E", "Cold")
    assert sum(move.leads for move in impact.matrix) == 4
    assert impact.changed_tiers == 0


def test_verticals_of_the_file_are_scored_and_told_apart() -> None:
    """Each lead by the vertical that it names; one that only the head has is compared with the base rules."""
    saas = {"components": {"company": {"factors": {"size": {"weight": 1.0}, "trust": {"weight": 0.0}}}}}
    leads = [lead(2, vertical="SaaS"), lead(3, vertical=""), lead(4, vertical="moon")]
    impact = measure_impact(side(), side(verticals={"saas": saas}), leads, DAY)
    (segments,) = impact.segments
    assert segments.by == "vertical"
    assert {row.value: (row.leads, row.mean_before, row.mean_after) for row in segments.rows} == {
        "saas": (1, 62.5, 87.5),
        "": (1, 62.5, 62.5),
    }
    assert (impact.leads, impact.unreadable) == (2, 1)
    assert "no vertical saas before" in impact.notes[0]
    assert "'moon' on either side: 1" in impact.notes[1]


def test_segments_count_moves_up_and_down_and_who_converted() -> None:
    """The largest first; of very many values the rest is counted together."""
    leads = [lead(2, values=("x",), converted=True), lead(3, values=("x",)), lead(4, lead={"size": 0.0}, values=("y",))]
    impact = measure_impact(
        side(tiers={"A": 62.5, "B": 0}), side(0.8, tiers={"A": 77.6, "B": 0}), leads, DAY, by=["kind"]
    )
    first, second = impact.segments[0].rows
    assert (first.value, first.leads, first.up, first.down, first.known, first.converted) == ("x", 2, 0, 2, 1, 1)
    assert (second.value, second.changed_tiers) == ("y", 0)
    many = [lead(line, values=(f"v{line}",)) for line in range(3_000)]
    segments = measure_impact(side(), side(0.8), many, DAY, by=["kind"]).segments[0]
    assert (len(segments.rows), segments.others) == (12, 2_988)


# Odd inputs


def every_form(impact: Impact) -> str:
    assert Impact.model_validate_json(impact.model_dump_json()) == impact
    return render_impact_text(impact) + render_impact_markdown(impact)


@pytest.mark.parametrize(
    "outcomes", [[], [True], [False], [None], [True, True], [False, False], [None, None], [True, False]]
)
def test_few_and_one_sided_outcomes_are_said_and_divide_by_nothing(outcomes: list[bool | None]) -> None:
    """No leads, one lead, all of one outcome, all unknown, and all with one score."""
    leads = [lead(line, converted=converted) for line, converted in enumerate(outcomes, 2)]
    impact = measure_impact(side(), side(0.8), leads, DAY, outcome="won")
    text = every_form(impact)
    assert "nan" not in text.lower()
    assert impact.outcome is not None
    if outcomes == [True, False]:
        assert "the same: no lead changes its place" in text
    elif impact.outcome.known:
        assert "it takes leads that converted and leads that did not" in text


def test_rules_without_fields_take_the_leads_as_they_are() -> None:
    """Names in any case, and leads that lack some."""
    leads = [ImpactLead(1, {"SIZE": 1.0}), ImpactLead(2, {"trust": 1.0}), ImpactLead(3, {})]
    impact = measure_impact(side(fields=False), side(0.8, fields=False), leads, DAY)
    assert (impact.leads, impact.changed_scores) == (3, 2)
    assert impact.mean_before == pytest.approx(50 / 3)


def test_many_leads_are_scored_as_one_by_one() -> None:
    """Over the border of a chunk, in any order of verticals, the mean is that of single scores."""
    base, head = side(formula="=near*keen"), side(0.8)
    leads = [lead(line, lead={"size": line % 7 / 7, "keen": line % 3 / 2}) for line in range(5_000)]
    impact = measure_impact(base, head, iter(leads), DAY)
    assert impact.mean_after == pytest.approx(sum(head.scorer.score(one.lead, DAY).value for one in leads) / 5_000)
