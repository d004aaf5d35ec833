"""`status`: what every service runs, since when, and what it rejected."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.fleet import ask, live_on, service_urls, wait_until_live
from mergecells.domain.errors import UsageError

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport

_REVISION = re.compile(r"[0-9a-f]{7,64}(?:-dirty-[0-9a-f]+)?|untracked-[0-9a-f]+")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    ctx: typer.Context,
    *,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service", metavar="URL", help="Ask this service; several times for more. Default: the manifest's."
        ),
    ] = None,
    wait: Annotated[
        str | None,
        typer.Option("--wait", metavar="REVISION", help="Until all run it: a SHA, or its first 7 or more digits."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, metavar="S", help="Seconds to wait at the longest.")
    ] = 60.0,
    output: Annotated[Output, typer.Option("--output", help="json: one document on stdout.")] = Output.TEXT,
) -> None:
    """What every service runs, since when, and what it rejected.

    Exit status 1 when a service does not answer or is not ready; with --wait, when not all run the revision in time,
    or one of them rejected it.
    """
    context: CliContext = ctx.obj
    urls = service_urls(context, service or [])
    if wait is not None and not _REVISION.fullmatch(wait):
        raise UsageError(f"--wait {wait!r} is not a revision.", "Give a SHA, or its first 7 or more digits.")
    started = time.monotonic()
    reports = wait_until_live(urls, wait, started + timeout) if wait else ask(urls)
    live = live_on(reports, wait)
    if output is Output.JSON:
        services = [dataclasses.asdict(report) for report in reports]
        print_json({"live": len(live) == len(reports), "wanted": wait, "services": services})
    else:
        _print_table(context, reports, live, wait, time.monotonic() - started)
    if len(live) < len(reports):
        raise typer.Exit(1)


def _print_table(
    context: CliContext,
    reports: Sequence[ServiceReport],
    live: Sequence[ServiceReport],
    wanted: str | None,
    seconds: float,
) -> None:
    from mergecells.apps.cli.status_table import live_words, refused, render_status
    from mergecells.domain.revision import short

    print(render_status(reports, datetime.datetime.now(datetime.UTC)), flush=True)
    if wanted is None:
        for words in live_words(reports):
            context.say(words)
        return
    context.say(f"{short(wanted)} is live on {len(live)}/{len(reports)} after {seconds:.1f} s.")
    for report in reports:
        if refused(report, wanted):
            context.say(f"{report.url} rejected it and keeps what it ran.")
        elif report not in live:
            context.say(f"{report.url} {report.problem or 'does not run it'}.")
