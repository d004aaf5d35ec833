"""Impact: two rule sets score the same leads."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.domain.errors import UsageError
from mergecells.domain.impact import Impact
from mergecells.domain.scoring import RuleSet
from mergecells.transforms.impact import ImpactLead, RevisionRules, measure_impact, parse_outcome, prepare_side
from mergecells.transforms.impact_charts_svg import impact_charts
from mergecells.transforms.impact_render_markdown import render_impact_markdown
from mergecells.transforms.impact_render_text import render_impact_text
from mergecells.transforms.impact_stats import area_under_curve, calibration, lift_by_decile

DAY = datetime.date(2026, 1, 1)
shares = st.floats(0, 1).map(lambda number: round(number, 3))
leads_given = st.lists(st.tuples(shares, shares, st.sampled_from([True, False, None])), max_size=30)


def side(size: float, lowest_a: float = 60, formula: str | None = None) -> RevisionRules:
    """Two factors, `size` and `trust`, in one component; tiers A and B."""
    factors = {
        "size": {"weight": size, **({"formula": formula} if formula else {})},
        "trust": {"weight": 1 - size},
    }
    rules = {
        "version": "1",
        "tiers": {"B": {"min": 0.0}, "A": {"min": lowest_a}},
        "components": {"company": {"weight": 1.0, "factors": factors}},
    }
    fields = {"fields": {"size": {"type": "number"}, "trust": {"type": "number"}}}
    return prepare_side(RuleSet.model_validate({"rules": rules, "fields": fields}), f"size-{size}")


def numbered(rows: Sequence[tuple[float, float, bool | None]]) -> list[ImpactLead]:
    return [ImpactLead(line, {"size": row[0], "trust": row[1]}, row[2]) for line, row in enumerate(rows, 2)]


def moves(impact: Impact) -> dict[tuple[str, str], int]:
    return {(move.before, move.after): move.leads for move in impact.matrix}


def test_impact_of_a_weight_counts_moves_and_names_the_factors() -> None:
    """By hand: 100·(0.5·1 + 0.5·0) = 50 → 80; the second lead 100·(0.5·0.2 + 0.5·0.2) stays at 20."""
    impact = measure_impact(side(0.5), side(0.8), numbered([(1, 0, True), (0.2, 0.2, False)]), DAY)
    assert (impact.leads, impact.changed_scores, impact.changed_tiers) == (2, 1, 1)
    assert impact.tiers == ("A", "B")
    assert moves(impact) == {("A", "A"): 0, ("A", "B"): 0, ("B", "A"): 1, ("B", "B"): 1}
    (mover,) = impact.movers
    assert (mover.line, mover.score_before, mover.score_after) == (2, 50, 80)
    assert [(shift.factor, shift.before, shift.after) for shift in mover.factors] == [("company.size", 50, 80)]


def test_impact_of_another_formula_moves_by_that_factor_alone() -> None:
    """A formula counts as much as a weight; only the moved factor is named."""
    impact = measure_impact(side(0.5), side(0.5, formula="=size/2"), numbered([(1, 1, None)]), DAY)
    assert [(s.factor, s.before, s.after) for s in impact.movers[0].factors] == [("company.size", 50, 25)]


@settings(max_examples=60, deadline=None)
@given(leads_given, st.sampled_from([0.2, 0.5, 0.9]))
def test_impact_of_equal_rules_is_nothing(rows: list[tuple[float, float, bool | None]], size: float) -> None:
    """Equal rules move nobody, and the outcome's figures are equal."""
    impact = measure_impact(side(size), side(size), numbered(rows), DAY, outcome="won")
    assert (impact.changed_scores, impact.changed_tiers, impact.movers) == (0, 0, ())
    assert impact.outcome is not None
    assert impact.outcome.before == impact.outcome.after


@settings(max_examples=60, deadline=None)
@given(leads_given)
def test_impact_sums_are_the_leads_and_turn_around_with_the_sides(rows: list[tuple[float, float, bool | None]]) -> None:
    """Matrix, histogram and tiers each count every lead once; swapped sides transpose all of it."""
    there = measure_impact(side(0.3), side(0.8, 50), numbered(rows), DAY, outcome="won")
    back = measure_impact(side(0.8, 50), side(0.3), numbered(rows), DAY, outcome="won")
    assert sum(moves(there).values()) == sum(b.before for b in there.histogram) == len(rows)
    assert sum(b.after for b in there.histogram) == len(rows)
    assert moves(there) == {(new, old): leads for (old, new), leads in moves(back).items()}
    assert there.outcome is not None
    assert back.outcome is not None
    assert (there.outcome.before, there.outcome.after) == (back.outcome.after, back.outcome.before)
    assert sum(tier.leads for tier in there.outcome.before.tiers) == there.outcome.known


def test_auc_by_hand() -> None:
    """Scores 1, 2, 2, 3 with yes at 2 and 3: pairs won 1 + ½ + 1 + 1 of 4 = 0.875."""
    assert area_under_curve([(1, False), (2, True), (2, False), (3, True)]) == 0.875
    assert area_under_curve([(1, True)]) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8).map(float), st.booleans()), max_size=25))
def test_auc_is_the_share_of_pairs_that_stand_right(scored: list[tuple[float, bool]]) -> None:
    """Against every pair of a converted and a lost lead, counted one by one."""
    good, bad = ([s for s, won in scored if won is wanted] for wanted in (True, False))
    pairs = [1.0 if g > b else 0.5 if g == b else 0.0 for g, b in product(good, bad)]
    auc = area_under_curve(scored)
    assert auc == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_lift_of_twenty_leads_by_hand() -> None:
    """The best two of twenty converted: the first decile converts ten times as often as the mean, the others never."""
    deciles = lift_by_decile([(float(number), number >= 18) for number in range(20)])
    assert [one.lift for one in deciles] == [10.0, *[0.0] * 9]
    assert [one.leads for one in deciles] == [2] * 10


def test_lift_of_tied_scores_is_one_whatever_the_order() -> None:
    """With one score for all there is no order: every decile converts as the mean."""
    tied = [(5.0, number < 3) for number in range(10)]
    assert [one.lift for one in lift_by_decile(tied)] == pytest.approx([1.0] * 10)


def test_calibration_bins_compare_score_and_conversion() -> None:
    """100 belongs to the last bin; bins without leads are left out."""
    low, high = calibration([(10.0, False), (12.0, True), (100.0, True)])
    assert (low.low, low.leads, low.conversion) == (10, 2, 0.5)
    assert low.mean_score == pytest.approx(0.11)
    assert (high.low, high.conversion) == (90, 1)


@pytest.mark.parametrize(
    ("cell", "known"),
    [("1", True), (" YES ", True), (True, True), (1.0, True), ("false", False), (0, False), ("", None), (None, None)],
)
def test_outcome_cell_is_read(cell: object, known: bool | None) -> None:
    """The usual spellings, in any case; blank is not known."""
    assert parse_outcome(cell, 2) is known


@pytest.mark.parametrize("cell", ["maybe", "2", 0.5, "1.0.0", ["1"]])
def test_outcome_cell_that_is_neither_yes_nor_no_is_refused_with_its_line(cell: object) -> None:
    """Never guessed at: a lead counted wrongly would be worse than none."""
    with pytest.raises(UsageError, match="Line 7: "):
        parse_outcome(cell, 7)


def test_renderings_of_hostile_names_stay_inert_and_the_same() -> None:
    """A tier's name cannot end the table, close the picture's text or start markup; equal impacts give equal bytes."""
    tier = "A|<script>"
    impact = measure_impact(side(0.5), side(0.8), numbered([(1, 0, True)]), DAY, outcome="won")
    hostile = impact.model_copy(
        update={
            "tiers": (tier, "B"),
            "matrix": tuple(
                move.model_copy(
                    update={
                        "before": move.before.replace("A", tier),
                        "after": move.after.replace("A", tier),
                    }
                )
                for move in impact.matrix
            ),
        }
    )
    assert "`A\\|<script>`" in render_impact_markdown(hostile)
    charts = impact_charts(hostile)
    assert "<script>" not in charts["tiers.svg"]
    assert charts == impact_charts(hostile)
    assert set(charts) == {"tiers.svg", "scores.svg", "lift.svg", "calibration.svg"}


def test_text_of_no_leads_says_so() -> None:
    """An empty file is no division by zero, in no rendering."""
    impact = measure_impact(side(0.5), side(0.8), [], DAY, outcome="won")
    assert "No leads." in render_impact_text(impact)
    assert "No leads." in render_impact_markdown(impact)
    assert impact_charts(impact)
