"""`mergecells rollback REVISION`: a pull request that restores that revision's files."""

from __future__ import annotations

from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output


def register(app: typer.Typer) -> None:
    app.command("rollback")(rollback)


def rollback(
    ctx: typer.Context,
    revision: Annotated[str, typer.Argument(help="A SHA (shortened will do), a tag, or main~1.")],
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="SLUG", help="Restore this prompt only, and leave the rest.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="Default: Roll back to REVISION.")] = "",
    author: Annotated[
        str | None, typer.Option("--author", help='"NAME <MAIL>". Default: the one git is configured for.')
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Open a pull request that restores the config files of REVISION exactly; history stays, merging makes it live."""
    from mergecells.adapters.engine_process import EngineProcesses
    from mergecells.apps.cli.impact_leads import manifest_leads
    from mergecells.apps.cli.plan_evaluation import plan_evaluation
    from mergecells.apps.cli.plan_output import report_submission
    from mergecells.apps.cli.pull_request_host import open_host
    from mergecells.authoring.rollback import RollbackRequest, roll_back

    context: CliContext = ctx.obj
    session = open_host(context.config_root)
    request = RollbackRequest(
        revision=revision,
        branch=session.branch,
        author=str(session.identity(author, "--author")),
        title=title,
        prompt=prompt,
        recompute=EngineProcesses(),
        read_leads=manifest_leads(context.config_root, quiet=context.quiet),
        evaluate=plan_evaluation(context.config_root, session.manifest.evaluation),
    )
    report_submission(context, roll_back(session.host, request), output)
