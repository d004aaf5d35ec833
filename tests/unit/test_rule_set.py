"""The rule set that the repository ships: complete, free of findings, and in range for whatever a lead holds."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.authoring.check import check_files
from mergecells.domain.scoring import Component, Examples, Fields, LeadField, Rules
from mergecells.formula import names_used, parse
from mergecells.transforms.score import compile_rules
from mergecells.transforms.verticals import resolve_vertical
from mergecells.transforms.yaml_to_config import load_config

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
    for path in [REPOSITORY / "mergecells.yaml", *sorted(REPOSITORY.glob("scoring/**/*.yaml"))]
}
LOADED = load_config(FILES)
assert LOADED.config, LOADED.findings
CONFIG = LOADED.config
RULES = CONFIG.rules.rules
SCORER = compile_rules(CONFIG)
VARIANTS: dict[str | None, Rules] = {None: RULES} | {
    name: resolve_vertical(RULES, vertical) for name, vertical in CONFIG.rules.verticals.items()
}


def given_fields() -> Fields:
    assert CONFIG.rules.fields
    return CONFIG.rules.fields


def given_examples() -> Examples:
    assert CONFIG.rules.examples
    return CONFIG.rules.examples


def formulas_of(rules: Rules) -> list[str]:
    """Every formula text: of intermediates, components and factors."""
    texts = list(rules.formulas.values())
    for component in rules.components.values():
        texts += [component.formula] if component.formula else []
        texts += [factor.formula for factor in component.factors.values() if factor.formula]
    return texts


def test_rule_set_has_the_promised_extent() -> None:
    """15 components, 37 factors, 34 formulas, four tiers and two verticals."""
    factors = sum(len(component.factors) for component in RULES.components.values())
    extent = (len(RULES.components), factors, len(formulas_of(RULES)), len(RULES.tiers), len(CONFIG.rules.verticals))
    assert extent == (15, 37, 34, 4, 2)


def test_rule_set_passes_every_check() -> None:
    """Not one finding, warnings included."""
    assert check_files(FILES).findings == ()


@pytest.mark.parametrize("vertical", VARIANTS)
def test_rule_set_weights_sum_to_one(vertical: str | None) -> None:
    """Exactly one, not only within the tolerance, with and without a vertical."""
    components = VARIANTS[vertical].components

    def total(parts: dict[str, Any]) -> float:
        return round(sum(part.weight for part in parts.values()), 9)

    assert total(components) == 1
    assert {name: total(component.factors) for name, component in components.items()} == dict.fromkeys(components, 1)


def test_rule_set_verticals_remove_add_and_change() -> None:
    """Together the verticals show each thing that an override can do."""

    def shape(component: Component) -> dict[str, Any]:
        return {name: (factor.weight, factor.formula) for name, factor in component.factors.items()}

    base, saas, manufacturing = (VARIANTS[name].components for name in (None, "saas", "manufacturing"))
    assert "content_engagement" not in manufacturing
    assert "site_footprint" in manufacturing.keys() - base.keys()
    assert "phone_reachable" not in saas["contact_quality"].factors
    assert "trial_usage" in saas["tech_fit"].factors
    assert shape(saas["company_info"])["years_in_business"] != shape(base["company_info"])["years_in_business"]
    assert saas["company_size"].weight < base["company_size"].weight < manufacturing["company_size"].weight


@pytest.mark.parametrize("name", given_examples().examples)
def test_rule_set_golden_lead_gets_its_tier_and_score(name: str) -> None:
    """To the two decimals that the file states, and without an issue."""
    examples = given_examples()
    example = examples.examples[name]
    assert examples.date
    assert example.score is not None
    score = SCORER.score(example.lead, datetime.date.fromisoformat(examples.date), example.vertical)
    assert (round(score.value, 2), score.tier, score.issues) == (example.score, example.tier, ())


def test_rule_set_golden_leads_cover_every_tier_and_vertical() -> None:
    """A tier or a vertical without a golden lead could change unseen."""
    examples = given_examples().examples.values()
    assert {example.tier for example in examples} == set(RULES.tiers)
    assert {example.vertical for example in examples} == set(VARIANTS)


def test_rule_set_uses_every_field() -> None:
    """A field that no formula names, and that is no factor's own value, would be filled in for nothing."""
    used = Counter[str]()
    for rules in VARIANTS.values():
        used.update(name.lower() for text in formulas_of(rules) for name, *_ in names_used(parse(text)))
        used.update(name for part in rules.components.values() for name, f in part.factors.items() if not f.formula)
    assert [name for name in given_fields().fields if not used[name]] == []


# Wide enough to reach every branch: below zero, boundaries, far above. Text that formulas search for is mixed in.
BOUNDARIES = [0, 0.5, 1, 3, 10, 50, 100, 1000, 5000]
NUMBERS = st.one_of(
    st.integers(-20, 20), st.floats(-1e7, 1e7), st.sampled_from([0, 0.5, 1, 3, 10, 50, 100, 1000, 5000])
)
PLAIN_WORDS = ["chief", "Director, cto", "Retail", "SOFTWARE", "ABM-", "x@gmail.com"]
ODD_WORDS = ["", " ", "@", "a@b", "*", "?", ">0", "<>", "~"]
TEXTS = st.one_of(st.sampled_from(PLAIN_WORDS + ODD_WORDS), st.text(max_size=12))
DATES = st.dates(datetime.date(1900, 3, 1), datetime.date(9999, 12, 31)).map(datetime.date.isoformat)
VALUES = {"number": NUMBERS, "text": TEXTS, "boolean": st.booleans(), "date": DATES}


def value_of(name: str, field: LeadField) -> st.SearchStrategy[Any]:
    """A well-typed value or a blank. A company's age is not negative: its formula is the contract's own example."""
    values = VALUES[field.type]
    return st.none() | (values.map(abs) if name == "years" else values)


LEADS = st.fixed_dictionaries({}, optional={name: value_of(name, f) for name, f in given_fields().fields.items()})


@given(lead=LEADS, vertical=st.sampled_from(list(VARIANTS)))
@settings(max_examples=100)
def test_rule_set_any_lead_gets_a_score_without_issues(lead: dict[str, Any], vertical: str | None) -> None:
    """Whatever is blank, negative or odd: every factor lies in 0..1 and no formula ends in an error."""
    score = SCORER.score(lead, datetime.date(2026, 9, 1), vertical)
    assert score.issues == ()
    assert 0 <= score.value <= 100
