"""`mergecells submit`: what changed in the workbook becomes a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output
from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.apps.cli.dispatch_event import DispatchEvent
    from mergecells.domain.manifest import Manifest


def register(app: typer.Typer) -> None:
    app.command("submit")(submit)


def submit(
    ctx: typer.Context,
    *,
    workbook: Annotated[
        str | None, typer.Option("--workbook", help="An .xlsx file, or google. Default: the manifest's workbook.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Default: the change in words.")] = "",
    author: Annotated[
        str | None, typer.Option("--author", help='"NAME <MAIL>". Default: the one git is configured for.')
    ] = None,
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Yes, many rows are deleted, cells blanked or leads moved.")
    ] = False,
    event: Annotated[
        Path | None,
        typer.Option("--event", metavar="FILE", help="Title and author from a repository_dispatch of the add-on."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Merge the workbook's edits with the branch, check them, and open or update one pull request.

    With errors or conflicts nothing is opened or updated: they are listed and marked in the workbook's cells.
    """
    from mergecells.adapters.engine_process import EngineProcesses
    from mergecells.adapters.xlsx_workbook import XlsxWorkbook
    from mergecells.apps.cli.dispatch_answer import submit_and_answer
    from mergecells.apps.cli.impact_leads import manifest_leads
    from mergecells.apps.cli.plan_evaluation import plan_evaluation
    from mergecells.apps.cli.plan_output import report_submission
    from mergecells.apps.cli.pull_request_host import open_host
    from mergecells.apps.cli.wiring import open_workbook, workbook_label
    from mergecells.apps.loop_tracing import SubmissionTrace
    from mergecells.authoring.submit import SubmitRequest, submit_workbook
    from mergecells.domain.manifest import GOOGLE

    context: CliContext = ctx.obj
    root = context.config_root
    session = open_host(root)
    asked = _asked(context, event, session.manifest, [title, author, workbook if workbook != GOOGLE else None])
    if asked is not None:
        workbook, title, author = GOOGLE, asked.title, str(asked.author)
    source = open_workbook(root, session.manifest, workbook)
    if isinstance(source, XlsxWorkbook) and not source.exists():
        raise UsageError(
            f"There is no workbook {source.path}.", "Make it with `mergecells fill --apply`, or name another."
        )
    label = workbook_label(root, session.manifest, workbook)
    trace = SubmissionTrace("mergecells-submit", label)
    request = SubmitRequest(
        workbook=label,
        branch=session.branch,
        author=str(session.identity(author, "--author")),
        title=title,
        allow_large=allow_large,
        recompute=EngineProcesses(),
        read_leads=manifest_leads(root, quiet=context.quiet),
        evaluate=plan_evaluation(root, session.manifest.evaluation),
        shared=(workbook or session.manifest.workbook) == GOOGLE,
        tell=trace.tell,
        traceparent=trace.traceparent,
    )
    with trace:
        if asked is None:
            trace.submission = submit_workbook(source, session.host, request)
        else:
            trace.submission = submit_and_answer(asked, source, session.host, request)
    report_submission(context, trace.submission, output)


def _asked(
    context: CliContext, event: Path | None, manifest: Manifest, given: Sequence[str | None]
) -> DispatchEvent | None:
    """Who asked by an event, if one is given. Raises UsageError."""
    if event is None:
        return None
    if any(given):
        raise UsageError("--event says title, author and workbook by itself.", "Leave those options out.")
    from mergecells.apps.cli.dispatch_event import read_event

    asked = read_event(event, manifest)
    context.say(f"Submission {asked.nonce}, asked for by {asked.author}.")
    return asked
