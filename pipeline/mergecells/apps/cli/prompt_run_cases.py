"""What `prompts run` calls with: the config as it is now, and inputs or examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mergecells.apps.cli.prompt_files import given_inputs
from mergecells.apps.cli.prompt_run import Case, Pinned
from mergecells.domain.errors import UsageError
from mergecells.domain.prompts import Prompt
from mergecells.prompting.plan import find_prompt
from mergecells.transforms.prompt_inputs import sample_inputs


def load_pinned(root: Path) -> Pinned:
    """The config of a folder. Raises ConfigRejectedError with every finding."""
    from mergecells.apps.embedding import open_config

    config = open_config(root, watch=False, state_dir=None)
    config.close()
    return Pinned(config.current.revision, config.current.config)


def find_cases(
    pinned: Pinned, slug: str, inputs: Path | None, assignments: Sequence[str], example: str | None, examples: bool
) -> tuple[Prompt, list[Case]]:
    """The prompt, and one case, or one for each of its examples. Raises UsageError."""
    prompt = find_prompt(pinned, slug)
    known = prompt.front.examples
    given = given_inputs(prompt, inputs, assignments)
    if examples and (example or not known):
        what = "--example is one of them" if example else f"{slug} has none"
        raise UsageError(f"--examples runs every example, and {what}.", "Examples stand in the prompt's front matter.")
    if example is not None and example not in known:
        raise UsageError(f"{slug} has no example {example!r}.", f"Examples are: {', '.join(known) or 'none'}.")
    if examples:
        cases = [Case(name, sample_inputs(prompt, each.inputs) | given, each.expected) for name, each in known.items()]
        return prompt, cases
    chosen = known[example].inputs if example else {}
    return prompt, [Case(example or "inputs", sample_inputs(prompt, chosen) | given)]
