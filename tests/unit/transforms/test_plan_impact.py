"""What a change does to the sample lead and the golden examples."""

from __future__ import annotations

import pytest

from mergecells.domain.configset import ConfigSet
from mergecells.domain.plan import ExampleImpact
from mergecells.transforms.impact_examples import examples_impact
from mergecells.transforms.yaml_to_config import load_config

RULES = """
version: "1"
tiers:
  A: {min: 60}
  B: {min: 0}
components:
  company:
    weight: 1
    factors:
      known: {weight: %(known)s}
      years: {weight: %(years)s, formula: "=MIN(1,years/10)"}
"""
FIELDS = """
fields:
  known: {type: boolean, sample: true}
  years: {type: number, sample: %s}
"""
EXAMPLES = """
examples:
  old firm: {lead: {known: false, years: 20}, tier: A}
  stranger: {lead: {known: false, years: 0}, tier: B}
"""


def config(known: float, years: float, sample: int = 0, examples: str = EXAMPLES) -> ConfigSet:
    files = {
        "scoring/rules.yaml": RULES % {"known": known, "years": years},
        "scoring/fields.yaml": FIELDS % sample,
        "scoring/examples.yaml": examples,
    }
    loaded = load_config({path: text.encode() for path, text in files.items()})
    assert loaded.config, loaded.findings
    return loaded.config


def by_name(impact: tuple[ExampleImpact, ...]) -> dict[str, tuple[float | None, float | None, str | None, str | None]]:
    return {lead.name: (lead.score_before, lead.score_after, lead.tier_before, lead.tier_after) for lead in impact}


def test_impact_scores_each_lead_on_both_sides() -> None:
    """The sample lead first, then the examples in order, scores and tiers before and after."""
    impact = examples_impact(config(0.5, 0.5), config(0.3, 0.7))
    assert [lead.name for lead in impact] == ["sample lead", "old firm", "stranger"]
    assert by_name(impact) == {
        "sample lead": (pytest.approx(50), pytest.approx(30), "B", "B"),
        "old firm": (pytest.approx(50), pytest.approx(70), "B", "A"),
        "stranger": (0, 0, "B", "B"),
    }


def test_impact_of_an_edited_sample_lead_is_none() -> None:
    """Both sides score the head's lead: typing another sample changes no rule."""
    impact = by_name(examples_impact(config(0.5, 0.5, sample=0), config(0.5, 0.5, sample=10)))
    assert impact["sample lead"] == (100, 100, "A", "A")


def test_impact_of_a_dropped_example_is_still_shown() -> None:
    """Taking a golden lead out does not hide what happens to it."""
    kept = "examples:\n  stranger: {lead: {known: false, years: 0}, tier: B}\n"
    impact = examples_impact(config(0.5, 0.5), config(0.3, 0.7, examples=kept))
    assert [lead.name for lead in impact] == ["sample lead", "stranger", "old firm"]
    assert by_name(impact)["old firm"] == (pytest.approx(50), pytest.approx(70), "B", "A")


def test_impact_without_one_side_leaves_it_open() -> None:
    """A base that cannot be read (or a head) gives None, never a made-up score."""
    assert by_name(examples_impact(None, config(0.5, 0.5)))["old firm"] == (None, pytest.approx(50), None, "B")
    assert by_name(examples_impact(config(0.5, 0.5), None))["old firm"] == (pytest.approx(50), None, "B", None)
    assert examples_impact(None, None) == ()


def test_impact_of_an_example_in_a_new_vertical_has_no_before() -> None:
    """The base does not know the vertical, so it has no score there."""
    examples = "examples:\n  x: {lead: {known: true, years: 0}, tier: B, vertical: saas}\n"
    base = config(0.5, 0.5, examples=examples)
    files = {
        "scoring/rules.yaml": RULES % {"known": 0.5, "years": 0.5},
        "scoring/fields.yaml": FIELDS % 0,
        "scoring/examples.yaml": examples,
        "scoring/verticals/saas.yaml": "description: SaaS\n",
    }
    head = load_config({path: text.encode() for path, text in files.items()}).config
    assert by_name(examples_impact(base, head))["x"] == (None, pytest.approx(50), None, "B")
