"""`mergecells schema`: the published JSON Schemas, and the table of check codes, from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json


def register(app: typer.Typer) -> None:
    schema = typer.Typer(no_args_is_help=True, help="The published JSON Schemas of the config files.")
    schema.command("export")(export)
    app.add_typer(schema, name="schema")


def export(
    ctx: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file differs.")] = False,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Write schemas/*.schema.json from the models; in mergecells' own repository also docs/checks.md."""
    context: CliContext = ctx.obj
    root = context.config_root
    differing = sorted(name for name, content in _generated(root).items() if _read(root / name) != content)
    if not check:
        _write(root, {name: content for name, content in _generated(root).items() if name in differing})
    verb = "differs" if check else "wrote"
    if output is Output.JSON:
        print_json({"differing" if check else "written": differing})
    else:
        for name in differing:
            print(f"{verb} {name}" if not check else f"{name} {verb} from the models")
    if not differing:
        context.say("schemas are up to date")
    if check and differing:
        context.say("run `mergecells schema export` and commit the result")
        raise typer.Exit(1)


def _generated(root: Path) -> dict[str, bytes]:
    from mergecells.transforms.finding_codes import CODES_PAGE, render_codes
    from mergecells.transforms.schema_export import export_schemas

    pages = {CODES_PAGE: render_codes().encode()} if (root / CODES_PAGE).is_file() else {}
    return {**export_schemas(), **pages}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
