"""`mergecells check`: every finding about a config, a workbook or a single file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.choices import FindingsOutput, Kind
from mergecells.apps.cli.console import CliContext

if TYPE_CHECKING:
    from mergecells.authoring.check import CheckReport


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]…", help="Config roots, files or workbooks. Default: the config root."),
    ] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="What a file on its own is. Default: guessed.")] = None,
    output: Annotated[FindingsOutput, typer.Option("--output", help="How to print.")] = FindingsOutput.TEXT,
    save: Annotated[
        list[str] | None,
        typer.Option("--save", metavar="FORM=FILE", help="Write another form as well, as sarif=findings.sarif."),
    ] = None,
    workbook: Annotated[
        str | None,
        typer.Option("--workbook", help="Check it with this workbook's edits: google, or a file."),
    ] = None,
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Accept many deleted rows, blanked cells or leads that change tier.")
    ] = False,
) -> None:
    """Check everything and report all findings at once, each with its file position and its cell in the workbook."""
    from mergecells.apps.cli.check_run import from_here, merge_reports, report_extra, run_checks
    from mergecells.apps.cli.engines_line import engines_line
    from mergecells.apps.cli.findings_files import save_findings, wanted_files
    from mergecells.apps.cli.findings_output import render_findings
    from mergecells.domain.revision import short

    context: CliContext = ctx.obj
    files = wanted_files(save or [])
    annotates = output in (FindingsOutput.GITHUB, FindingsOutput.SARIF)
    reports = list(run_checks(context, paths or [], kind, allow_large, workbook))
    report = merge_reports(from_here(root, each) if annotates else each for root, each in reports)
    save_findings(files, reports)
    colour = output is FindingsOutput.TEXT and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = render_findings(report.findings, output, report_extra(report), colour)
    if text:
        print(text)
    if report.leads is not None:
        from mergecells.transforms.impact_words import headline

        context.say(f"Leads, against {short(report.leads.base)}: {headline(report.leads)}")
    if output is FindingsOutput.TEXT and (line := engines_line(report.engines, report.tried)):
        print(line)
    _say_unseen(context, report)
    if not report.ok:
        raise typer.Exit(1)


def _say_unseen(context: CliContext, report: CheckReport) -> None:
    """With -v, what the independent engines did not compare, so that a pass is not taken for more than it is."""
    if not context.verbose:
        return
    for engine, count in report.engines.items():
        context.say(f"{engine}: {count.compared or count.computed} of {count.asked} results")
        for reason, number in count.not_compared.items():
            context.say(f"  {number} not compared: {reason}")
