"""`mergecells history`: the database of calls itself: what is in it, pruning, and made-up records to try reports."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog
from mergecells.apps.cli.report_run import MOST_DAYS, HistoryOption
from mergecells.domain.errors import UsageError

Form = Annotated[Output, typer.Option("--output", help="How to print the result.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="What is remembered of calls: prune it, or make one up.")
    group.command("show", epilog=epilog("history show"))(show)
    group.command("prune", epilog=epilog("history prune"))(prune)
    group.command("synthetic", epilog=epilog("history synthetic"))(synthetic)
    app.add_typer(group, name="history")


def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="CALL|RUN", help="The call_id of a call, or the id of a run.")],
    history: HistoryOption = "",
    output: Form = Output.TEXT,
) -> None:
    """Show one call with its attempts, or what each node of a run cost."""
    from mergecells.apps.cli.report_run import open_session
    from mergecells.transforms.history_page import call_json, call_lines, run_json, run_lines

    session = open_session(ctx.obj, history)
    turn, nodes = session.history.call(name), session.history.run(name)
    where = session.history.describe()
    session.history.close()
    if turn is None and not nodes:
        raise UsageError(
            f"No call and no run {name[:80]!r} in {where}.",
            "The result of a call has it as call_id; a run has the run_id that its calls were given.",
        )
    if output is Output.JSON:
        print_json(call_json(turn) if turn else run_json(name, nodes))
    else:
        print("\n".join(call_lines(turn) if turn else run_lines(name, nodes)))


def prune(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=36_500, help="Keep so many days.")],
    apply: Annotated[bool, typer.Option("--apply", help="Delete; without it, only count.")] = False,
    history: HistoryOption = "",
    output: Form = Output.TEXT,
) -> None:
    """Delete what is older than so many days: calls, attempts, quality, runs, messages of threads."""
    from dataclasses import asdict

    from mergecells.apps.cli.report_run import open_session
    from mergecells.transforms.plan_words import counted

    context: CliContext = ctx.obj
    session = open_session(context, history)
    found = session.history.prune(time.time() - days * 86_400, apply=apply)
    where = session.history.describe()
    session.history.close()
    if output is Output.JSON:
        print_json({"history": where, "days": days, "deleted": apply, "rows": asdict(found)})
        return
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in asdict(found).items())
    what = "Deleted what is older" if apply else "Older"
    print(f"{what} than {counted(days, 'day')} in {where}: {counts}.")
    if found.total and not apply:
        context.say("Nothing was deleted; --apply does.")


def synthetic(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE|URL", help="A new history: an SQLite file or a database.")],
    days: Annotated[int, typer.Option("--days", min=1, max=MOST_DAYS, help="Days up to now.")] = 28,
    calls: Annotated[int, typer.Option("--calls", min=1, max=100_000, help="Calls a day.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same records.")] = 1,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day. Default: up to now.")] = "",
    from_git: Annotated[
        bool, typer.Option("--from-git", help="Label the calls with the newest commits of this repository.")
    ] = False,
) -> None:
    """Make up a history to try reports with. It is labelled as made up, in the database and in every report."""
    from mergecells.adapters.sql_history_synthetic import write_synthetic
    from mergecells.apps.cli.report_run import wanted_period
    from mergecells.apps.state_files import history_address
    from mergecells.transforms.synthetic_history import synthetic_history

    context: CliContext = ctx.obj
    revisions: tuple[str, ...] = ()
    if from_git:
        from mergecells.adapters.git_repository import GitRepository

        commits = GitRepository(context.config_root).log("HEAD", 5)
        revisions = tuple(commit.revision for commit in reversed(commits))
        if len(revisions) < 2:
            raise UsageError("This repository has less than two commits.", "Leave --from-git out.")
    period = wanted_period(days, until)
    records = synthetic_history(period.until, days, calls, seed, revisions)
    count = write_synthetic(history_address(file), records)
    context.say(f"{count:,} made-up records. Look at them: mergecells report costs --history {file}")
