"""What a candidate does to the leads that the manifest names, and whether that needs a yes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Protocol

from mergecells.authoring.propose import Candidate
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding
from mergecells.domain.impact import Impact
from mergecells.domain.manifest import LeadsImpact
from mergecells.domain.revision import Files, Revision, short
from mergecells.domain.scoring import Fields
from mergecells.transforms.impact import ImpactLead, measure_impact, merged_fields, prepare_side
from mergecells.transforms.impact_check import check_impact, unmeasured
from mergecells.transforms.score import today
from mergecells.transforms.yaml_to_config import Load, load_config


class Leads(Protocol):
    """The leads of one file. After the last one: how many rows were no lead, and what a reader must know."""

    unreadable: int

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __iter__(self) -> Iterator[ImpactLead]: ...


ReadLeads = Callable[[LeadsImpact, Fields | None], Leads]
"""The leads that the manifest names. Reading them raises MergecellsError when it cannot."""


def measure_leads(
    candidate: Candidate, read: ReadLeads | None, allow_large: bool, load: Load = load_config
) -> tuple[Impact | None, list[Finding]]:
    """The Impact and its findings; nothing where the manifest names no leads, or the candidate does not load."""
    return measure_files(candidate.head_files, candidate.files, (candidate.head, "submitted"), read, allow_large, load)


def measure_files(
    before: Files,
    after: Files,
    revisions: tuple[Revision, Revision],
    read: ReadLeads | None,
    allow_large: bool,
    load: Load = load_config,
) -> tuple[Impact | None, list[Finding]]:
    """As `measure_leads`, for the files of both sides; the manifest of `after` holds, else that of `before`."""
    old, new = load(before).config, load(after).config
    settings = (new.manifest.impact if new else None) or (old.manifest.impact if old else None)
    if read is None or new is None or settings is None:
        return None, []
    if old is None:
        return None, unmeasured(f"the rules at {short(revisions[0])} cannot be used.", allow_large=True)
    stated = new.manifest.checks.evaluation_date
    try:
        day = datetime.date.fromisoformat(stated) if stated else today()
        base, head = prepare_side(old.rules, revisions[0]), prepare_side(new.rules, revisions[1])
        leads = read(settings, merged_fields(base, head))
        impact = measure_impact(base, head, leads, day, outcome=settings.outcome or "", by=settings.by)
        impact = with_notes(impact, leads)
    except MergecellsError as error:
        return None, unmeasured(" ".join(part for part in (error.message, error.hint) if part), allow_large)
    if not impact.leads:
        return None, unmeasured("the file holds none.", allow_large)
    return impact, check_impact(impact, settings.max_tier_change, allow_large)


def with_notes(impact: Impact, leads: Leads) -> Impact:
    """The impact with what reading its leads told."""
    unreadable = impact.unreadable + leads.unreadable
    return impact.model_copy(update={"unreadable": unreadable, "notes": (*impact.notes, *leads.notes)})
