"""`serve`: the reference lead service."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext
from mergecells.domain.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="DIR", help="A checkout, or `current` of `follow`. Default: the config root."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8800,
    service_name: Annotated[
        str, typer.Option("--service-name", metavar="NAME", help="In every log line, to tell services apart.")
    ] = "leads",
    hub: Annotated[
        str | None,
        typer.Option("--hub", metavar="URL", help="Tell this hub what runs. Default: MERGECELLS_HUB_URL, or none."),
    ] = None,
    hub_name: Annotated[
        str, typer.Option("--hub-name", metavar="NAME", help="As whom. Default: SERVICE-NAME@HOST:PORT.")
    ] = "",
) -> None:
    """Score leads over HTTP, always with the newest good config in DIR.

    The address goes to stdout, logs to stderr: JSON lines, or text on a terminal (MERGECELLS_LOG_FORMAT). It starts
    even when the newest config is bad, and is ready as soon as there is a good one. POST /internal/reload needs the
    token of MERGECELLS_RELOAD_TOKEN. A hub is told which revision runs, and which was refused, with the token of
    MERGECELLS_HUB_ACK_TOKEN; scoring never waits for that.
    """
    from mergecells.apps.logs import set_up_logs
    from mergecells.apps.service.process import address_of, bind, run
    from mergecells.apps.service.settings import read_settings
    from mergecells.apps.service.wiring import build_service, named_at_hub

    context: CliContext = ctx.obj
    folder = config if config is not None else context.config_root
    if not service_name.strip() or len(service_name) > 100:
        raise UsageError("--service-name is empty or longer than 100 characters.", "Give a short word.")
    settings = read_settings(hub=hub, hub_name=hub_name)
    set_up_logs(service=service_name)
    bound = bind(host, port)
    settings = dataclasses.replace(settings, hub=named_at_hub(settings.hub, service_name, bound.getsockname()))
    service = build_service(folder, settings)
    service.start(address_of(bound))
    print(address_of(bound), flush=True)
    run(service.app, bound, settings, service.close)
