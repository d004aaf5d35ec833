"""`release`: wait until a merged revision is live everywhere, tell the host, and offer the way back when it is not."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.fleet import live_on, notify, or_newer, service_urls, wait_until_live
from mergecells.apps.cli.releasing import counted_services, live_words, way_back_to
from mergecells.domain.errors import MergecellsError
from mergecells.domain.live_status import LiveStatus

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport
    from mergecells.authoring.propose import Submission


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(release)


def release(
    ctx: typer.Context,
    revision: Annotated[str, typer.Argument(help="What was merged. Default: the branch as it is now.")] = "",
    *,
    service: Annotated[
        list[str] | None, typer.Option("--service", metavar="URL", help="As for `status`. Default: the manifest's.")
    ] = None,
    environment: Annotated[
        str, typer.Option("--environment", help="What the host calls these services.")
    ] = "production",
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="S", help="Seconds to wait at the longest.")
    ] = 300.0,
    rollback: Annotated[
        bool, typer.Option("--rollback/--no-rollback", help="Open a pull request back to what still runs.")
    ] = True,
    author: Annotated[
        str | None, typer.Option("--author", help='Of the rollback, "NAME <MAIL>". Default: the one git knows.')
    ] = None,
    write_back: Annotated[
        str | None,
        typer.Option("--write-back", metavar="WORKBOOK", help="Then bring it up to date: google, or a file."),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="json: one document on stdout.")] = Output.TEXT,
) -> None:
    """Wait until every service runs REVISION, and tell the host: a Deployment and a status, `live on 3 of 3 services`.

    When it is not live in time, or a service refused it: exit status 1, and a pull request that goes back to the
    revision that most of the others run. Merging that is a person's decision.

    With MERGECELLS_RELOAD_TOKEN set, each service is asked to look at once. --write-back tells a workbook how it ended.
    """
    from mergecells.apps.cli.pull_request_host import open_host

    context: CliContext = ctx.obj
    session = open_host(context.config_root)
    wanted = session.host.resolve(revision or session.branch)
    urls = service_urls(context, service or [])
    told = session.release(wanted, environment)
    told.tell("waiting", f"waiting for {counted_services(len(urls))}")
    for note in notify(urls):
        context.say(note)
    runs = or_newer(session.host.contains)
    reports = wait_until_live(urls, wanted, time.monotonic() + timeout, runs)
    live = len(live_on(reports, wanted, runs))
    done = live == len(reports)
    told.tell("live" if done else "failed", live_words(live, len(reports)))
    way_back = None if done or not rollback else way_back_to(session, reports, wanted, author)
    _print(context, wanted, reports, live, way_back, output)
    words = _dated(live_words(live, len(reports)), way_back)
    written = write_back is None or _write_back(context, write_back, LiveStatus(wanted, words))
    if not done or not written:
        raise typer.Exit(1)


def _write_back(context: CliContext, workbook: str, status: LiveStatus) -> bool:
    """Whether the workbook was reached. Conflicts are marked in it: they are no failure of the release."""
    from mergecells.apps.cli.write_back_run import open_write_back

    try:
        run = open_write_back(context, workbook)
        plan = run.carry_out(context, status)
    except MergecellsError as error:
        context.say(f"The workbook was not reached: {error}")
        return False
    if plan.layout is None:
        context.say(f"{run.source.describe()} has problems, which are marked in it: its values stay as they are.")
    else:
        context.say(f"wrote {run.source.address}")
    return True


def _dated(words: str, way_back: Submission | None) -> str:
    """For a workbook, where it is read on other days too."""
    dated = words.replace("since ", f"since {datetime.datetime.now(datetime.UTC):%Y-%m-%d} ")
    return f"{dated}; the way back is #{way_back.pull.number}" if way_back and way_back.pull else dated


def _print(
    context: CliContext,
    wanted: str,
    reports: Sequence[ServiceReport],
    live: int,
    way_back: Submission | None,
    output: Output,
) -> None:
    from mergecells.apps.cli.status_table import render_status
    from mergecells.domain.revision import short

    pull = way_back.pull if way_back else None
    if output is Output.JSON:
        services = [dataclasses.asdict(report) for report in reports]
        opened = {"number": pull.number, "url": pull.url} if pull else None
        print_json({"live": live == len(reports), "wanted": wanted, "services": services, "rollback": opened})
        return
    print(render_status(reports, datetime.datetime.now(datetime.UTC)), flush=True)
    context.say(f"{short(wanted)} is {live_words(live, len(reports))}.")
    if pull:
        context.say(f"The way back is #{pull.number}: {pull.url}")
    elif way_back:
        context.say("The way back was refused: " + "; ".join(str(finding) for finding in way_back.plan.findings[:3]))
