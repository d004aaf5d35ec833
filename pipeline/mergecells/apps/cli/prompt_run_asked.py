"""`prompts run` without --against: what calls would cost, or the calls themselves, as they were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mergecells.apps.cli.console import CliContext, print_json
from mergecells.apps.cli.prompt_run import Case, Pinned, dearest, make_client, offers, open_cassette, with_model
from mergecells.apps.cli.prompt_run_calls import Calling, run_examples, run_one
from mergecells.apps.cli.prompt_run_cases import find_cases, load_pinned
from mergecells.apps.cli.prompt_run_output import offer_lines, offers_json
from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext
from mergecells.domain.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told. `examples`: every example of the prompt. `go`: ask the model and spend."""

    slug: str
    inputs: Path | None
    assignments: Sequence[str]
    example: str | None
    examples: bool
    model: str | None
    stream: bool
    cassette: Path | None
    who: tuple[str, str]
    """Persona and run."""
    fresh: bool
    judge: bool
    go: bool
    json: bool


def run_asked(context: CliContext, asked: Asked) -> bool:
    """Show what it would cost, or call; false when an example is not as expected. Raises UsageError, LlmCallError."""
    if asked.fresh and asked.cassette is not None:
        raise UsageError("--fresh asks the model anew, and --cassette does not.", "Give one of them.")
    if asked.judge and not asked.go and asked.cassette is not None:
        raise UsageError("--judge asks a model for each answer.", "Add --apply.")
    found = load_pinned(context.config_root)
    pinned = Pinned(found.revision, with_model(found.config, asked.slug, asked.model))
    prompt, cases = find_cases(pinned, asked.slug, asked.inputs, asked.assignments, asked.example, asked.examples)
    if not asked.go and asked.cassette is None:
        _show_offer(context, asked, pinned, prompt, cases)
        return True
    return _call(context, asked, pinned, prompt, cases)


def _show_offer(context: CliContext, asked: Asked, pinned: Pinned, prompt: Prompt, cases: Sequence[Case]) -> None:
    offered = [offers(pinned, prompt, case) for case in cases]
    if asked.json:
        print_json(offers_json(asked.slug, cases, offered))
        return
    print("\n".join(offer_lines(asked.slug, offered[0], len(cases), [dearest(each) for each in offered])))
    context.say("Nothing was sent; --apply asks the model.")


def _call(context: CliContext, asked: Asked, pinned: Pinned, prompt: Prompt, cases: Sequence[Case]) -> bool:
    persona, run_id = asked.who
    who = CallContext(persona=persona, run_id=run_id)
    with make_client(pinned, open_cassette(asked.cassette, pinned, prompt, cases), asked.go) as llm:
        calling = Calling(llm, asked.slug, who, pinned.config.quality, not asked.fresh, asked.judge, asked.json)
        if asked.examples:
            return run_examples(calling, cases)
        run_one(calling, cases[0], context, stream=asked.stream)
        return True
