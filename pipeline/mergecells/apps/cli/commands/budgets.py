"""`mergecells budgets`: what LLM calls spent, hold back and may still spend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=epilog("budgets"))(budgets)


def budgets(
    ctx: typer.Context,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="Only this run and its nodes.")] = "",
    persona: Annotated[str, typer.Option("--persona", metavar="NAME", help="Only this persona.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="So many of those that were used last.")
    ] = 20,
    url: Annotated[
        str,
        typer.Option(
            "--ledger",
            metavar="URL",
            envvar="MERGECELLS_LEDGER_URL",
            help="redis://… Default: a file of the state folder.",
        ),
    ] = "",
    state_dir: Annotated[
        Path | None,
        typer.Option("--state-dir", envvar="MERGECELLS_STATE_DIR", help="The state folder. Default: the user's."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Every budget as it stands: spent, reserved for calls under way, remaining, and whether it warns or halts.

    Today, the total and named personas first, then what was used last. Halts are those of budgets.yaml as it is now.
    """
    from mergecells.apps.cli.llm_state import open_ledger_of
    from mergecells.apps.cli.loading import load_snapshot
    from mergecells.prompting.budget_report import budget_json, budget_lines, read_budgets

    context: CliContext = ctx.obj
    config = load_snapshot(context.config_root).config.budgets
    ledger, place = open_ledger_of(url, state_dir)
    try:
        rows = read_budgets(config, ledger, limit, run=run, persona=persona)
    finally:
        ledger.close()
    if output is Output.JSON:
        print_json({"ledger": place, "budgets": [budget_json(row) for row in rows]})
        return
    if rows:
        print("\n".join(budget_lines(rows)))
    else:
        context.say("Nothing was spent yet, and no budget is for all calls.")
    context.say(f"Counted in {place}.")
