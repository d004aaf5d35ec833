"""`mergecells drift`: does the workbook still say what the branch says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json

if TYPE_CHECKING:
    from mergecells.apps.cli.write_back_run import WriteBackRun
    from mergecells.authoring.drift import Drift

_ISSUE = "drift"
_TITLE = "The workbook does not say what the branch says"


def register(app: typer.Typer) -> None:
    app.command("drift")(drift)


def drift(
    ctx: typer.Context,
    *,
    workbook: Annotated[
        str | None, typer.Option("--workbook", help="An .xlsx file, or google. Default: the manifest's workbook.")
    ] = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="Keep the differences in one issue on GitHub, closed when there are none.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Compare the workbook with what is merged. Exit status 1 and a list when they differ; it is not written to."""
    from mergecells.apps.cli.write_back_run import open_write_back
    from mergecells.authoring.drift import find_drift

    context: CliContext = ctx.obj
    run = open_write_back(context, workbook)
    found = find_drift(run.source, run.session.host, run.session.branch)
    if output is Output.JSON:
        print_json(_as_json(found, run))
    else:
        _print(context, found, run)
    if issue:
        address = _tell_issue(found, run)
        context.say(f"The issue is {address}" if address else "No issue is open.")
    if not found.is_none:
        raise typer.Exit(1)


def _as_json(found: Drift, run: WriteBackRun) -> dict[str, Any]:
    return {
        "workbook": run.source.describe(),
        "revision": found.revision,
        "drift": not found.is_none,
        "behind": [change.model_dump() for change in found.behind],
        "ahead": [change.model_dump() for change in found.ahead],
        "findings": [finding.model_dump() for finding in found.findings],
    }


def _print(context: CliContext, found: Drift, run: WriteBackRun) -> None:
    from mergecells.transforms.drift_render import drift_lines, drift_summary

    for line in drift_lines(found.behind, found.ahead, found.findings):
        print(line)
    count = len(found.behind) + len(found.ahead) + sum(each.severity == "error" for each in found.findings)
    context.say(drift_summary(run.source.describe(), run.session.branch, found.revision, count))


def _tell_issue(found: Drift, run: WriteBackRun) -> str | None:
    from mergecells.transforms.drift_render import drift_issue, drift_lines

    host = run.session.release(found.revision, "")
    if found.is_none:
        return host.issue(_ISSUE, _TITLE, "")
    lines = drift_lines(found.behind, found.ahead, found.findings, markdown=True)
    text = drift_issue(run.source.describe(), run.source.address, run.session.branch, lines)
    return host.issue(_ISSUE, _TITLE, text)
