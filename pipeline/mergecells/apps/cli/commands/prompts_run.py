"""`mergecells prompts run`: call a model with a prompt, or hold its examples to what they expect."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class RunOutput(StrEnum):
    """The forms of `prompts run`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def run(
    ctx: typer.Context,
    slug: Annotated[
        str | None, typer.Argument(metavar="[SLUG]", help="The prompt's name; may be left out with --against.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An input; lists and numbers as JSON; NAME=@FILE for a text."),
    ] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", help="A JSON file with inputs by name.")] = None,
    example: Annotated[str | None, typer.Option("--example", help="The inputs of this example of the prompt.")] = None,
    examples: Annotated[
        bool, typer.Option("--examples", help="Run every example and hold it to what it expects; exit 1 if one fails.")
    ] = False,
    model: Annotated[str | None, typer.Option("--model", help="Ask this model only, not the prompt's ladder.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the answer as it comes.")] = False,
    cassette: Annotated[
        Path | None,
        typer.Option("--cassette", help="Answers recorded here cost nothing; with --apply new ones are added."),
    ] = None,
    persona: Annotated[str, typer.Option("--persona", help="Who it counts for.")] = "",
    run_id: Annotated[str, typer.Option("--run-id", help="The run whose budget it counts in.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the model even when the answer is kept.")] = False,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="BASE", help="Run the examples by this revision's prompts too, and compare."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", help="With --against: compare this revision. Default: the files as they are."),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="With --against: keep new answers in the file that the manifest names.")
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option("--max-cost", min=0, metavar="DOLLARS", help="With --against: ask, and spend no more than this."),
    ] = None,
    judged: Annotated[
        bool, typer.Option("--judge", help="Have each answer scored by the judge of quality.yaml too, which costs.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", "--yes", help="Ask the model and spend; without it, only the cost is shown.")
    ] = False,
    output: Annotated[RunOutput, typer.Option("--output", help="How to print the result.")] = RunOutput.TEXT,
) -> None:
    """Ask a model with a prompt. Without --apply it shows which models would be asked and what that costs at the most.

    With --examples each example is held to its `expected`. What is not given has its sample's value. With --against the
    examples of every prompt that changed (or of SLUG) are answered by both revisions, from recorded answers and, after
    the cost was shown, by models; exit 1 when an example is not good after the change, or has no answer.
    """
    if against is not None:
        _refuse_no_amount(max_cost)
        only = (inputs, assignments, example, examples or None, model, stream or None, run_id or None)
        _refuse_with_against(only, fresh and (record or cassette is not None))
        from mergecells.apps.cli.prompt_against import Asked as Comparison
        from mergecells.apps.cli.prompt_against import run_against

        good = run_against(
            ctx.obj,
            Comparison(slug, against, head, cassette, record, apply, max_cost, judged, fresh, persona, output.value),
        )
    else:
        from mergecells.apps.cli.prompt_run_asked import Asked, run_asked

        alone = _without_against(slug, head, record, max_cost, output)
        given = (inputs, assignments or (), example, examples, model, stream, cassette, (persona, run_id))
        good = run_asked(ctx.obj, Asked(alone, *given, fresh, judged, apply, output is RunOutput.JSON))
    if not good:
        raise typer.Exit(1)


def _without_against(
    slug: str | None, head: str | None, record: bool, max_cost: float | None, output: RunOutput
) -> str:
    """The prompt's name, which only --against can do without, as it alone takes the rest. Raises UsageError."""
    from mergecells.domain.errors import UsageError

    if slug is None:
        raise UsageError("Which prompt?", "Give its name, or --against BASE for all that changed.")
    if head or record or max_cost is not None or output is RunOutput.MARKDOWN:
        raise UsageError(
            "--head, --record, --max-cost and --output markdown are for comparing revisions.", "Add --against BASE."
        )
    return slug


def _refuse_no_amount(max_cost: float | None) -> None:
    """A cap is a number: with nan or inf nothing would be capped. Raises UsageError."""
    from mergecells.domain.errors import UsageError

    if max_cost is not None and not math.isfinite(max_cost):
        raise UsageError(f"--max-cost {max_cost} is no amount.", "Give dollars, as 0.20.")


def _refuse_with_against(single: tuple[object, ...], fresh: bool) -> None:
    """--against runs the examples of both sides as they stand. Raises UsageError."""
    from mergecells.domain.errors import UsageError

    if any(each for each in single):
        raise UsageError(
            "--against runs the examples of both revisions.",
            "Leave out --set, --inputs, --example, --examples, --model, --stream and --run-id.",
        )
    if fresh:
        raise UsageError("--fresh asks the model anew, and recorded answers do not.", "Give one of them.")
