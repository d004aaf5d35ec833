"""`mergecells prompts run`: call a model with a prompt, or hold its examples to what they expect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mergecells.apps.cli.console import CliContext, Output, print_json


def run(
    ctx: typer.Context,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The prompt's name.")],
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
    apply: Annotated[
        bool, typer.Option("--apply", help="Ask the model and spend; without it, only the cost is shown.")
    ] = False,
    output: Annotated[Output, typer.Option("--output", help="How to print the result.")] = Output.TEXT,
) -> None:
    """Ask a model with a prompt. Without --apply it shows which models would be asked and what that costs at the most.

    With --examples each example is held to its `expected`. What is not given has its sample's value.
    """
    from mergecells.apps.cli.prompt_run import Pinned, dearest, judge, make_client, offers, with_model
    from mergecells.apps.cli.prompt_run_cases import find_cases, load_pinned
    from mergecells.apps.cli.prompt_run_output import (
        offer_lines,
        offers_json,
        result_json,
        result_line,
        verdict_json,
        verdict_lines,
    )
    from mergecells.domain.errors import UsageError
    from mergecells.domain.llm import CallContext

    context: CliContext = ctx.obj
    if fresh and cassette is not None:
        raise UsageError("--fresh asks the model anew, and --cassette does not.", "Give one of them.")
    found = load_pinned(context.config_root)
    pinned = Pinned(found.revision, with_model(found.config, slug, model))
    prompt, cases = find_cases(pinned, slug, inputs, assignments or [], example, examples)
    if not apply and cassette is None:
        offered = [offers(pinned, prompt, case) for case in cases]
        if output is Output.JSON:
            print_json(offers_json(slug, cases, offered))
            return
        print("\n".join(offer_lines(slug, offered[0], len(cases), [dearest(each) for each in offered])))
        context.say("Nothing was sent; --apply asks the model.")
        return
    who = CallContext(persona=persona, run_id=run_id)
    with make_client(pinned, cassette, apply) as llm:
        if examples:
            verdicts = [judge(llm, slug, case, who, not fresh) for case in cases]
            if output is Output.JSON:
                print_json([verdict_json(each) for each in verdicts])
            else:
                print("\n".join(verdict_lines(verdicts)))
            if any(each.problems for each in verdicts):
                raise typer.Exit(1)
            return
        if stream and output is Output.TEXT:
            pieces = llm.stream(slug, cases[0].inputs, cache=not fresh, context=who)
            for piece in pieces:
                print(piece, end="", flush=True)
            print()
            result = pieces.result
        else:
            result = llm.call(slug, cases[0].inputs, cache=not fresh, context=who)
            print_json(result_json(result)) if output is Output.JSON else print(result.text)
        context.say(result_line(result))
