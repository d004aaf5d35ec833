"""A file of leads, with outcomes, as the impact of a change takes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergecells.adapters.leads_file import LeadRow, LeadsFile, open_leads
from mergecells.apps.cli.progress import Progress
from mergecells.domain.errors import UsageError
from mergecells.transforms.impact import ImpactLead, parse_outcome

if TYPE_CHECKING:
    from mergecells.authoring.leads_impact import ReadLeads
    from mergecells.domain.manifest import LeadsImpact
    from mergecells.domain.scoring import Fields

_PROGRESS_EVERY = 64


def read_impact_leads(
    source: LeadsFile, outcome: str | None, unreadable: list[str], progress: Progress
) -> Iterator[ImpactLead]:
    """The leads one by one; rows that cannot be read go to `unreadable`. Raises UsageError for a bad outcome."""
    for number, row in enumerate(source, 1):
        if isinstance(row, LeadRow):
            told = _outcome_cell(row.cells, outcome, source, row.line) if outcome else None
            yield ImpactLead(row.line, row.lead, parse_outcome(told, row.line))
        else:
            unreadable.append(f"line {row.line}: {row.reason}")
        if number % _PROGRESS_EVERY == 0:
            progress.show(source.position / source.size if source.size else None, f"{number:,} leads")


def manifest_leads(root: Path, *, quiet: bool) -> ReadLeads:
    """Reads what the manifest names, relative to the config root."""

    def read(settings: LeadsImpact, fields: Fields | None) -> Iterator[ImpactLead]:
        source = open_leads(root / settings.leads, None, fields)
        with contextlib.closing(source.source), Progress(wanted=not quiet) as progress:
            yield from read_impact_leads(source, settings.outcome, [], progress)

    return read


def _outcome_cell(cells: Mapping[str, Any], outcome: str, source: LeadsFile, line: int) -> Any:
    """The cell under the column, or under the column of the field, of that name."""
    for title in (outcome, source.columns.by_field.get(outcome)):
        if title is not None and title in cells:
            return cells[title]
    if source.form == "jsonl":
        return None
    raise UsageError(
        f"The outcome {outcome!r} is not a column of the file (line {line}).",
        f"There are {', '.join(sorted(cells))}.",
    )
