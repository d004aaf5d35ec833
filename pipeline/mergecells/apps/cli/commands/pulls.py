"""`mergecells pulls`: list, show, diff, approve, merge, close and comment on pull requests."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json

if TYPE_CHECKING:
    from mergecells.apps.cli.pull_request_host import HostSession
    from mergecells.domain.pulls import PullRequest

Number = Annotated[str, typer.Argument(metavar="N", help="The number, with or without #.")]
Form = Annotated[Output, typer.Option("--output", help="How to print the result.")]
Seen = Annotated[
    str | None, typer.Option("--revision", help="The head you looked at; refused when it was updated since.")
]
By = Annotated[str | None, typer.Option("--by", help='"NAME <MAIL>". Default: the one git is configured for.')]


class State(StrEnum):
    """Which pull requests `list` shows."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    ALL = "all"


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Pull requests of the configured host.")
    group.callback()(_choose)
    group.command("list")(list_pulls)
    group.command("show")(show)
    group.command("diff")(diff)
    group.command("approve")(approve)
    group.command("merge")(merge)
    group.command("close")(close)
    group.command("comment")(comment)
    app.add_typer(group, name="pulls")


def _choose(
    ctx: typer.Context,
    repository: Annotated[
        Path | None,
        typer.Option("--repository", help="The bare repository. Default: the one that the manifest names."),
    ] = None,
) -> None:
    ctx.meta["repository"] = repository


def list_pulls(
    ctx: typer.Context,
    state: Annotated[State, typer.Option("--state", help="Which ones.")] = State.OPEN,
    output: Form = Output.TEXT,
) -> None:
    """List pull requests, the newest first."""
    from mergecells.apps.cli.pulls_output import pull_line

    found = _open(ctx).host.pulls(state.value)
    if output is Output.JSON:
        print_json({"pull_requests": [pull.model_dump() for pull in found]})
        return
    for pull in found:
        print(pull_line(pull))
    if not found:
        context: CliContext = ctx.obj
        context.say(f"No {'' if state is State.ALL else state.value + ' '}pull requests.")


def show(ctx: typer.Context, number: Number, output: Form = Output.TEXT) -> None:
    """Show one pull request: its state, checks, approvals and what it changes."""
    from mergecells.apps.cli.pulls_output import pull_page

    pull = _open(ctx).host.show(_number(number))
    if output is Output.JSON:
        print_json(pull.model_dump())
    else:
        print(pull_page(pull))


def diff(ctx: typer.Context, number: Number, output: Form = Output.TEXT) -> None:
    """Show the changed lines of one pull request."""
    from mergecells.apps.cli.pulls_output import printable_diff

    text = _open(ctx).host.diff(_number(number))
    if output is Output.JSON:
        print_json({"number": _number(number), "diff": text})
    else:
        print(printable_diff(text))


def approve(
    ctx: typer.Context, number: Number, by: By = None, revision: Seen = None, output: Form = Output.TEXT
) -> None:
    """Approve what the pull request proposes now; a later update makes the approval stale."""
    session = _open(ctx)
    who = str(session.identity(by, "--by"))
    pull = session.host.approve(_number(number), who, seen=session.host.resolve(revision) if revision else None)
    _tell(pull, output, f"Approved #{pull.number} at {pull.head_revision[:12]}.")


def merge(
    ctx: typer.Context,
    number: Number,
    *,
    by: By = None,
    revision: Seen = None,
    force: Annotated[bool, typer.Option("--force", help="Merge in spite of a failed check.")] = False,
    output: Form = Output.TEXT,
) -> None:
    """Merge into the branch as it is now. A conflict, a failed check, or rules that break together refuse it."""
    from mergecells.authoring.merge import merge_checked

    session = _open(ctx)
    who = str(session.identity(by, "--by"))
    seen = session.host.resolve(revision) if revision else None
    pull = merge_checked(session.host, _number(number), who, force=force, seen=seen)
    _tell(pull, output, f"Merged #{pull.number} into {pull.branch} as {pull.merge_revision}.")
    context: CliContext = ctx.obj
    context.say("To bring your folder and workbook up to date: git pull && mergecells fill --apply")


def close(ctx: typer.Context, number: Number, by: By = None, output: Form = Output.TEXT) -> None:
    """Give a pull request up without merging it."""
    session = _open(ctx)
    pull = session.host.close(_number(number), str(session.identity(by, "--by")))
    _tell(pull, output, f"Closed #{pull.number}.")


def comment(
    ctx: typer.Context,
    number: Number,
    *,
    name: Annotated[str, typer.Option("--name", help="What the comment is called: the same name replaces it.")],
    body_file: Annotated[Path, typer.Option("--body-file", help="The text, markdown; - reads it from stdin.")],
) -> None:
    """Put a text into one comment of the pull request, in the place of an earlier one of the same name."""
    from mergecells.domain.errors import UsageError

    if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
        raise UsageError(f"--name {name!r} is no name.", "Use small letters, digits and hyphens.")
    try:
        text = sys.stdin.read() if str(body_file) == "-" else body_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{body_file} cannot be read: {error}.", "Give a file of UTF-8 text.") from error
    session = _open(ctx)
    session.release("", "").comment(_number(number), name, text)
    context: CliContext = ctx.obj
    context.say(f"#{_number(number)} has the comment {name}.")


def _open(ctx: typer.Context) -> HostSession:
    from mergecells.apps.cli.pull_request_host import open_bare, open_host

    repository: Path | None = ctx.meta.get("repository")
    context: CliContext = ctx.obj
    return open_bare(repository) if repository else open_host(context.config_root)


def _number(text: str) -> int:
    from mergecells.domain.errors import UsageError

    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 10):
        raise UsageError(f"{text[:40]!a} is not the number of a pull request.", "For example: 3")
    return int(digits)


def _tell(pull: PullRequest, output: Output, sentence: str) -> None:
    if output is Output.JSON:
        print_json(pull.model_dump())
    else:
        print(sentence)
