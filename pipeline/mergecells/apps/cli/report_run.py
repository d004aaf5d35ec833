"""What the commands about history share: the database, the period, the config beside it, and where the result goes."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import MergecellsError, UsageError

if TYPE_CHECKING:
    from mergecells.adapters.sql_history import SqlHistory
    from mergecells.domain.configset import ConfigSet
    from mergecells.domain.llm import BudgetState
    from mergecells.domain.quality import Quality
    from mergecells.domain.reports import Period
    from mergecells.transforms.report_page import Page

_PIPED_WIDTH = 160
MOST_DAYS = 3_660


class ReportOutput(StrEnum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


HistoryOption = Annotated[
    str,
    typer.Option(
        "--history",
        metavar="URL|FILE",
        help="The history: sqlite:///…, postgresql+psycopg://…, or a file. Default: MERGECELLS_HISTORY_URL, else the "
        "file in the state folder.",
    ),
]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=MOST_DAYS, help="So many days, the last one included.")]
UntilOption = Annotated[
    str, typer.Option("--until", metavar="DATE", help="The last day, YYYY-MM-DD in UTC. Default: today, up to now.")
]
OutputOption = Annotated[ReportOutput, typer.Option("--output", help="How to print the report.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report there instead.")]
TopOption = Annotated[int, typer.Option("--top", min=1, max=10_000, help="At most so many rows for people.")]


@dataclass(frozen=True, slots=True)
class ReportSession:
    """`root` and `config` are None outside of a config root, or where it cannot be read; `notes` say what follows."""

    history: SqlHistory
    root: Path | None
    config: ConfigSet | None
    notes: tuple[str, ...]
    synthetic: bool = False

    @property
    def quality(self) -> Quality:
        """The gate of the config here, else the default one."""
        from mergecells.domain.quality import Quality

        return self.config.quality if self.config else Quality()


def open_session(context: CliContext, history: str) -> ReportSession:
    """The history and the config beside it. Raises UsageError, MergecellsError."""
    from mergecells.apps.history import open_history

    root = _root(context)
    opened = open_history(history)
    config, notes = _config(root)
    if opened.synthetic:
        notes = ("SYNTHETIC: this history was made up to try reports; nothing of it happened.", *notes)
    return ReportSession(opened, root, config, notes, opened.synthetic)


def _root(context: CliContext) -> Path | None:
    if context.given_root is not None:
        return context.config_root
    try:
        return context.config_root
    except UsageError:
        return None


def _config(root: Path | None) -> tuple[ConfigSet | None, tuple[str, ...]]:
    if root is None:
        return None, ("Not in a config root: budgets, gates and pull requests are not known here.",)
    from mergecells.adapters.tree_files import read_config_files
    from mergecells.transforms.yaml_to_config import load_config

    try:
        config = load_config(read_config_files(root).files).config
    except MergecellsError:
        config = None
    return config, () if config else ("The config here cannot be read (see `mergecells check`): no budgets, no gates.",)


def wanted_period(days: int, until: str) -> Period:
    """The period of the options. Raises UsageError for what is no date."""
    from mergecells.transforms.call_tally import DAY, last_days

    if not until:
        return last_days(time.time(), days)
    try:
        last = datetime.datetime.strptime(until, "%Y-%m-%d").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise UsageError(f"{until!r} is no date.", "Write it as 2026-11-27.") from None
    from mergecells.domain.reports import Period

    end = last.timestamp() + DAY
    return Period(end - days * DAY, min(end, max(time.time(), last.timestamp() + 1)), days)


def budget_states(session: ReportSession, personas: Sequence[str]) -> tuple[tuple[BudgetState, ...], tuple[str, ...]]:
    """The budgets of today, of all time and of these personas as the ledger has them now, and a note if it has not."""
    from mergecells.apps.llm_stores import open_ledger
    from mergecells.apps.state_files import state_folder
    from mergecells.prompting.budget_keys import budget_of, day_of, state_of

    if session.root is None or session.config is None or session.synthetic:
        return (), ()
    keys = [f"day:{day_of(time.time())}", "total", *(f"persona:{name}" for name in personas if name)]
    budgets = session.config.budgets
    pairs = [(key, budget) for key in keys if (budget := budget_of(budgets, key)) is not None]
    try:
        ledger = open_ledger(state_folder())
        try:
            entries = ledger.read([key for key, _ in pairs])
        finally:
            ledger.close()
    except MergecellsError as error:
        return (), (f"Budgets are not shown: {error.message}",)
    return tuple(state_of(key, budget, one) for (key, budget), one in zip(pairs, entries, strict=True)), ()


def print_report(
    page: Callable[[], Page],
    document: Callable[[], dict[str, Any]],
    table: Callable[[], tuple[Sequence[str], Sequence[Sequence[object]]]],
    output: ReportOutput,
    out: Path | None,
) -> None:
    """In the form that was asked for, to stdout or into a file."""
    import json

    from mergecells.apps.cli.plan_output import wants_colour
    from mergecells.transforms.report_page import render_csv, render_page_markdown, render_page_text

    if output is ReportOutput.JSON:
        text = json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
    elif output is ReportOutput.CSV:
        text = render_csv(*table())
    elif output is ReportOutput.MARKDOWN:
        text = render_page_markdown(page())
    else:
        colour = out is None and wants_colour()
        text = render_page_text(page(), _width(out), colour=colour) + "\n"
    if out is None:
        sys.stdout.write(text)
    else:
        write_file(out, text)


def _width(out: Path | None) -> int:
    if out is None and (sys.stdout.isatty() or os.environ.get("COLUMNS")):
        return shutil.get_terminal_size().columns
    return _PIPED_WIDTH


def write_file(path: Path, text: str) -> None:
    """Whole or not at all. Raises UsageError."""
    from mergecells.adapters.atomic_file import whole_text_file

    with whole_text_file(path) as file:
        file.write(text)
