"""`mergecells report`: what calls of language models cost, how good they were, and what changed it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.examples import epilog
from mergecells.apps.cli.report_run import (
    DaysOption,
    HistoryOption,
    OutOption,
    OutputOption,
    ReportOutput,
    TopOption,
    UntilOption,
    budget_states,
    open_session,
    print_report,
    wanted_period,
    write_file,
)

if TYPE_CHECKING:
    from mergecells.domain.reports import Grouping


class By(StrEnum):
    """What calls are grouped by."""

    SUBSYSTEM = "subsystem"
    PERSONA = "persona"
    MODEL = "model"
    PROMPT = "prompt"
    REVISION = "revision"
    WORKFLOW = "workflow"
    NODE = "node"
    INTENT = "intent"


ByOption = Annotated[By, typer.Option("--by", help="What to group by.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Costs, quality and use of language models, from the history.")
    group.command("costs", epilog=epilog("report costs"))(costs)
    app.add_typer(group, name="report")


def costs(
    ctx: typer.Context,
    days: DaysOption = 7,
    by: ByOption = By.PROMPT,
    until: UntilOption = "",
    top: TopOption = 30,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE.svg", help="Also draw the cost of each day by revision.")
    ] = None,
    output: OutputOption = ReportOutput.TEXT,
    out: OutOption = None,
    history: HistoryOption = "",
) -> None:
    """What calls cost, by prompt, revision and others: trend, budgets, cache, and shifts after a revision."""
    from mergecells.apps.cli.pull_finder import PullFinder
    from mergecells.transforms.cost_page import cost_csv, cost_json, cost_page
    from mergecells.transforms.cost_report import report_costs

    context: CliContext = ctx.obj
    period = wanted_period(days, until)
    session = open_session(context, history)
    grouping: Grouping = by.value
    report = report_costs(session.history.turns(period.before.since, period.until), period, grouping)
    personas = [row.key for row in report.rows] if by is By.PERSONA else []
    budgets, more = budget_states(session, personas)
    shifts = PullFinder(session.root).with_pulls(report.shifts)
    full = replace(report, budgets=budgets, shifts=shifts, notes=(*session.notes, *more))
    session.history.close()
    if chart is not None:
        from mergecells.transforms.cost_chart_svg import cost_chart

        write_file(chart, cost_chart(full, synthetic=session.synthetic))
        context.say(f"Chart: {chart}")
    print_report(lambda: cost_page(full, top), lambda: cost_json(full), lambda: cost_csv(full), output, out)
