"""`hub`: the server between Google Sheets, GitHub and the services."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import UsageError

_EXTRA = 'Install it with `pip install "mergecells[hub]"`.'


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(hub)


def hub(
    ctx: typer.Context,
    roots: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR", help="Config roots, each with a Google Sheet. Default: the config root."),
    ] = None,
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8900,
) -> None:
    """Take submissions from the add-on of a Google Sheet, and webhooks from GitHub; tell which service runs what.

    Settings come from the environment (docs/hub.md lists them); MERGECELLS_HUB_AUDIENCES and one of
    MERGECELLS_HUB_DOMAINS and MERGECELLS_HUB_EMAILS must be set, and the credentials for Google and GitHub as for
    submit. The address goes to stdout, logs to stderr. Put it behind a proxy that speaks TLS.
    """
    try:
        from mergecells.apps.hub.settings import read_settings
        from mergecells.apps.hub.wiring import build_hub
        from mergecells.apps.logs import set_up_logs
        from mergecells.apps.service.process import address_of, bind, run
        from mergecells.apps.service.settings import ServiceSettings
    except ImportError as error:
        raise UsageError(f"The hub needs {error.name}, which is not installed.", _EXTRA) from None

    context: CliContext = ctx.obj
    folders = [_root(folder) for folder in roots] if roots else [context.config_root]
    settings = read_settings()
    set_up_logs(service="hub")
    built = build_hub(folders, settings)
    bound = bind(host, port)
    built.hub.start()
    print(address_of(bound), flush=True)
    frame = ServiceSettings(
        stop_seconds=5.0, head_seconds=settings.head_seconds, max_connections=settings.max_connections
    )
    run(built.app, bound, frame, built.hub.stop)


def _root(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", "Name folders with a mergecells.yaml.")
    return folder.resolve()
