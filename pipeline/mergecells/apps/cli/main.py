"""The command line: global options, one module per command, one place where errors become words and exit codes."""

from __future__ import annotations

import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from mergecells._version import __version__
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.examples import epilog
from mergecells.apps.secret_files import take_secret_files
from mergecells.domain.errors import ConfigRejectedError, MergecellsError, UsageError

EXIT_GOOD, EXIT_NO, EXIT_USAGE, EXIT_UNEXPECTED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

# One module per verb, in the order that --help shows: from the cell to the running service, then the tools.
COMMANDS = (
    "init",
    "fill",
    "export",
    "check",
    "diff",
    "impact",
    "submit",
    "pulls",
    "rollback",
    "release",
    "drift",
    "follow",
    "serve",
    "hub",
    "status",
    "score",
    "formula",
    "prompts",
    "quality",
    "report",
    "smoke",
    "cache",
    "budgets",
    "history",
    "schema",
    "demo",
)

EPILOG = """Examples:

  mergecells init leads && cd leads        a config repository with rules, workbook and pull requests

  mergecells submit --title "Older firms"   what changed in the workbook becomes a pull request

  mergecells check                          every finding, with file position and sheet cell

Exit status: 0 good, 1 the answer is no, 2 usage, 3 unexpected failure, 130 interrupted."""


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"mergecells {__version__}")
        raise typer.Exit


def _start(
    ctx: typer.Context,
    config_root: Annotated[
        Path | None,
        typer.Option(
            "--config-root",
            envvar="MERGECELLS_CONFIG_ROOT",
            help="The folder with mergecells.yaml. Default: the nearest parent that has one.",
        ),
    ] = None,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; show tracebacks.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only results and errors.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Business rules edited in a spreadsheet, reviewed as pull requests, run by git SHA."""
    take_secret_files(os.environ)
    ctx.obj = CliContext(given_root=config_root, verbose=verbose, quiet=quiet)


def build_app(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line, or only the named commands of it. Command modules import their heavy parts when they run,
    not here."""
    app = typer.Typer(
        name="mergecells",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    app.callback()(_start)
    for name in names:
        importlib.import_module(f"mergecells.apps.cli.commands.{name}").register(app)
    for command in app.registered_commands:
        command.epilog = epilog(command.name or str(getattr(command.callback, "__name__", "")))
    return app


def run(arguments: list[str]) -> int:
    """Run one command line. Returns the exit status; no traceback reaches the user without -v."""
    verbose = _is_verbose(arguments)
    name = _named(arguments)
    try:
        # What typer makes of the signatures of all commands takes longer than many a command.
        status = build_app([name] if name in COMMANDS else COMMANDS)(
            arguments, prog_name="mergecells", standalone_mode=False
        )
        return status if isinstance(status, int) else EXIT_GOOD
    except (KeyboardInterrupt, Abort):
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except TyperException as error:
        _show_usage_error(error)
        return EXIT_USAGE
    except MergecellsError as error:
        return _tell(error, verbose)
    except Exception as error:  # noqa: BLE001 - the outermost frame: every failure ends here as words
        return _tell_unexpected(error, verbose)


def _is_verbose(arguments: list[str]) -> bool:
    """Whether -v stands among the global options, which end at the command's name."""
    return any(each == "--verbose" or re.fullmatch(r"-[qv]*v[qv]*", each) for each in _global_options(arguments))


def _named(arguments: list[str]) -> str:
    """The command's name as it is written: the first argument that is no global option; empty without one."""
    options = _global_options(arguments)
    return next(iter(arguments[len(options) :]), "")


def _global_options(arguments: list[str]) -> list[str]:
    """The arguments before the command's name, the values of options among them."""
    waiting = iter(enumerate(arguments))
    for place, argument in waiting:
        if argument == "--config-root":
            next(waiting, None)
        elif not argument.startswith("-"):
            return arguments[:place]
    return arguments


def _show_usage_error(error: TyperException) -> None:
    show = getattr(error, "show", None)
    if callable(show):
        show()
    else:
        print(f"error: {error}", file=sys.stderr)


def _tell(error: MergecellsError, verbose: bool) -> int:
    if verbose:
        traceback.print_exception(error)
    print(f"error: {error.message}", file=sys.stderr)
    if isinstance(error, ConfigRejectedError):
        for finding in error.findings:
            print(f"  {finding}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_NO


def _tell_unexpected(error: Exception, verbose: bool) -> int:
    if verbose:
        traceback.print_exception(error)
    print(f"error: unexpected {type(error).__name__}: {error}", file=sys.stderr)
    if not verbose:
        print("  Run it again with -v for the traceback, and report it.", file=sys.stderr)
    return EXIT_UNEXPECTED
