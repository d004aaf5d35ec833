"""`release`: wait until a merged revision is live everywhere, tell the host, and offer the way back when it is not."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.fleet import live_on, service_urls, wait_until_live
from mergecells.apps.cli.releasing import counted_services, live_words, way_back_to

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
    output: Annotated[Output, typer.Option("--output", help="json: one document on stdout.")] = Output.TEXT,
) -> None:
    """Wait until every service runs REVISION, and tell the host: a Deployment and a status, `live on 3 of 3 services`.

    When it is not live in time, or a service refused it: exit status 1, and a pull request that goes back to the
    revision that most services run. Merging that is a person's decision.
    """
    from mergecells.apps.cli.pull_request_host import open_host

    context: CliContext = ctx.obj
    session = open_host(context.config_root)
    wanted = session.host.resolve(revision or session.branch)
    urls = service_urls(context, service or [])
    told = session.release(wanted, environment)
    told.tell("waiting", f"waiting for {counted_services(len(urls))}")
    reports = wait_until_live(urls, wanted, time.monotonic() + timeout)
    live = live_on(reports, wanted)
    done = len(live) == len(reports)
    told.tell("live" if done else "failed", live_words(len(live), len(reports)))
    way_back = None if done or not rollback else way_back_to(session, reports, wanted, author)
    _print(context, wanted, reports, way_back, output)
    if not done:
        raise typer.Exit(1)


def _print(
    context: CliContext, wanted: str, reports: Sequence[ServiceReport], way_back: Submission | None, output: Output
) -> None:
    from mergecells.apps.cli.status_table import render_status
    from mergecells.domain.revision import short

    live = live_on(reports, wanted)
    pull = way_back.pull if way_back else None
    if output is Output.JSON:
        services = [dataclasses.asdict(report) for report in reports]
        opened = {"number": pull.number, "url": pull.url} if pull else None
        print_json({"live": len(live) == len(reports), "wanted": wanted, "services": services, "rollback": opened})
        return
    print(render_status(reports, datetime.datetime.now(datetime.UTC)), flush=True)
    context.say(f"{short(wanted)} is {live_words(len(live), len(reports))}.")
    if pull:
        context.say(f"The way back is #{pull.number}: {pull.url}")
    elif way_back:
        context.say("The way back was refused: " + "; ".join(str(finding) for finding in way_back.plan.findings[:3]))
