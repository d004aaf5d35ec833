"""The leads that engines are compared on."""

from __future__ import annotations

import datetime

import pytest

from mergecells.domain.configset import ConfigSet
from mergecells.domain.manifest import Manifest
from mergecells.domain.scoring import Component, Factor, Fields, LeadField, Rules, RuleSet, Tier
from mergecells.formula import compile_formula
from mergecells.transforms.formula_sites import collect_sites
from mergecells.transforms.generated_leads import generate_leads
from mergecells.transforms.lead_inputs import LeadInputs, lead_inputs
from mergecells.transforms.locate import Locator
from mergecells.transforms.rule_view import base_view

DAY = datetime.date(2024, 2, 29)
FIELDS = {"x": LeadField(type="number", sample=1.0), "y": LeadField(type="number", sample=1.0)}


def inputs_of(formula: str) -> LeadInputs:
    factors = {"f": Factor(weight=1, formula=formula)}
    rules = Rules(version="1", tiers={"A": Tier(min=0)}, components={"c": Component(weight=1, factors=factors)})
    config = ConfigSet(Manifest(), RuleSet(rules=rules, fields=Fields(fields=FIELDS)))
    sites = collect_sites(base_view(config, Locator({}, {}, {})), config.rules.fields)
    (site,) = sites.sites
    return lead_inputs(config, sites, site)


@pytest.mark.parametrize("order", [1, -1])
def test_generated_leads_reach_every_branch_of_each_formula(order: int) -> None:
    """Whatever formula came before: the boundaries are far from the sample, so only a search finds them."""
    formulas = ["=IF(x>4321,IF(y<-876,0.1,0.2),0.3)", "=IFS(x<-77,0.4,y>2222.5,0.5,TRUE,0.6)"]
    branches = [{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}]
    for formula, expected in list(zip(formulas, branches, strict=True))[::order]:
        inputs = inputs_of(formula)
        leads = generate_leads(inputs, {"x": 1.0, "y": 1.0}, DAY, 12).leads
        assert inputs.site.formula
        compiled = compile_formula(inputs.site.formula)
        assert expected <= {compiled(inputs.scope(lead, DAY), 45351.0) for lead in leads}


def test_generated_leads_stand_on_both_sides_of_a_boundary() -> None:
    """The constant itself, a step below and a step above."""
    leads = generate_leads(inputs_of("=IF(x>=4321,1,0)"), {"x": 1.0, "y": 1.0}, DAY, 40).leads
    values = {lead["x"] for lead in leads}
    assert 4321.0 in values
    assert any(isinstance(value, float) and 4320 <= value < 4321 for value in values)
    assert any(isinstance(value, float) and 4321 < value <= 4322 for value in values)
