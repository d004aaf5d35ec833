"""`mergecells diff BASE [HEAD]`: the change between two revisions in the words of the domain."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, print_json

if TYPE_CHECKING:
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.domain.impact import Impact
from mergecells.domain.revision import Files, Revision


class DiffOutput(StrEnum):
    """The output formats of `diff`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    app.command("diff")(diff)


def diff(
    ctx: typer.Context,
    base: Annotated[str, typer.Argument(help="A SHA (shortened will do), a branch or a tag.")],
    head: Annotated[str | None, typer.Argument(help="Another one. Default: the files as they are now.")] = None,
    output: Annotated[DiffOutput, typer.Option("--output", help="How to print the result.")] = DiffOutput.TEXT,
) -> None:
    """Show what changes between two revisions, or between a revision and the files as they are now."""
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.adapters.tree_files import read_config_files
    from mergecells.apps.cli.name_files import name_files
    from mergecells.apps.cli.plan_output import wants_colour
    from mergecells.domain.plan import Plan
    from mergecells.transforms.diff import diff_configs
    from mergecells.transforms.impact_examples import examples_impact
    from mergecells.transforms.plan_render_markdown import render_markdown
    from mergecells.transforms.plan_render_text import render_text
    from mergecells.transforms.prompt_previews import preview_prompts
    from mergecells.transforms.yaml_to_config import load_config

    context: CliContext = ctx.obj
    repository = GitRepository(context.config_root)
    old, base_revision = _committed(repository, base)
    if head is None:
        new: Files = read_config_files(context.config_root).files
        head_revision = name_files(repository, new)
    else:
        new, head_revision = _committed(repository, head)
    changes = diff_configs(old, new, base_revision, head_revision)
    if output is DiffOutput.JSON:
        print_json(changes.model_dump())
        return
    before, after = load_config(old).config, load_config(new).config
    impact = examples_impact(before, after) if changes.files else ()
    previews = preview_prompts(before, after)
    leads = _impact(context, old, new, (base_revision, head_revision)) if changes.files else None
    plan = Plan(changes=changes, impact=impact, leads=leads, prompts=previews, base_revision=base_revision)
    shown = render_markdown(plan, checked=False) if output is DiffOutput.MARKDOWN else render_text(plan, wants_colour())
    print(shown.rstrip("\n"))


def _impact(context: CliContext, old: Files, new: Files, revisions: tuple[Revision, Revision]) -> Impact | None:
    """On the leads that the manifest names; why not, where they cannot be had, is said and stops nothing."""
    from mergecells.apps.cli.impact_leads import manifest_leads
    from mergecells.authoring.leads_impact import measure_files

    read = manifest_leads(context.config_root, quiet=context.quiet)
    leads, guard = measure_files(old, new, revisions, read, allow_large=True)
    if leads is None:
        for finding in guard:
            context.say(str(finding))
    return leads


def _committed(repository: GitRepository, name: str) -> tuple[Files, Revision]:
    from mergecells.adapters.git_config_files import read_config_files

    revision = repository.resolve(name)
    return read_config_files(repository, revision, repository.config_prefix), revision
