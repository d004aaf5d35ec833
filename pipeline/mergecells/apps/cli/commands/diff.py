"""`mergecells diff BASE [HEAD]`: the change between two revisions in the words of the domain."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.console import CliContext, print_json

if TYPE_CHECKING:
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.domain.configset import ConfigSet
    from mergecells.domain.evaluation import Evaluation
    from mergecells.domain.impact import Impact
    from mergecells.domain.manifest import EvaluationSettings
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
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask models for what is not recorded, within max_cost of BASE's manifest."),
    ] = False,
    output: Annotated[DiffOutput, typer.Option("--output", help="How to print the result.")] = DiffOutput.TEXT,
) -> None:
    """Show what changes between two revisions, or between a revision and the files as they are now.

    Where the manifest has `evaluation`, also what changed prompts answer to their examples, before and after.
    """
    from mergecells.adapters.git_repository import GitRepository
    from mergecells.adapters.tree_files import read_config_files
    from mergecells.apps.cli.name_files import name_files
    from mergecells.apps.cli.plan_output import wants_colour
    from mergecells.domain.manifest import MANIFEST_NAME
    from mergecells.domain.plan import Plan
    from mergecells.transforms.diff import diff_configs
    from mergecells.transforms.impact_examples import examples_impact
    from mergecells.transforms.plan_render_markdown import render_markdown
    from mergecells.transforms.plan_render_text import render_text
    from mergecells.transforms.prompt_previews import preview_prompts
    from mergecells.transforms.yaml_to_config import load_config, parse_manifest

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
    # Money is spent by the word of the base, which was reviewed.
    settings = parse_manifest(old if live else new)[0].evaluation
    if live and settings is None:
        context.say(f"No model is asked: {MANIFEST_NAME} at {base} has no evaluation.")
    evaluation = _evaluation(context.config_root, repository, settings, head_revision if head else None, live)(
        before, after
    )
    plan = Plan(
        changes=changes, impact=impact, leads=leads, prompts=previews, evaluation=evaluation,
        base_revision=base_revision,
    )  # fmt: skip
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


def _evaluation(
    root: Path, repository: GitRepository, settings: EvaluationSettings | None, head: Revision | None, live: bool
) -> Callable[[ConfigSet | None, ConfigSet | None], Evaluation | None]:
    """Recorded answers are those of the head."""
    from mergecells.apps.cli.plan_evaluation import plan_evaluation

    recorded = None
    if head is not None and settings is not None and settings.recordings is not None:
        wanted = settings.recordings
        found = repository.read_files(head, repository.config_prefix, lambda path: path == wanted)
        recorded = found.get(wanted, b"").decode(errors="replace")
    return plan_evaluation(root, settings, live=live, recorded=recorded)


def _committed(repository: GitRepository, name: str) -> tuple[Files, Revision]:
    from mergecells.adapters.git_config_files import read_config_files

    revision = repository.resolve(name)
    return read_config_files(repository, revision, repository.config_prefix), revision
