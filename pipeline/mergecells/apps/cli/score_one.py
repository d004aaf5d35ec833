"""`score` for one lead: from --set, or from a line of a file with --set on top."""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergecells.apps.cli.console import Output, print_json
from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.adapters.leads_file import LeadsFormat
    from mergecells.domain.scoring import Fields
    from mergecells.serving.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class OneLead:
    """Which lead: the one on `line` of `file`, if given, changed by `assignments` (`field=value`)."""

    file: Path | None
    form: LeadsFormat | None
    line: int | None
    assignments: tuple[str, ...]

    @property
    def title(self) -> str:
        changed = f" with {', '.join(self.assignments)}" if self.assignments and self.file else ""
        return f"Line {self.line} of {self.file.name}{changed}" if self.file else "The lead"


def score_one(
    snapshot: Snapshot,
    wanted: OneLead,
    date: datetime.date,
    vertical: str | None,
    output: Output,
    *,
    explain: bool,
) -> None:
    """Print the score of one lead, and why. Raises UsageError when there is no such lead or field."""
    fields = snapshot.config.rules.fields
    lead = {**_read_line(wanted, fields), **_assigned(wanted.assignments, fields)}
    score = snapshot.score(lead, date, vertical)
    why = snapshot.explain(lead, date, vertical) if explain else None
    if output is Output.JSON:
        line = {"line": wanted.line} if wanted.file else {}
        print_json({**line, **score.to_dict(), **({"explanation": why.model_dump()} if why else {})})
    elif why is not None:
        from mergecells.transforms.explain_render_text import render_explanation_text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(render_explanation_text(why, wanted.title, colour))
    else:
        from mergecells.transforms.markdown_escape import visible

        print(f"{visible(wanted.title)}: {score.value:.2f} points, tier {visible(score.tier)}")
        for issue in score.issues:
            print(f"  {visible(issue)}")


def _read_line(wanted: OneLead, fields: Fields | None) -> Mapping[str, Any]:
    from mergecells.adapters.leads_file import LeadRow, open_leads

    if wanted.file is None:
        if wanted.line is not None:
            raise UsageError("--line is a line of a file of leads.", "Name the file with --leads.")
        if not wanted.assignments:
            raise UsageError("There is no lead to score.", "Give --leads FILE, or the lead's fields with --set.")
        return {}
    if wanted.line is None:
        raise UsageError("--set changes one lead; which one of the file?", "Say it with --line N.")
    source = open_leads(wanted.file, wanted.form, fields)
    with contextlib.closing(source.source):
        for row in source:
            if row.line == wanted.line:
                if isinstance(row, LeadRow):
                    return row.lead
                raise UsageError(f"Line {row.line:,} of {wanted.file} cannot be read: {row.reason}.")
            if row.line > wanted.line:
                break
    raise UsageError(
        f"No lead of {wanted.file} begins on line {wanted.line:,}.",
        "Lines count from 1, the header included; `score` prints the line of each lead.",
    )


def _assigned(assignments: tuple[str, ...], fields: Fields | None) -> dict[str, Any]:
    """`years=12` is read as a cell under that field's column would be."""
    from mergecells.adapters.lead_columns import field_of, read_text_as

    lead: dict[str, Any] = {}
    for assignment in assignments:
        title, sign, text = assignment.partition("=")
        name = field_of(title.strip(), fields) if sign else None
        if not sign:
            raise UsageError(f"--set {assignment!r} has no =.", "Write it as years=12.")
        if name is None:
            known = ", ".join(fields.fields) if fields else ""
            raise UsageError(f"--set {title.strip()!r} is no field of scoring/fields.yaml.", f"There are {known}.")
        lead[name] = read_text_as(name, text, fields)
    return lead
