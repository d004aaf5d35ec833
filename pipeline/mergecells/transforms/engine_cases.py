"""The results that engines are compared on: the sample lead, the golden examples, and leads made for each formula."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from mergecells.domain.configset import ConfigSet
from mergecells.domain.scoring import Scalar
from mergecells.formula import Value
from mergecells.transforms.formula_results import Result, Scenario, evaluation_date
from mergecells.transforms.formula_sites import FormulaSites, Site
from mergecells.transforms.generated_leads import SEED, generate_leads
from mergecells.transforms.lead_inputs import FACTOR_MARK, LeadInputs, lead_inputs
from mergecells.transforms.score_values import LeadReader

MOST_FORMULAS = 1_000
"""Formulas that leads are made for; of more, so many are taken at random."""
MOST_LEADS = 48
"""Leads made for one formula."""


@dataclass(frozen=True, slots=True)
class EngineCase:
    """A result with the rule set that it belongs to, and the lead beneath it, which may be made smaller.

    `rank`: -1 for the sample lead, then the place of the example or of the lead among those of its formula.
    """

    sites: FormulaSites
    result: Result
    lead: Mapping[str, Value] = field(default_factory=dict)
    inputs: LeadInputs | None = None
    rank: int = -1


class LeadCounts(BaseModel):
    """What the engines were compared on. `outcomes`: how many ways decisions came out, over all formulas."""

    model_config = ConfigDict(frozen=True)

    formulas: int = 0
    formulas_with_leads: int = 0
    """Different formulas that leads were made for."""
    stated: int = 0
    """The sample lead and the golden examples."""
    generated: int = 0
    outcomes: int = 0
    seed: int = SEED

    def __add__(self, other: LeadCounts) -> LeadCounts:
        counts = {
            name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields if name != "seed"
        }
        return LeadCounts(**counts)


def engine_cases(
    config: ConfigSet, computed: Sequence[tuple[FormulaSites, Sequence[Result]]]
) -> tuple[list[EngineCase], LeadCounts]:
    """A case for each computed result of each rule set, and for the leads made for each formula, each formula once."""
    cases: list[EngineCase] = []
    makers: dict[object, tuple[FormulaSites, Site, LeadInputs]] = {}
    for sites, results in computed:
        known: dict[Site, LeadInputs] = {}
        values: dict[int, Mapping[str, Value]] = {}
        ranks: dict[Site, int] = {}
        for result in results:
            site = result.site
            inputs = known.get(site) or known.setdefault(site, lead_inputs(config, sites, site))
            lead = values.get(id(result.scenario)) or values.setdefault(
                id(result.scenario), _read(config, result.scenario)
            )
            ranks[site] = ranks.get(site, -2) + 1
            cases.append(EngineCase(sites, result, _lead(inputs, lead, result), inputs, ranks[site]))
            makers.setdefault(_key(inputs), (sites, site, inputs))
    made, outcomes = _made(config, list(makers.values()))
    stated = len({(c.sites.view.vertical, c.result.scenario.example) for c in cases})
    counts = LeadCounts(
        formulas=len(makers),
        formulas_with_leads=min(len(makers), MOST_FORMULAS),
        stated=stated,
        generated=len(made),
        outcomes=outcomes,
    )
    return [*cases, *made], counts


def _key(inputs: LeadInputs) -> object:
    """Equal for formulas that compute the same from the same fields, as those of a vertical mostly do."""
    formulas = tuple((name, formula.text) for name, formula in inputs.intermediates)
    return (inputs.site.text, formulas, tuple(inputs.kinds.items()), tuple(inputs.fixed.items()))


def _made(config: ConfigSet, makers: Sequence[tuple[FormulaSites, Site, LeadInputs]]) -> tuple[list[EngineCase], int]:
    if len(makers) > MOST_FORMULAS:
        makers = random.Random(SEED).sample(makers, MOST_FORMULAS)  # noqa: S311
    fields = config.rules.fields.fields if config.rules.fields else {}
    date = evaluation_date(config.manifest.checks.evaluation_date)
    sample = _read(config, Scenario(None, {name: field.sample for name, field in fields.items()}, date))
    cases: list[EngineCase] = []
    outcomes = 0
    for sites, _, inputs in makers:
        start = {name: 1.0 if name.startswith(FACTOR_MARK) else sample.get(name) for name in inputs.kinds}
        generated = generate_leads(inputs, start, date, MOST_LEADS)
        outcomes += generated.outcomes
        cases += [
            EngineCase(sites, inputs.result(lead, date), lead, inputs, rank)
            for rank, lead in enumerate(generated.leads)
        ]
    return cases, outcomes


def _read(config: ConfigSet, scenario: Scenario) -> Mapping[str, Value]:
    lead: Mapping[str, Scalar] = scenario.lead
    return LeadReader(config.rules.fields, {}).read(lead, [])


def _lead(inputs: LeadInputs, values: Mapping[str, Value], result: Result) -> dict[str, Value]:
    """A stated lead reduced to what the formula needs; factors have the values that were computed for them."""
    return {
        name: result.inputs.get(name.removeprefix(FACTOR_MARK)) if name.startswith(FACTOR_MARK) else values.get(name)
        for name in inputs.kinds
    }


def in_order(cases: Sequence[EngineCase]) -> Iterator[EngineCase]:
    """For an engine that is not asked about all: the sample lead of every formula first, then one lead after another.

    Formulas of equal rank come in an order that the seed gives.
    """
    chance = random.Random(SEED)  # noqa: S311
    return (case for _, _, case in sorted(((c.rank, chance.random(), c) for c in cases), key=lambda each: each[:2]))
