"""What a candidate does to the leads that the manifest names, and whether that needs a yes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from mergecells.authoring.propose import Candidate
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.impact import Impact
from mergecells.domain.manifest import LeadsImpact
from mergecells.domain.scoring import Fields
from mergecells.transforms.impact import ImpactLead, measure_impact, merged_fields, prepare_side
from mergecells.transforms.impact_check import check_impact, unmeasured
from mergecells.transforms.score import today
from mergecells.transforms.yaml_to_config import load_config

ReadLeads = Callable[[LeadsImpact, Fields | None], Iterable[ImpactLead]]
"""Reads the leads that the manifest names. Raises MergecellsError when it cannot."""


def measure_leads(
    candidate: Candidate, read: ReadLeads | None, allow_large: bool
) -> tuple[Impact | None, list[Finding]]:
    """The Impact and its findings; nothing where the manifest names no leads, or one side has no rules that load."""
    before, after = load_config(candidate.head_files).config, load_config(candidate.files).config
    settings = after.manifest.impact if after else None
    if read is None or before is None or after is None or settings is None:
        return None, []
    stated = after.manifest.checks.evaluation_date
    try:
        day = datetime.date.fromisoformat(stated) if stated else today()
        base, head = prepare_side(before.rules, candidate.head), prepare_side(after.rules, "submitted")
        leads = read(settings, merged_fields(base, head))
        impact = measure_impact(base, head, leads, day, outcome=settings.outcome or "")
    except MergecellsError as error:
        return None, unmeasured(error.message, allow_large)
    if not impact.leads:
        return None, unmeasured("the file holds none.", allow_large)
    return impact, check_impact(impact, settings.max_tier_change, allow_large)
