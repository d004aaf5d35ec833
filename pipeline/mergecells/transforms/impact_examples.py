"""What a change does to the sample lead and to the golden examples: score and tier on both sides."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import ConfigRejectedError, UsageError
from mergecells.domain.plan import ExampleImpact
from mergecells.domain.scoring import Scalar
from mergecells.transforms.formula_results import evaluation_date
from mergecells.transforms.score import Score, Scorer, compile_rules

SAMPLE_LEAD = "sample lead"


def examples_impact(base: ConfigSet | None, head: ConfigSet | None) -> tuple[ExampleImpact, ...]:
    """The sample lead first, then the examples in order. Both sides score the very same lead on the same date.

    A lead is the head's, so that what moves its score are the rules and not an edit of the lead; an example that the
    head dropped is scored as the base had it. A side that is missing or cannot be compiled gives None.
    """
    either = head or base
    if either is None:
        return ()
    examples = either.rules.examples
    date = evaluation_date((examples.date if examples else None) or either.manifest.checks.evaluation_date)
    before, after = _scorer(base), _scorer(head)
    leads = {**_leads(base), **_leads(head)}
    ordered = [*_leads(head), *(name for name in _leads(base) if name not in _leads(head))]
    return tuple(
        _impact(name, _score(before, *leads[name], date), _score(after, *leads[name], date)) for name in ordered
    )


def _leads(config: ConfigSet | None) -> dict[str, tuple[Mapping[str, Scalar], str | None]]:
    return dict(_each_lead(config)) if config else {}


def _each_lead(config: ConfigSet) -> Iterator[tuple[str, tuple[Mapping[str, Scalar], str | None]]]:
    if config.rules.fields:
        yield SAMPLE_LEAD, ({name: field.sample for name, field in config.rules.fields.fields.items()}, None)
    if config.rules.examples:
        for name, example in config.rules.examples.examples.items():
            yield name, (example.lead, example.vertical)


def _scorer(config: ConfigSet | None) -> Scorer | None:
    try:
        return compile_rules(config) if config else None
    except ConfigRejectedError:
        return None


def _impact(name: str, old: Score | None, new: Score | None) -> ExampleImpact:
    return ExampleImpact(
        name=name,
        score_before=old.value if old else None,
        score_after=new.value if new else None,
        tier_before=old.tier if old else None,
        tier_after=new.tier if new else None,
    )


def _score(
    scorer: Scorer | None, lead: Mapping[str, Scalar], vertical: str | None, date: datetime.date
) -> Score | None:
    try:
        return scorer.score(lead, date, vertical) if scorer else None
    except UsageError:
        # The vertical exists on the other side only.
        return None
