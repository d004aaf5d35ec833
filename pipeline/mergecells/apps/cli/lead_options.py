"""The options that every command which scores a file of leads has."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.day import parse_day
from mergecells.domain.errors import UsageError

LeadsFileOption = Annotated[
    Path, typer.Option("--leads", metavar="FILE", help="CSV with a header, or one JSON object a line.")
]
VerticalOption = Annotated[str | None, typer.Option("--vertical", metavar="NAME", help="Score with its overrides.")]
DateOption = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="What formulas take for today. Default: today, UTC."),
]


def evaluation_date(given: str | None) -> datetime.date:
    """The day of --date, today in UTC when it is left out. Raises UsageError."""
    if given is None:
        return datetime.datetime.now(datetime.UTC).date()
    day = parse_day(given)
    if day is None:
        raise UsageError(f"--date {given!r} is not a date.", "Write it as YYYY-MM-DD.")
    return day
