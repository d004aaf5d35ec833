"""`mergecells prompts`: list, show, render, run, lint, import, history and diff of prompts, which are files."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mergecells.apps.cli.choices import FindingsOutput
from mergecells.apps.cli.commands.prompts_run import run
from mergecells.apps.cli.console import CliContext, Output, print_json
from mergecells.apps.cli.examples import epilog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mergecells.transforms.prompt_import import ImportedPrompt
    from mergecells.transforms.prompt_sizes import PromptSize

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The prompt's name.")]
Form = Annotated[Output, typer.Option("--output", help="How to print the result.")]
At = Annotated[str | None, typer.Option("--revision", help="A SHA, branch or tag. Default: the files as they are now.")]


class SourceChoice(StrEnum):
    """What `import` reads."""

    BRACES = "braces"
    HUMANLOOP = "humanloop"
    DOTPROMPT = "dotprompt"


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Prompts for language models: markdown files under prompts/.")
    group.command("list", epilog=epilog("prompts list"))(list_prompts)
    group.command("show", epilog=epilog("prompts show"))(show)
    group.command("render", epilog=epilog("prompts render"))(render)
    group.command("run", epilog=epilog("prompts run"))(run)
    group.command("lint", epilog=epilog("prompts lint"))(lint)
    group.command("import", epilog=epilog("prompts import"))(import_files)
    group.command("history", epilog=epilog("prompts history"))(history)
    group.command("diff", epilog=epilog("prompts diff"))(diff)
    app.add_typer(group, name="prompts")


def list_prompts(ctx: typer.Context, revision: At = None, output: Form = Output.TEXT) -> None:
    """List the prompts: type, model, inputs, and the SHA of each one's content."""
    from mergecells.apps.cli.prompt_files import prompt_files
    from mergecells.apps.cli.prompt_output import list_lines, prompt_row

    context: CliContext = ctx.obj
    found = prompt_files(context, revision)
    if output is Output.JSON:
        print_json([prompt_row(prompt) for prompt in found.reading.prompts.values()])
    elif found.reading.prompts:
        print("\n".join(list_lines(found.reading.prompts.values())))
    for finding in found.reading.findings:
        context.say(str(finding))
    if not found.reading.prompts:
        context.say("There are no prompts. Put one into prompts/NAME.md, or import one: mergecells prompts import.")


def show(ctx: typer.Context, slug: Slug, revision: At = None, output: Form = Output.TEXT) -> None:
    """Show one prompt's file as it is, or as it was at a revision."""
    from mergecells.apps.cli.prompt_files import prompt_files
    from mergecells.apps.cli.prompt_output import prompt_row

    found = prompt_files(ctx.obj, revision)
    prompt = found.find(slug)
    if output is Output.JSON:
        front = prompt.front.model_dump(by_alias=True, exclude_unset=True)
        more = {"revision": found.revision, "front": front, "body": prompt.body, "partials": prompt.partials}
        print_json({**prompt_row(prompt), **more})
        return
    sys.stdout.write(found.files[prompt.file].decode("utf-8-sig").replace("\r\n", "\n"))


def render(
    ctx: typer.Context,
    slug: Slug,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An input; lists and numbers as JSON; NAME=@FILE for a text."),
    ] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", help="A JSON file with inputs by name.")] = None,
    example: Annotated[str | None, typer.Option("--example", help="The inputs of this example of the prompt.")] = None,
    revision: At = None,
    output: Form = Output.TEXT,
) -> None:
    """Show the messages that a call would send. What is not given has its sample's value."""
    from mergecells.apps.cli.prompt_files import given_inputs, prompt_files
    from mergecells.apps.cli.prompt_output import rendered_json, rendered_lines
    from mergecells.apps.cli.token_counting import CounterAtHand, missing_words
    from mergecells.domain.errors import UsageError
    from mergecells.transforms.prompt_inputs import sample_inputs
    from mergecells.transforms.prompt_render import render_prompt
    from mergecells.transforms.prompt_sizes import count_for_ladder

    context: CliContext = ctx.obj
    found = prompt_files(context, revision)
    prompt = found.find(slug)
    if example is not None and example not in prompt.front.examples:
        known = ", ".join(prompt.front.examples) or "none"
        raise UsageError(f"{slug} has no example {example!r}.", f"Examples are: {known}.")
    stated = prompt.front.examples[example].inputs if example is not None else {}
    values = sample_inputs(prompt, stated) | given_inputs(prompt, inputs, assignments or [])
    rendered = render_prompt(prompt, found.reading.partials, values)
    routing = found.routing
    model, tokens = count_for_ladder(routing, prompt, rendered, CounterAtHand())
    if output is Output.JSON:
        print_json(rendered_json(rendered, tokens, model))
        return
    print("\n".join(rendered_lines(rendered)).rstrip("\n"))
    about = f"{tokens.tokens:,} tokens" if tokens.method == "exact" else f"About {tokens.tokens:,} tokens"
    context.say(f"{about} for {model or 'any model'} ({tokens.method}), prompt {rendered.sha[:12]}.")
    asked = routing.models.get(model)
    for line in missing_words({model: asked.id or model} if asked else {}):
        context.say(line)


def lint(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]…", help="Prompt files. Default: all of the config root.")
    ] = None,
    sizes: Annotated[bool, typer.Option("--sizes", help="List characters and tokens of each prompt too.")] = False,
    output: Annotated[FindingsOutput, typer.Option("--output", help="How to print.")] = FindingsOutput.TEXT,
) -> None:
    """Check prompts, routes, budgets and prices only; as `check`, without formulas and leads.

    Tokens are counted by the best method at hand (exact, calibrated, heuristic), and it is said.
    """
    from mergecells.apps.cli.check_run import merge_reports, run_checks
    from mergecells.apps.cli.choices import Kind
    from mergecells.apps.cli.findings_output import render_findings
    from mergecells.apps.cli.prompt_lint import lint_root, say_sizes

    context: CliContext = ctx.obj
    measured: Sequence[PromptSize] = ()
    if paths:
        kind = (
            None if all(path.is_relative_to(context.config_root) for path in map(Path.absolute, paths)) else Kind.PROMPT
        )
        report = merge_reports(each for _, each in run_checks(context, paths, kind, False))
    else:
        report, measured = lint_root(context.config_root)
    extra = {"files": list(report.files), "prompts": [each._asdict() for each in measured]}
    text = render_findings(report.findings, output, extra)
    if text:
        print(text)
    say_sizes(context, measured, table=sizes and output is FindingsOutput.TEXT)
    if not report.ok:
        raise typer.Exit(1)


def import_files(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Markdown with {name}, or .prompt files.")],
    form: Annotated[SourceChoice | None, typer.Option("--from", help="What the files are. Default: guessed.")] = None,
    slug: Annotated[str, typer.Option("--name", help="The new prompt's name. Default: the file's.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Write the files; without it, they are only shown.")] = False,
    output: Form = Output.TEXT,
) -> None:
    """Turn prompts of other tools into prompts/NAME.md, and say line by line what could not be taken over."""
    from mergecells.apps.cli.prompt_writing import import_all

    context: CliContext = ctx.obj
    imported = import_all(context.config_root, files, form.value if form else None, slug, apply=apply)
    if output is Output.JSON:
        print_json([_imported_json(file, each, apply) for file, each in zip(files, imported, strict=True)])
        return
    for file, each in zip(files, imported, strict=True):
        for note in each.notes:
            context.say(f"{file}:{note.line}: {note.message}")
        if not apply:
            sys.stdout.write(each.text)
        context.say(f"{file} → prompts/{each.slug}.md ({each.form}, {len(each.notes)} notes)")
    if not apply:
        context.say("Nothing was written; --apply does.")


def _imported_json(file: Path, each: ImportedPrompt, applied: bool) -> dict[str, object]:
    notes = [{"line": note.line, "message": note.message} for note in each.notes]
    target = f"prompts/{each.slug}.md"
    return {
        "source": str(file),
        "form": each.form,
        "file": target,
        "written": applied,
        "text": each.text,
        "notes": notes,
    }


def history(
    ctx: typer.Context,
    slug: Slug,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many commits.")] = 50,
    output: Form = Output.TEXT,
) -> None:
    """List the commits that changed a prompt or the partials that it uses, newest first."""
    from mergecells.apps.cli.prompt_history import history_rows
    from mergecells.apps.cli.prompt_output import table_lines

    context: CliContext = ctx.obj
    rows = history_rows(context, slug, limit)
    if output is Output.JSON:
        print_json(rows)
        return
    lines = [("revision", "when", "prompt", "who", "what")]
    lines += [(r["revision"][:12], r["at"], (r["sha"] or "gone")[:12], r["author"], r["subject"]) for r in rows]
    print("\n".join(table_lines(lines)))


def diff(
    ctx: typer.Context,
    slug: Slug,
    base: Annotated[str, typer.Argument(help="A SHA (shortened will do), a branch or a tag.")],
    head: Annotated[str | None, typer.Argument(help="Another one. Default: the files as they are now.")] = None,
    output: Form = Output.TEXT,
) -> None:
    """Compare one prompt at two revisions, word by word."""
    from mergecells.apps.cli.plan_output import wants_colour
    from mergecells.apps.cli.prompt_files import prompt_files
    from mergecells.transforms.word_diff import diff_words, show_words

    old, new = prompt_files(ctx.obj, base), prompt_files(ctx.obj, head)
    before, after = old.find(slug), new.find(slug)
    texts = [
        side.files[prompt.file].decode("utf-8-sig").replace("\r\n", "\n")
        for side, prompt in ((old, before), (new, after))
    ]
    pieces = diff_words(*texts)
    if output is Output.JSON:
        shown = [{"kind": piece.kind, "text": piece.text} for piece in pieces]
        print_json(
            {"slug": slug, "base": old.revision, "head": new.revision, "sha": [before.sha, after.sha], "pieces": shown}
        )
        return
    print(show_words(pieces, wants_colour()).rstrip("\n") or f"{slug} is the same.")
