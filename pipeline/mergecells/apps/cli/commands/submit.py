"""`mergecells submit`: what changed in the workbook becomes a pull request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output


def register(app: typer.Typer) -> None:
    app.command("submit")(submit)


def submit(
    ctx: typer.Context,
    *,
    workbook: Annotated[
        str | None, typer.Option("--workbook", help="The .xlsx file. Default: the manifest's workbook.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Default: the change in words.")] = "",
    author: Annotated[
        str | None, typer.Option("--author", help='"NAME <MAIL>". Default: the one git is configured for.')
    ] = None,
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Yes, many rows are deleted, cells blanked or leads moved.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Merge the workbook's edits with the branch, check them, and open or update one pull request.

    With errors or conflicts nothing is opened or updated: they are listed and marked in the workbook's cells.
    """
    from mergecells.adapters.engine_process import EngineProcesses
    from mergecells.adapters.xlsx_workbook import XlsxWorkbook
    from mergecells.apps.cli.impact_leads import manifest_leads
    from mergecells.apps.cli.plan_output import report_submission
    from mergecells.apps.cli.pull_request_host import open_host
    from mergecells.authoring.submit import SubmitRequest, submit_workbook

    context: CliContext = ctx.obj
    root = context.config_root
    session = open_host(root)
    path = _workbook_path(root, workbook or session.manifest.workbook, given=workbook is not None)
    request = SubmitRequest(
        workbook=_shown_path(path, root),
        branch=session.branch,
        author=str(session.identity(author, "--author")),
        title=title,
        allow_large=allow_large,
        recompute=EngineProcesses(),
        read_leads=manifest_leads(root, quiet=context.quiet),
    )
    report_submission(context, submit_workbook(XlsxWorkbook(path), session.host, request), output)


def _workbook_path(root: Path, name: str, *, given: bool) -> Path:
    from mergecells.domain.errors import UsageError

    if name == "google":
        raise UsageError("Google Sheets are not connected in this version.", "Name an .xlsx file with --workbook.")
    path = Path(name) if given else root / name
    if not path.is_file():
        raise UsageError(f"There is no workbook {path}.", "Make it with `mergecells fill --apply`, or name another.")
    return path.resolve()


def _shown_path(path: Path, root: Path) -> str:
    """Relative to the config root where possible: the same for every clone of the repository."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
