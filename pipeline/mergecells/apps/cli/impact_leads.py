"""A file of leads, with outcomes, as the impact of a change takes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergecells.adapters.leads_file import LeadRow, LeadsFile, UnreadableRow, open_leads
from mergecells.apps.cli.progress import Progress
from mergecells.domain.errors import UsageError
from mergecells.transforms.impact import ImpactLead, parse_outcome

if TYPE_CHECKING:
    from mergecells.authoring.leads_impact import Leads, ReadLeads
    from mergecells.domain.manifest import LeadsImpact
    from mergecells.domain.scoring import Fields

_PROGRESS_EVERY = 64
_NAMED = 5
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns of the file, or fields, that hold more than a lead's own values. Empty: none."""

    outcome: str = ""
    vertical: str = ""
    by: Sequence[str] = ()

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        """What each is for, and its name."""
        for purpose, name in (("outcome", self.outcome), ("vertical", self.vertical)):
            if name:
                yield purpose, name
        yield from (("field", name) for name in self.by)


@dataclass(slots=True)
class ImpactLeads:
    """The leads of one file, once. After the last one `unreadable` and `notes` tell what a reader must know.

    Iterating raises UsageError, with line and column, for an outcome that is none or a column that is not there.
    """

    path: Path
    fields: Fields | None
    wanted: Wanted
    quiet: bool
    unreadable: int = 0
    reasons: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[ImpactLead]:
        source = open_leads(self.path, None, self.fields)
        with contextlib.closing(source.source), Progress(wanted=not self.quiet) as progress:
            yield from self._read(source, progress)
            if source.form == "csv":
                self._check_columns(source)
            self.missing = source.columns.missing

    @property
    def notes(self) -> tuple[str, ...]:
        """Fields that count as blank for every lead, and rows that could not be read."""
        notes = []
        if self.missing:
            more = f" and {len(self.missing) - _NAMED} more" if len(self.missing) > _NAMED else ""
            titles = ", ".join(f"{name} ({self._title(name)!r})" for name in self.missing[:_NAMED])
            notes.append(f"No column in the file, counted as blank on both sides: {titles}{more}")
        notes += [f"Left out: {reason}" for reason in self.reasons]
        return tuple(notes)

    def _title(self, name: str) -> str:
        stated = self.fields.fields[name].column if self.fields and name in self.fields.fields else None
        return stated or name

    def _read(self, source: LeadsFile, progress: Progress) -> Iterator[ImpactLead]:
        for number, row in enumerate(source, 1):
            if number == 1 and source.form == "csv":
                self._check_columns(source)
            if isinstance(row, LeadRow):
                yield self._lead(row, source)
            else:
                self._note_unreadable(row)
            if number % _PROGRESS_EVERY == 0:
                progress.show(source.position / source.size if source.size else None, f"{number:,} leads")

    def _note_unreadable(self, row: UnreadableRow) -> None:
        self.unreadable += 1
        if len(self.reasons) < _NAMED:
            self.reasons.append(f"line {row.line}: {row.reason}")

    def _lead(self, row: LeadRow, source: LeadsFile) -> ImpactLead:
        wanted = self.wanted
        outcome = _cell(row.cells, wanted.outcome, source) if wanted.outcome else None
        vertical = str(_cell(row.cells, wanted.vertical, source) or "").strip() if wanted.vertical else None
        return ImpactLead(
            line=row.line,
            lead=row.lead,
            converted=parse_outcome(outcome, row.line, wanted.outcome),
            vertical=vertical,
            values=tuple(_value_text(_cell(row.cells, name, source)) for name in wanted.by),
        )

    def _check_columns(self, source: LeadsFile) -> None:
        titles = [*source.columns.by_field.values(), *source.columns.unused]
        for purpose, name in self.wanted.names:
            title = _title_of(name, titles, source)
            if title is None:
                raise UsageError(
                    f"The {purpose} {name!r} is not a column of {self.path.name}.",
                    f"There are {', '.join(sorted(title[:60] for title in titles))}.",
                )
            if titles.count(title) > 1:
                raise UsageError(f"The column {title!r} is there more than once.", "Rename or remove one.")


@dataclass(slots=True)
class NoLeads:
    """Where there is no file."""

    unreadable: int = 0
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[ImpactLead]:
        return iter(())


def manifest_leads(root: Path, *, quiet: bool) -> ReadLeads:
    """Reads what the manifest names, relative to the config root."""

    def read(settings: LeadsImpact, fields: Fields | None) -> ImpactLeads:
        wanted = Wanted(settings.outcome or "", settings.vertical or "", tuple(settings.by))
        return ImpactLeads(root / settings.leads, fields, wanted, quiet)

    return read


def leads_at_hand(root: Path) -> ReadLeads:
    """Reads what the manifest names where it is there: a file outside of git need not be where a config is checked."""

    def read(settings: LeadsImpact, fields: Fields | None) -> Leads:
        place = root / settings.leads
        return ImpactLeads(place, fields, Wanted(), quiet=True) if place.is_file() else NoLeads()

    return read


def _title_of(name: str, titles: Sequence[str], source: LeadsFile) -> str | None:
    """The column of that title, or of the field of that name."""
    if name in titles:
        return name
    return source.columns.by_field.get(name)


def _cell(cells: Mapping[str, Any], name: str, source: LeadsFile) -> Any:
    """None where a JSON object does not have it."""
    title = _title_of(name, list(cells), source) if name not in cells else name
    return cells.get(title) if title is not None else None


def _value_text(value: Any) -> str:
    """As a reader tells values apart: blanks at the ends are nothing, and a long text is cut."""
    text = "" if value is None else str(value).upper() if isinstance(value, bool) else str(value).strip()
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
