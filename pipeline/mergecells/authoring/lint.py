"""The checks of prompts, routes, budgets and prices without those of formulas: quick enough for each save."""

from __future__ import annotations

from mergecells.authoring.check import CheckReport
from mergecells.domain.findings import sort_findings
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.revision import Files
from mergecells.transforms.call_check import check_calls
from mergecells.transforms.locate import Locator
from mergecells.transforms.output_check import check_outputs
from mergecells.transforms.secret_check import check_secrets
from mergecells.transforms.yaml_to_config import load_config


def lint_prompts(files: Files) -> CheckReport:
    """The findings about what lies below `prompts/`; where the rules do not load, those of every file instead."""
    loaded = load_config(files)
    documents = {name: document for name, document in loaded.documents.items() if name.startswith(PROMPTS_FOLDER)}
    locator = Locator(documents, files=files)
    findings = [*check_secrets(documents, locator)]
    if loaded.config is None:
        findings += loaded.findings
    else:
        findings += [each for each in loaded.findings if (each.file or "").startswith(PROMPTS_FOLDER)]
        findings += [*check_calls(loaded.config, locator), *check_outputs(loaded.config, locator)]
    return CheckReport(tuple(sort_findings(findings)), files=tuple(sorted(documents)))
