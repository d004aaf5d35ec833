"""`mergecells impact BASE [HEAD]`: what the change between two revisions does to real leads."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.commands.diff import DiffOutput
from mergecells.apps.cli.console import CliContext, print_json
from mergecells.apps.cli.lead_options import DateOption, LeadsFileOption, VerticalOption, evaluation_date
from mergecells.domain.errors import ConfigRejectedError, UsageError

if TYPE_CHECKING:
    from mergecells.apps.cli.impact_leads import Wanted
    from mergecells.domain.impact import Impact
    from mergecells.domain.revision import Files
    from mergecells.transforms.impact import RevisionRules

_MOST_FIELDS = 5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("impact")(impact)


def impact(
    ctx: typer.Context,
    base: Annotated[str, typer.Argument(help="A SHA (shortened will do), a branch or a tag.")],
    head: Annotated[str | None, typer.Argument(help="Another one. Default: the files as they are now.")] = None,
    *,
    leads: LeadsFileOption,
    outcome: Annotated[
        str | None, typer.Option("--outcome", metavar="FIELD", help="The column that tells who converted: 1/0, yes/no.")
    ] = None,
    vertical: VerticalOption = None,
    vertical_from: Annotated[
        str | None,
        typer.Option("--vertical-from", metavar="FIELD", help="The column that names each lead's vertical."),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="FIELD", help="Tier moves by its values. Up to five times.")
    ] = None,
    date: DateOption = None,
    charts: Annotated[
        Path | None, typer.Option("--charts", metavar="DIR", help="Write SVG pictures into this folder.")
    ] = None,
    output: Annotated[DiffOutput, typer.Option("--output", help="How to print the result.")] = DiffOutput.TEXT,
) -> None:
    """Score the same leads with two revisions: tier moves, score shifts, top movers, conversion."""
    from mergecells.apps.cli.impact_leads import Wanted
    from mergecells.transforms.impact_charts_svg import impact_charts
    from mergecells.transforms.impact_render_markdown import render_impact_markdown
    from mergecells.transforms.impact_render_text import render_impact_text

    context: CliContext = ctx.obj
    if len(by or ()) > _MOST_FIELDS:
        raise UsageError(f"--by can be given {_MOST_FIELDS} times.", "Run the command again for the others.")
    sides = _sides(context, base, head)
    wanted = Wanted(outcome or "", vertical_from or "", tuple(by or ()))
    result = _measure(context, sides, leads, wanted, evaluation_date(date), vertical)
    pictures = impact_charts(result) if charts is not None else {}
    if charts is not None:
        _write_charts(charts, pictures)
    if output is DiffOutput.JSON:
        print_json(result.model_dump())
    elif output is DiffOutput.MARKDOWN:
        names = [f"{charts.as_posix()}/{name}" for name in pictures] if charts else []
        print(render_impact_markdown(result, names).rstrip("\n"))
    else:
        print(render_impact_text(result))


def _sides(context: CliContext, base: str, head: str | None) -> tuple[RevisionRules, RevisionRules]:
    from mergecells.adapters.git_config_files import read_config_files as read_committed
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.adapters.tree_files import read_config_files
    from mergecells.domain.revision import digest_files

    repository = GitRepository(context.config_root)

    def committed(name: str) -> RevisionRules:
        revision = repository.resolve(name)
        return _compiled(read_committed(repository, revision, repository.config_prefix), revision)

    before = committed(base)
    if head is not None:
        return before, committed(head)
    files = read_config_files(context.config_root).files
    return before, _compiled(files, f"untracked-{digest_files(files)[:12]}")


def _compiled(files: Files, revision: str) -> RevisionRules:
    from mergecells.domain.revision import short
    from mergecells.transforms.impact import prepare_side
    from mergecells.transforms.yaml_to_config import load_config

    loaded = load_config(files)
    if loaded.config is None:
        raise ConfigRejectedError(f"The rules at {short(revision)} cannot be used.", list(loaded.findings))
    return prepare_side(loaded.config.rules, revision)


def _measure(
    context: CliContext,
    sides: tuple[RevisionRules, RevisionRules],
    path: Path,
    wanted: Wanted,
    day: datetime.date,
    vertical: str | None,
) -> Impact:
    from mergecells.apps.cli.impact_leads import ImpactLeads
    from mergecells.authoring.leads_impact import with_notes
    from mergecells.transforms.impact import measure_impact, merged_fields

    leads = ImpactLeads(path, merged_fields(*sides), wanted, context.quiet)
    return with_notes(measure_impact(*sides, leads, day, vertical, wanted.outcome, wanted.by), leads)


def _write_charts(folder: Path, charts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in charts.items():
            (folder / name).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write pictures into {folder}: {error.strerror}.") from error
