"""`follow`: keeps a folder at the branch's newest good revision."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mergecells.apps.follow_metrics import FollowMetrics
    from mergecells.domain.errors import MergecellsError
    from mergecells.serving.follow import FollowStep


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(follow)


def follow(
    ctx: typer.Context,
    repository: Annotated[str, typer.Argument(metavar="REPO", help="A git repository: a folder or an address.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where `revisions/` and the link `current` are kept.")],
    *,
    branch: Annotated[str, typer.Option("--branch", help="The branch to follow.")] = "main",
    root: Annotated[
        str | None,
        typer.Option("--root", metavar="PATH", help="The config root inside the repository. Default: where it is."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.05, max=3600, metavar="S", help="Seconds between looks.")
    ] = 0.5,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=0, max=65535, help="Serve metrics for Prometheus; 0 takes a free port."),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option("--metrics-host", help="The address that metrics are served on.")
    ] = "127.0.0.1",
    output: Annotated[Output, typer.Option("--output", help="json: what --once did, on stdout.")] = Output.TEXT,
) -> None:
    """Keep DIR/current at the newest revision of a branch that passes every check.

    A revision with errors is never published, is remembered with its reason, and stops no later one. With --once the
    exit status is 0 when the branch's head is current, 1 when it was rejected. Otherwise it runs until it is stopped,
    and writes JSON logs to stderr where that is no terminal.
    """
    context: CliContext = ctx.obj
    on_terminal = sys.stdout.isatty() and not os.environ.get("MERGECELLS_LOG_FORMAT")
    with _logs(silent=once or on_terminal):
        if once:
            from mergecells.apps.following import follow_once

            _once(context, follow_once(repository, folder, branch, root), branch, output)
        else:
            told = f"following {branch} of {repository} into {folder}"
            if on_terminal:
                context.say(f"{told}; Ctrl-C stops")
            # Not both: a line of plain text among JSON lines is one that no program can read.
            logging.getLogger("mergecells").info(told, extra={"event": "follow.start"})
            metrics = _metrics(context, metrics_host, metrics_port, on_terminal) if metrics_port is not None else None
            _forever(repository, folder, branch, root, interval=interval, show=on_terminal, metrics=metrics)


def _metrics(context: CliContext, host: str, port: int, on_terminal: bool) -> FollowMetrics:
    from mergecells.apps.follow_metrics import serve_metrics

    metrics, address = serve_metrics(host, port)
    if on_terminal:
        context.say(f"metrics at {address}")
    logging.getLogger("mergecells").info(
        "metrics at %s", address, extra={"event": "follow.metrics", "address": address}
    )
    return metrics


def _once(context: CliContext, step: FollowStep, branch: str, output: Output) -> None:
    from mergecells.apps.cli.follow_lines import describe_end, describe_step, step_to_dict

    if output is Output.JSON:
        print_json(step_to_dict(step))
    else:
        lines = describe_step(step)
        for line in lines if step.kind == "published" else [*lines, describe_end(step)]:
            print(line, flush=True)
    if step.revision is None or step.revision != step.head:
        context.say(f"The head of {branch} is not published.")
        raise typer.Exit(1)


def _forever(
    repository: str,
    folder: Path,
    branch: str,
    root: str | None,
    *,
    interval: float,
    show: bool,
    metrics: FollowMetrics | None,
) -> None:
    from mergecells.apps.cli.follow_lines import describe_step
    from mergecells.apps.following import follow_branch

    stop = threading.Event()

    def tell(step: FollowStep | MergecellsError) -> None:
        for line in describe_step(step) if show else ():
            print(line, flush=True)

    former = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        follow_branch(repository, folder, branch, root, interval=interval, stop=stop, report=tell, metrics=metrics)
    finally:
        signal.signal(signal.SIGTERM, former)


@contextlib.contextmanager
def _logs(silent: bool) -> Iterator[None]:
    """Where a person reads the lines on stdout, the same told again as logs would only be in the way."""
    from mergecells.apps.logs import set_up_logs

    if not silent:
        set_up_logs(service="follow")
        yield
        return
    logger, nowhere = logging.getLogger("mergecells"), logging.NullHandler()
    former, logger.propagate = logger.propagate, False
    logger.addHandler(nowhere)
    try:
        yield
    finally:
        # The process may go on: another command in it, a test, a program that runs this one.
        logger.removeHandler(nowhere)
        logger.propagate = former
