"""`score`: a file of leads, scored with the rules of this config."""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.lead_options import DateOption, VerticalOption, evaluation_date
from mergecells.apps.cli.score_one import OneLead, score_one
from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.adapters.leads_file import LeadsFile, LeadsFormat
    from mergecells.apps.cli.score_results import ResultRows, ScoreSummary
    from mergecells.serving.snapshot import Snapshot

_PROGRESS_EVERY = 64
_NAMES = {"csv": "CSV", "parquet": "Parquet"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(score)


def score(
    ctx: typer.Context,
    *,
    leads: Annotated[
        Path | None,
        typer.Option("--leads", metavar="FILE", help="CSV with a header, one JSON object a line, or Parquet."),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="One lead by its fields: years=12. Several times."),
    ] = None,
    line: Annotated[
        int | None, typer.Option("--line", metavar="N", min=1, help="Only the lead on this line; --set changes it.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each factor added, from which formula, cell and line.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="csv|jsonl|parquet", help="Of the leads. Default: by the file's ending."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the scores there, whole or not at all.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="Repeat this column of the file. Several times."),
    ] = None,
    vertical: VerticalOption = None,
    date: DateOption = None,
    output: Annotated[
        Output, typer.Option("--output", help="json: scores as JSON lines; with --out, the summary as JSON.")
    ] = Output.TEXT,
) -> None:
    """Score a file of leads, or one lead.

    One lead comes from --set, or from --leads with --line. Columns are found by the `column` of scoring/fields.yaml,
    or by the field's name. Scores go to stdout or --out, a summary of tiers and issues to stderr. Exit status 1 when
    a row could not be read as a lead.
    """
    from mergecells.adapters.leads_file import open_leads

    context: CliContext = ctx.obj
    if leads is None or line is not None or assignments:
        _refuse_file_options(out=out, keep=keep)
        wanted = OneLead(leads, _form(form), line, tuple(assignments or ()))
        score_one(_snapshot(context), wanted, evaluation_date(date), vertical, output, explain=explain)
        return
    run = _Run(context, _snapshot(context), evaluation_date(date), vertical, output, explain)
    source = open_leads(leads, _form(form), run.snapshot.config.rules.fields)
    try:
        with contextlib.closing(source.source), _destination(leads, out) as stream:
            result_form = _result_form(output, out, source.form)
            if explain and result_form != "jsonl":
                raise UsageError(
                    f"An explanation does not fit into a {_NAMES[result_form]} row.",
                    "Add --line N for one lead, or --output json (or --out FILE.jsonl) for all of them.",
                )
            summary = run.score(source, stream, tuple(keep or ()), result_form)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing left to say. Here, because typer would make it exit status 1.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    run.tell(summary, source, out)
    if summary.unreadable_count:
        raise typer.Exit(1)


class _Run:
    """One scoring of one file."""

    def __init__(
        self,
        context: CliContext,
        snapshot: Snapshot,
        date: datetime.date,
        vertical: str | None,
        output: Output,
        explain: bool,
    ) -> None:
        self.context, self.snapshot, self.date, self.vertical, self.output = context, snapshot, date, vertical, output
        self._explain = explain
        # A vertical that is not there must be said before a file is written.
        snapshot.score({}, date, vertical)
        self._started = time.monotonic()

    def score(self, source: LeadsFile, stream: TextIO, keep: tuple[str, ...], form: LeadsFormat) -> ScoreSummary:
        from mergecells.adapters.leads_file import LeadRow, UnreadableRow
        from mergecells.apps.cli.progress import Progress
        from mergecells.apps.cli.score_groups import in_groups
        from mergecells.apps.cli.score_results import ScoreSummary, result_rows

        rows: ResultRows | None = None
        summary = ScoreSummary(Counter(dict.fromkeys(self.snapshot.config.rules.rules.tiers, 0)))
        on_screen = stream is sys.stdout and stream.isatty()
        with Progress(wanted=not self.context.quiet and not on_screen) as progress:
            seen = 0
            batches = iter(source) if self._explain else in_groups(source.batches(keep), LeadRow, UnreadableRow)
            for row in batches:
                if rows is None:
                    _check_keep(keep, source)
                    rows = result_rows(stream, form, keep)
                before, seen = seen, seen + self._score_row(row, source, rows, summary)
                if seen // _PROGRESS_EVERY != before // _PROGRESS_EVERY:
                    share = source.position / source.size if source.size else None
                    progress.show(share, f"{seen:,} leads")
        rows = rows or result_rows(stream, form, keep)
        rows.close()
        stream.flush()
        return summary

    def _score_row(self, row: object, source: LeadsFile, rows: ResultRows, summary: ScoreSummary) -> int:
        """How many leads `row` held."""
        from mergecells.adapters.leads_file import LeadBatch, LeadRow, UnreadableRow
        from mergecells.apps.cli.score_groups import score_group

        if isinstance(row, LeadBatch):
            columns = {name: row.table[title] for name, title in source.columns.by_field.items()}
            scores = self.snapshot.score_many(columns, self.date, self.vertical, texts=row.texts)
            rows.write_batch(row, scores)
            summary.add_batch(row, scores)
            return len(row.lines)
        if isinstance(row, list):
            found = score_group(self.snapshot, [each.lead for each in row], self.date, self.vertical)
            for each, score in zip(row, found, strict=True):
                rows.write(each, score)
                summary.add(each, score)
            return len(row)
        if isinstance(row, LeadRow):
            result = self.snapshot.score(row.lead, self.date, self.vertical)
            why = self.snapshot.explain(row.lead, self.date, self.vertical) if self._explain else None
            rows.write(row, result, why)
            summary.add(row, result)
        elif isinstance(row, UnreadableRow):
            summary.add_unreadable(row)
        return 1

    def tell(self, summary: ScoreSummary, source: LeadsFile, out: Path | None) -> None:
        """The summary: JSON on stdout when the scores went to a file and JSON is wanted, else text on stderr."""
        from mergecells.apps.cli.score_results import counted, render_summary
        from mergecells.domain.revision import short

        if self.output is Output.JSON and out is not None:
            about = {"revision": self.snapshot.revision, "date": self.date.isoformat(), "vertical": self.vertical}
            print_json({**about, **summary.to_dict(source.columns), "out": str(out)})
            return
        seconds = time.monotonic() - self._started
        where = f", written to {out}" if out else ""
        unreadable = (
            f", {counted(summary.unreadable_count, 'row')} could not be read" if summary.unreadable_count else ""
        )
        vertical = f", vertical {self.vertical}" if self.vertical else ""
        self.context.say(
            f"{counted(summary.scored, 'lead')} scored in {seconds:.1f} s by {short(self.snapshot.revision)}, "
            f"as of {self.date}{vertical}{unreadable}{where}"
        )
        labels = {name: tier.label for name, tier in self.snapshot.config.rules.rules.tiers.items()}
        self.context.say(render_summary(summary, source.columns, labels))


def _snapshot(context: CliContext) -> Snapshot:
    from mergecells.apps.cli.loading import load_snapshot

    return load_snapshot(context.config_root)


def _refuse_file_options(*, out: Path | None, keep: list[str] | None) -> None:
    for option, given in (("--out", out), ("--keep", keep)):
        if given:
            raise UsageError(f"{option} goes with a whole file of leads, not with one lead.", "Leave it out.")


def _form(given: str | None) -> LeadsFormat | None:
    if given == "csv":
        return "csv"
    if given == "jsonl":
        return "jsonl"
    if given == "parquet":
        return "parquet"
    if given is None:
        return None
    raise UsageError(f"--format {given!r} is not known.", "Use csv, jsonl or parquet.")


def _result_form(output: Output, out: Path | None, leads_form: LeadsFormat) -> LeadsFormat:
    """By --out's ending, else JSON lines for --output json, else as the leads are."""
    from mergecells.adapters.leads_file import guess_format

    if out is not None and out.suffix:
        return guess_format(out)
    if output is Output.JSON:
        return "jsonl"
    # A terminal or a pipe gets text.
    return "csv" if leads_form == "parquet" else leads_form


@contextlib.contextmanager
def _destination(leads: Path, out: Path | None) -> Iterator[TextIO]:
    from mergecells.adapters.atomic_file import whole_text_file

    if out is None:
        yield sys.stdout
        return
    if out.exists() and leads.exists() and out.samefile(leads):
        raise UsageError("--out is the file of leads itself.", "Give it another name.")
    with whole_text_file(out) as stream:
        yield stream


def _check_keep(keep: tuple[str, ...], source: LeadsFile) -> None:
    known = {*source.columns.by_field.values(), *source.columns.unused}
    unknown = [title for title in keep if title not in known]
    if unknown and source.form != "jsonl":
        raise UsageError(
            f"--keep {unknown[0]!r} is not a column of the file.", f"There are {', '.join(sorted(known))}."
        )
