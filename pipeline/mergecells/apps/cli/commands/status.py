"""`status`: what every service runs, since when, and what it rejected."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.domain.errors import ConfigRejectedError, UsageError

if TYPE_CHECKING:
    from mergecells.adapters.service_client import ServiceReport

_ASK_SECONDS = 3.0
_BETWEEN_SECONDS = 0.1
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
    urls = _urls(context, service or [])
    if wait is not None and not _REVISION.fullmatch(wait):
        raise UsageError(f"--wait {wait!r} is not a revision.", "Give a SHA, or its first 7 or more digits.")
    started = time.monotonic()
    reports = _wait(urls, wait, started + timeout) if wait else _ask(urls)
    live = _live(reports, wait)
    if output is Output.JSON:
        services = [dataclasses.asdict(report) for report in reports]
        print_json({"live": len(live) == len(reports), "wanted": wait, "services": services})
    else:
        _print_table(context, reports, live, wait, time.monotonic() - started)
    if len(live) < len(reports):
        raise typer.Exit(1)


def _urls(context: CliContext, given: Sequence[str]) -> list[str]:
    from mergecells.adapters.service_client import check_url

    urls = list(given) or _manifest_services(context.config_root)
    if not urls:
        raise UsageError(
            "No services are known.", "List their addresses as `services:` in mergecells.yaml, or give --service URL."
        )
    return list(dict.fromkeys(check_url(url) for url in urls))


def _manifest_services(root: Path) -> list[str]:
    from mergecells.domain.findings import has_errors
    from mergecells.domain.manifest import MANIFEST_NAME
    from mergecells.transforms.yaml_to_config import parse_manifest

    try:
        content = (root / MANIFEST_NAME).read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {root / MANIFEST_NAME}: {error.strerror}.", "Give --service URL.") from error
    manifest, findings = parse_manifest({MANIFEST_NAME: content})
    if has_errors(findings):
        raise ConfigRejectedError(f"{MANIFEST_NAME} has errors.", findings)
    return manifest.services


def _ask(urls: Sequence[str], seconds: float = _ASK_SECONDS) -> list[ServiceReport]:
    from mergecells.adapters.service_client import ask_services

    return ask_services(urls, seconds)


def _wait(urls: Sequence[str], wanted: str, deadline: float) -> list[ServiceReport]:
    """Ask until all run it, one refused it, or the time is over; always at least once."""
    from mergecells.apps.cli.status_table import refused, runs

    while True:
        left = deadline - time.monotonic()
        reports = _ask(urls, min(_ASK_SECONDS, max(left, 0.5)))
        done = all(runs(report, wanted) for report in reports) or any(refused(report, wanted) for report in reports)
        if done or time.monotonic() + _BETWEEN_SECONDS > deadline:
            return reports
        time.sleep(_BETWEEN_SECONDS)


def _live(reports: Sequence[ServiceReport], wanted: str | None) -> list[ServiceReport]:
    from mergecells.apps.cli.status_table import runs

    return [report for report in reports if (runs(report, wanted) if wanted else report.ready)]


def _print_table(
    context: CliContext,
    reports: Sequence[ServiceReport],
    live: Sequence[ServiceReport],
    wanted: str | None,
    seconds: float,
) -> None:
    from mergecells.apps.cli.status_table import refused, render_status
    from mergecells.domain.revision import short

    print(render_status(reports, datetime.datetime.now(datetime.UTC)), flush=True)
    if wanted is None:
        return
    context.say(f"{short(wanted)} is live on {len(live)}/{len(reports)} after {seconds:.1f} s.")
    for report in reports:
        if refused(report, wanted):
            context.say(f"{report.url} rejected it and keeps what it ran.")
        elif report not in live:
            context.say(f"{report.url} {report.problem or 'does not run it'}.")
