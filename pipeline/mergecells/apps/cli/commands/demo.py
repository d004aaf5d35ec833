"""`mergecells demo`: the whole loop on this machine."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext

if TYPE_CHECKING:
    from mergecells.apps.demo.story import Story


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", envvar="ONCE", help="Exit at the end; no service stays.")] = False,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65534, help="Of the first service; the second gets the next. 0: free."),
    ] = 0,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to play, empty or missing. Default: a temporary folder.")
    ] = None,
) -> None:
    """From a cell to two running services and back: a real workbook, repository, follower and services."""
    from mergecells.apps.demo.loop import play
    from mergecells.apps.demo.processes import Stage
    from mergecells.apps.demo.story import Story
    from mergecells.apps.demo.timeline import Timeline

    context: CliContext = ctx.obj
    with _place(folder, keep=not once) as place, Stage(place) as stage:
        line = Timeline()
        story = Story(stage, line, ports=(port, port + 1 if port else 0))
        line.event(f"playing in {place}")
        ending = play(story)
        line.chapter("The end")
        line.good(f"merge to live: {', '.join(f'{seconds:.2f} s' for seconds in ending.seconds)}")
        if once:
            return
        _say_what_next(context, story)
        with contextlib.suppress(KeyboardInterrupt):
            while all(process.poll() is None for process in stage.running):
                time.sleep(0.5)
        context.say("stopping")


@contextlib.contextmanager
def _place(folder: Path | None, *, keep: bool) -> Iterator[Path]:
    from mergecells.domain.errors import UsageError

    if folder is not None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is not empty.", "Name a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.resolve()
    elif keep:
        yield Path(tempfile.mkdtemp(prefix="mergecells-demo-"))
    else:
        with tempfile.TemporaryDirectory(prefix="mergecells-demo-") as temporary:
            yield Path(temporary)


def _say_what_next(context: CliContext, story: Story) -> None:
    first, second = story.services
    steps = [
        f"cd {story.root}",
        f"open {story.workbook.name} in LibreOffice or Excel, change a cell, save it",
        'mergecells submit --author "You <you@example.org>"',
        "mergecells pulls show 3",
        'mergecells pulls merge 3 --by "You <you@example.org>"',
        f"mergecells status --service {first} --service {second}",
        f"curl -s {first}/v1/score -H 'content-type: application/json' -d '{{\"years\": 12}}'",
    ]
    if shutil.which("mergecells") is None:
        steps.insert(0, f'export PATH="{Path(sys.executable).parent}:$PATH"')
    context.say("\nThe services stay up until Ctrl-C; the folder stays after it. Try, in another terminal:")
    for step in steps:
        context.say(f"  {step}")
