"""Explanations: the score taken apart, with the places of every part."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergecells.domain.config_tree import ConfigTree
from mergecells.domain.explanation import Explanation
from mergecells.serving.build import build_snapshot
from mergecells.serving.snapshot import Snapshot
from mergecells.transforms.attribution import UNITS, exact_parts, shapley_values
from mergecells.transforms.explain_render_text import render_explanation_text

DAY = datetime.date(2026, 1, 1)
RULES = """\
version: "1"
tiers:
  A: {min: 80, label: "Hot"}
  B: {min: 0}
lists:
  good: [one, two]
formulas:
  half: "=years/2"
components:
  company:
    weight: 0.7
    factors:
      size: {weight: 0.29, formula: "=MIN(1,half/5)"}
      trust:
        weight: 0.71
        formula: '=IF(COUNTIF(GOOD,name)>0,1,0.125)'
  fit:
    weight: 0.3
    formula: "=0.1+0.9*both*early"
    factors:
      both: {weight: 0.5}
      early: {weight: 0.5, formula: "=IF(since<TODAY(),1,0)"}
"""
FIELDS = """\
fields:
  years: {type: number}
  name: {type: text}
  both: {type: boolean}
  since: {type: date}
"""
VERTICAL = """\
components:
  company:
    factors:
      size: {weight: 0.3}
      trust: {weight: 0.7}
"""
FILES = {
    "mergecells.yaml": b"version: 1\n",
    "scoring/rules.yaml": RULES.encode(),
    "scoring/fields.yaml": FIELDS.encode(),
    "scoring/verticals/saas.yaml": VERTICAL.encode(),
}


def snapshot(**files: str) -> Snapshot:
    changed = {f"scoring/{name}.yaml": text.encode() for name, text in files.items()}
    return build_snapshot(ConfigTree("a" * 40, {**FILES, **changed}))


SNAPSHOT = snapshot()
LEAD = {"years": 6, "name": "two", "both": True, "since": "2025-12-31"}


def units(points: float | None) -> int:
    return round((points or 0.0) * UNITS)


def test_explanation_of_a_lead_names_every_part_and_its_place() -> None:
    """By hand: 100 x 0.7 x (0.29 x 0.6 + 0.71 x 1) = 61.88; 100 x 0.3 x (0.1 + 0.9) = 30."""
    told = SNAPSHOT.explain(LEAD, DAY)
    assert (told.score, told.tier.name, told.next_tier) == (91.88, "A", None)
    company, fit = told.components
    size, trust = company.factors
    assert (size.points, size.max_points, size.weight, size.value) == (12.18, pytest.approx(20.3), 0.29, 0.6)
    assert (trust.points, company.points, company.method) == (49.7, 61.88, "weighted")
    assert company.share == pytest.approx(61.88 / 91.88)
    assert size.formula is not None
    assert (str(size.formula.place), str(size.weight_place)) == (
        "scoring/rules.yaml:13:37 (Factors!D2)",
        "scoring/rules.yaml:13:22 (Factors!C2)",
    )
    (half,) = size.formula.inputs
    assert (half.name, half.source, half.value.value) == ("half", "intermediate", 3)
    assert told.intermediates[0].formula.inputs[0].name == "years"
    assert fit.own_points == 3.0
    assert [factor.points for factor in fit.factors] == [13.5, 13.5]
    assert told.revision == "a" * 40


def test_explanation_shows_a_list_by_its_size_and_a_date_as_a_date() -> None:
    """Names are those of the config, however the formula writes them."""
    told = SNAPSHOT.explain(LEAD, DAY)
    inputs = {one.name: one for c in told.components for f in c.factors if f.formula for one in f.formula.inputs}
    assert (inputs["good"].source, inputs["good"].value.value) == ("list", "2 values")
    assert (inputs["since"].value.kind, inputs["since"].value.value) == ("date", "2025-12-31")
    both = told.components[1].factors[0]
    assert both.formula is None
    assert both.field is not None
    assert both.field.value is True


def test_explanation_of_a_vertical_points_to_the_file_that_states_the_part() -> None:
    """A weight that the vertical changes is in its file; the formula stays in the base rules."""
    size = SNAPSHOT.explain(LEAD, DAY, "SaaS").components[0].factors[0]
    assert size.weight_place is not None
    assert (size.weight_place.file, size.weight_place.line) == ("scoring/verticals/saas.yaml", 4)
    assert size.weight_place.vertical == "saas"
    assert (size.weight_place.cell or "").startswith("saas!")
    assert size.formula is not None
    assert size.formula.place is not None
    assert (size.formula.place.file, size.formula.place.vertical) == ("scoring/rules.yaml", None)


def test_explanation_says_what_the_next_tier_lacks() -> None:
    """An empty lead has what the formulas give to blanks."""
    told = SNAPSHOT.explain({}, DAY)
    assert told.next_tier is not None
    assert (told.tier.name, told.next_tier.name, told.next_tier.label) == ("B", "A", "Hot")
    assert units(told.next_tier.points_missing) == 80 * UNITS - units(told.score)


numbers = st.floats(-50, 50, allow_nan=False) | st.none() | st.text(max_size=3)
weights = st.integers(0, 1000).map(lambda number: number / 1000)


@given(weights, weights, numbers, st.booleans(), st.sampled_from(["", "=0.1+0.9*both*early", "=both-early", "=1/both"]))
def test_explanation_sums_exactly_to_the_score(first: float, second: float, years: Any, both: bool, own: str) -> None:
    """Factors and what a formula gives by itself sum to their component, components to the score: no unit is lost."""
    stated = {
        "0.7\n": f"{first}\n",
        "0.3\n": f"{1 - first:.3f}\n",
        "0.29,": f"{second},",
        "0.71\n": f"{1 - second:.3f}\n",
    }
    rules = re.sub(r"(?<=weight: )[\d.]+[,\n]", lambda found: stated.get(found[0], found[0]), RULES)
    rules = rules.replace('    formula: "=0.1+0.9*both*early"\n', f'    formula: "{own}"\n' if own else "")
    made = snapshot(rules=rules, **{"verticals/saas": "description: none\n"})
    lead = {"years": years, "both": both, "since": "2020-01-01"}
    told, score = made.explain(lead, DAY), made.score(lead, DAY)
    assert told.score == score.value
    assert sum(units(component.points) for component in told.components) == units(told.score)
    for component in told.components:
        assert component.points == score.components[component.name]
        parts = [component.own_points, *(factor.points for factor in component.factors)]
        assert sum(map(units, parts)) == units(component.points)


def test_shapley_values_are_those_of_the_definition() -> None:
    """Two of three players are needed for 6: by hand, each order gives the last of them all; a dummy gets nothing."""
    assert shapley_values(("a", "b", "c"), lambda on: 6.0 if {"a", "b"} <= on else 0.0) == pytest.approx(
        {"a": 3.0, "b": 3.0, "c": 0.0}
    )
    assert shapley_values(tuple("abcdefghi"), lambda on: float(len(on))) is None


@given(st.dictionaries(st.text(min_size=1), st.floats(-100, 100), min_size=1, max_size=8))
def test_exact_parts_sum_to_the_whole(parts: dict[str, float]) -> None:
    """Whatever rounding does; each part moves by less than a unit for each of them."""
    whole = round(sum(parts.values()), 9)
    exact = exact_parts(parts, whole)
    assert sum(map(units, exact.values())) == units(whole)
    assert all(abs(exact[name] - parts[name]) < 10 / UNITS for name in parts)


def test_explanation_with_too_many_factors_counts_the_component_as_a_whole() -> None:
    """A formula over nine factors: their points are unknown, the component's are not."""
    factors = "".join(f"      part_{n}: {{weight: {0.12 if n else 0.04}, formula: '=1'}}\n" for n in range(9))
    rules = (
        RULES[: RULES.index("  fit:")]
        + f'  fit:\n    weight: 0.3\n    formula: "=part_0*part_8"\n    factors:\n{factors}'
    )
    fit = snapshot(rules=rules).explain(LEAD, DAY).components[1]
    assert (fit.method, fit.points, fit.own_points) == ("whole", 30.0, 30.0)
    assert {factor.points for factor in fit.factors} == {None}


def test_explanation_survives_what_a_lead_may_hold() -> None:
    """Lone surrogates, controls and errors are shown, and the JSON is JSON."""
    told = SNAPSHOT.explain({"name": "\ud800\x1b[31m", "years": "six", "both": "no"}, DAY)
    assert Explanation.model_validate_json(told.model_dump_json()) == told
    json.dumps(told.model_dump(), allow_nan=False).encode("ascii")
    text = render_explanation_text(told)
    assert "\x1b" not in text
    assert "#VALUE!" in text


def test_explanation_text_reads_from_the_most_points_down() -> None:
    """Bars, formulas with their inputs, cells, and what is missing."""
    text = render_explanation_text(SNAPSHOT.explain({**LEAD, "name": "x"}, DAY), "Line 7")
    assert text.startswith("Line 7: 48.39 points, tier B\n")
    assert "Tier A “Hot” starts at 80: 31.61 points are missing." in text
    assert "Most to gain: company.trust +43.49" in text
    assert text.index("fit  ") < text.index("company  ")
    assert '=IF(COUNTIF(GOOD,name)>0,1,0.125)  → 0.125\n    good = 2 values, name = "x"' in text
    assert "\x1b[1m" in render_explanation_text(SNAPSHOT.explain(LEAD, DAY), colour=True)


def test_explanation_without_files_has_no_places() -> None:
    """A Snapshot that was made of parts still explains."""
    bare = Snapshot("r", "d", SNAPSHOT.config, SNAPSHOT.scorer, "yaml")
    assert bare.explain(LEAD, DAY).components[0].weight_place is None
