"""`mergecells init [DIR]`: a config repository that works at once."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json

if TYPE_CHECKING:
    from mergecells.apps.cli.new_sheet import SheetOrder
    from mergecells.apps.cli.scaffold import Scaffold
    from mergecells.domain.identity import Identity


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(
    ctx: typer.Context,
    *,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Empty, or not there yet.")] = Path(),
    bare: Annotated[
        Path | None,
        typer.Option("--bare", help="Where the bare repository for pull requests goes. Default: DIR.git beside DIR."),
    ] = None,
    no_bare: Annotated[bool, typer.Option("--no-bare", help="Make no bare repository; add a remote yourself.")] = False,
    author: Annotated[
        str | None, typer.Option("--author", help='"NAME <MAIL>" of the first commit. Default: git\'s.')
    ] = None,
    google: Annotated[bool, typer.Option("--google", help="The workbook is a Google Sheet, made and filled.")] = False,
    share: Annotated[
        list[str] | None, typer.Option("--share", metavar="MAIL", help="Who may edit the sheet; may be repeated.")
    ] = None,
    sheet: Annotated[
        str, typer.Option("--sheet", help="Address of an empty Google Sheet to use, in place of a new one.")
    ] = "",
    drive_folder: Annotated[
        str, typer.Option("--drive-folder", metavar="ID", help="Drive folder for the sheet, as of a shared drive.")
    ] = "",
    hub: Annotated[str, typer.Option("--hub", metavar="URL", help="The hub to which the sheet's add-on submits.")] = "",
    github: Annotated[
        str, typer.Option("--github", metavar="OWNER/NAME", help="Pull requests on GitHub, in the place of --bare.")
    ] = "",
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Make a config repository: manifest, rules, schemas, workbook, git history and a place for pull requests."""
    from mergecells.apps.cli.scaffold import scaffold

    context: CliContext = ctx.obj
    place = Path(os.path.abspath(folder))
    beside = place.with_name(f"{place.name}.git")
    _check_github(github, bare)
    repository = None if no_bare or github else Path(os.path.abspath(bare)) if bare else beside
    order = _sheet_order(google, sheet, drive_folder, share or [], hub, github)
    made = scaffold(place, repository, _identity(author, place), order=order, github=github)
    for note in made.notes:
        context.say(note)
    if output is Output.JSON:
        print_json(_as_json(made))
        return
    _print_text(context, made, folder, github)


def _check_github(github: str, bare: Path | None) -> None:
    from mergecells.domain.errors import UsageError

    if github and not re.fullmatch(r"[\w.-]+/[\w.-]+", github):
        raise UsageError(f"--github takes OWNER/NAME, not {github!r}.", "As in acme/lead-rules.")
    if github and bare:
        raise UsageError("--github and --bare are two places for pull requests.", "Give one of them.")


def _sheet_order(google: bool, sheet: str, folder: str, share: list[str], hub: str, github: str) -> SheetOrder | None:
    from mergecells.adapters.packaged_addon import hub_address
    from mergecells.apps.cli.new_sheet import SheetOrder
    from mergecells.domain.errors import UsageError

    if not google:
        if sheet or folder or share or hub:
            raise UsageError("--share, --sheet, --drive-folder and --hub are about a Google Sheet.", "Add --google.")
        return None
    return SheetOrder(sheet, folder, share, hub_address(hub) if hub else "", github)


def _identity(given: str | None, place: Path) -> Identity:
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.domain.errors import UsageError
    from mergecells.domain.identity import parse_identity

    if given:
        return parse_identity(given)
    nearest = next(folder for folder in (place, *place.parents) if folder.is_dir())
    found = GitRepository(nearest).identity()
    if found is None:
        raise UsageError(
            "Who is this? git has no name and mail address for you.",
            'Give --author "NAME <MAIL>", or set them: git config --global user.name and user.email.',
        )
    return found


def _as_json(made: Scaffold) -> dict[str, object]:
    return {
        "folder": str(made.folder),
        "revision": made.revision,
        "workbook": made.workbook,
        "files": list(made.files),
        "repository": str(made.repository) if made.repository else None,
    }


def _print_text(context: CliContext, made: Scaffold, typed: Path, github: str) -> None:
    from mergecells.adapters.packaged_workflows import SOURCE_FILE

    print(f"{made.folder}  {len(made.files)} files, committed as {made.revision[:12]}")
    print(f"{made.workbook}  the workbook")
    if made.repository:
        print(f"{made.repository}  pull requests, `origin` of the folder")
    elif github:
        context.say(
            f"Pull requests go to https://github.com/{github}: `git push -u origin main` once it is there, empty."
        )
    else:
        context.say("Without a remote there is no place for pull requests: `git remote add origin` a bare repository.")
    if not made.workflows_ready:
        context.say(f"For GitHub Actions, say in {SOURCE_FILE} which mergecells to install; the file explains how.")
    go = "" if typed == Path() else f"cd {shlex.quote(str(typed))} && "
    context.say(f"\nNext: open the workbook, edit a cell, save, and run\n  {go}mergecells submit")
