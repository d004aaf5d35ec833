"""The checks of prompts, routes, budgets and prices without those of formulas: quick enough for each save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mergecells.authoring.check import CheckReport
from mergecells.domain.findings import sort_findings
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.revision import Files
from mergecells.transforms.call_check import check_calls, templates_can_be_read
from mergecells.transforms.locate import Locator
from mergecells.transforms.output_check import check_outputs
from mergecells.transforms.secret_check import check_secrets
from mergecells.transforms.tokens import PromptCounter, guess_prompt_tokens
from mergecells.transforms.yaml_to_config import Load, load_config

if TYPE_CHECKING:
    from mergecells.transforms.prompt_sizes import PromptSize


def lint_prompts(files: Files, count: PromptCounter = guess_prompt_tokens, load: Load = load_config) -> CheckReport:
    """The findings about what lies below `prompts/`; where the rules do not load, those of every file instead."""
    loaded = load(files)
    documents = {name: document for name, document in loaded.documents.items() if name.startswith(PROMPTS_FOLDER)}
    locator = Locator(documents, files=files)
    findings = [*check_secrets(documents, locator)]
    if loaded.config is None:
        findings += loaded.findings
    else:
        findings += [each for each in loaded.findings if (each.file or "").startswith(PROMPTS_FOLDER)]
        findings += [*check_calls(loaded.config, locator, count), *check_outputs(loaded.config, locator)]
    return CheckReport(tuple(sort_findings(findings)), files=tuple(sorted(documents)))


def measure_prompts(files: Files, count: PromptCounter, load: Load = load_config) -> tuple[PromptSize, ...]:
    """How large each prompt is; nothing where the config does not load, or Jinja2 is missing."""
    config = load(files).config
    if config is None or not templates_can_be_read():
        return ()
    from mergecells.transforms.prompt_sizes import prompt_sizes

    return tuple(prompt_sizes(config, count))
