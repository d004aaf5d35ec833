"""`prompts lint`: the findings of a config root, and how large its prompts are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.console import CliContext
from mergecells.apps.cli.prompt_output import size_lines, sizes_line
from mergecells.apps.cli.token_counting import CounterAtHand, missing_words
from mergecells.authoring.check import CheckReport
from mergecells.authoring.lint import lint_prompts, measure_prompts
from mergecells.transforms.yaml_to_config import RememberedLoads

if TYPE_CHECKING:
    from mergecells.transforms.prompt_sizes import PromptSize


def lint_root(root: Path) -> tuple[CheckReport, Sequence[PromptSize]]:
    """(the findings, the size of each prompt), with tokens by the best method at hand."""
    files, load, count = read_config_files(root).files, RememberedLoads(), CounterAtHand()
    return lint_prompts(files, count, load), measure_prompts(files, count, load)


def say_sizes(context: CliContext, sizes: Sequence[PromptSize], *, table: bool) -> None:
    """One line about all, or with `table` a line for each on stdout; and why a count is no exact one."""
    if not sizes:
        return
    context.say(sizes_line(sizes))
    if not table:
        return
    print("\n".join(["", *size_lines(sizes)]))
    for line in missing_words({each.model: each.model_id for each in sizes if each.model}):
        context.say(line)
