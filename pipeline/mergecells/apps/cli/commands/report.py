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
from mergecells.domain.errors import UsageError

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
    group.command("quality", epilog=epilog("report quality"))(quality)
    group.command("weekly", epilog=epilog("report weekly"))(weekly)
    group.command("personas", epilog=epilog("report personas"))(personas)
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


def quality(
    ctx: typer.Context,
    days: DaysOption = 7,
    by: ByOption = By.PROMPT,
    until: UntilOption = "",
    top: TopOption = 30,
    output: OutputOption = ReportOutput.TEXT,
    out: OutOption = None,
    history: HistoryOption = "",
) -> None:
    """How good results were, by four dimensions: trend, gate, and shifts after a revision."""
    from mergecells.apps.cli.pull_finder import PullFinder
    from mergecells.transforms.quality_page import quality_csv, quality_json, quality_page
    from mergecells.transforms.quality_report import QUALITY_GROUPS, report_quality

    grouping: Grouping = by.value
    if grouping not in QUALITY_GROUPS:
        raise UsageError(f"Quality is not known by {grouping}.", f"Use one of: {', '.join(QUALITY_GROUPS)}.")
    period = wanted_period(days, until)
    session = open_session(ctx.obj, history)
    records = session.history.quality(period.before.since, period.until)
    report = report_quality(records, period, grouping, session.quality)
    shifts = PullFinder(session.root).with_pulls(report.shifts)
    full = replace(report, shifts=shifts, notes=session.notes)
    session.history.close()
    print_report(lambda: quality_page(full, top), lambda: quality_json(full), lambda: quality_csv(full), output, out)


def weekly(
    ctx: typer.Context,
    days: DaysOption = 7,
    until: UntilOption = "",
    output: OutputOption = ReportOutput.TEXT,
    out: OutOption = None,
    history: HistoryOption = "",
    issue: Annotated[bool, typer.Option("--issue", help="Keep it in an issue of the week on GitHub as well.")] = False,
    webhook: Annotated[
        bool, typer.Option("--webhook", help="Post it to the chat of MERGECELLS_REPORT_WEBHOOK, where that is set.")
    ] = False,
) -> None:
    """The rollup of a week: turns, intents, latency, cost, cache and fallback, top revisions, quality."""
    from mergecells.apps.cli.pull_finder import PullFinder
    from mergecells.transforms.weekly_page import weekly_csv, weekly_json, weekly_page
    from mergecells.transforms.weekly_report import report_week

    period = wanted_period(days, until)
    session = open_session(ctx.obj, history)
    since = period.before.since
    turns, records = session.history.turns(since, period.until), session.history.quality(since, period.until)
    report = report_week(turns, records, period, session.quality)
    finder = PullFinder(session.root)
    pulls = {row.key: finder.find(row.key) for row in report.revisions}
    full = replace(report, shifts=finder.with_pulls(report.shifts), pulls=pulls, notes=session.notes)
    session.history.close()
    print_report(lambda: weekly_page(full), lambda: weekly_json(full), lambda: weekly_csv(full), output, out)
    if issue or webhook:
        from mergecells.apps.cli.report_sending import send_report

        send_report(ctx.obj, weekly_page(full), period.until, issue=issue, webhook=webhook)


def personas(
    ctx: typer.Context,
    days: DaysOption = 7,
    until: UntilOption = "",
    top: TopOption = 30,
    output: OutputOption = ReportOutput.TEXT,
    out: OutOption = None,
    history: HistoryOption = "",
) -> None:
    """Each persona's tokens, cost and budget, and each of its stages: how long, how dear, how good."""
    from mergecells.transforms.persona_page import persona_csv, persona_json, persona_page
    from mergecells.transforms.persona_report import report_personas

    period = wanted_period(days, until)
    session = open_session(ctx.obj, history)
    turns = session.history.turns(period.before.since, period.until)
    records = session.history.quality(period.since, period.until)
    report = report_personas(turns, records, period, session.quality, {})
    states, more = budget_states(session, [row.persona for row in report.rows])
    budgets = {state.key.partition(":")[2]: state for state in states if state.key.startswith("persona:")}
    rows = tuple(replace(row, budget=budgets.get(row.persona)) for row in report.rows)
    full = replace(report, rows=rows, notes=(*session.notes, *more))
    session.history.close()
    print_report(lambda: persona_page(full, top), lambda: persona_json(full), lambda: persona_csv(full), output, out)
