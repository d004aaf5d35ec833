"""One file on its own, outside of any config: everything about it that does not need the other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from pydantic import BaseModel

from mergecells.authoring.check import CheckReport, check_files
from mergecells.domain.budgets import Budgets
from mergecells.domain.configset import RULES_FILE, Document
from mergecells.domain.findings import Finding, sort_findings
from mergecells.domain.quality import Quality
from mergecells.domain.routing import Routing
from mergecells.domain.scoring import Examples, Fields, LookupTable
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.locate import Locator
from mergecells.transforms.name_check import check_field_names
from mergecells.transforms.output_check import check_output
from mergecells.transforms.prompt_check import check_prompt
from mergecells.transforms.prompt_to_config import parse_prompt
from mergecells.transforms.quality_gate import check_quality
from mergecells.transforms.reference_check import check_example_date, check_samples
from mergecells.transforms.route_check import check_budgets, check_routing
from mergecells.transforms.schema_export import MODELS
from mergecells.transforms.secret_check import check_secrets
from mergecells.transforms.table_check import check_table
from mergecells.transforms.yaml_shape import validate_document
from mergecells.transforms.yaml_to_config import parse_yaml


def check_alone(content: bytes, kind: str | None, name: str, recompute: Recompute | None = None) -> CheckReport:
    """Check one file of a kind of `MODELS` (`rules`, `fields`, `table` …); findings call it `name`.

    Rules are checked whole, but for what only fields.yaml can tell. With `kind` None only that it is sound YAML.
    """
    if kind == "rules":
        report = check_files({RULES_FILE: content}, recompute=recompute)
        return CheckReport(
            tuple(_renamed(report.findings, RULES_FILE, name)), report.engines, (name,), tried=report.tried
        )
    if kind == "prompt":
        return CheckReport(tuple(sort_findings(_check_prompt(content, name))), files=(name,))
    document, findings = parse_yaml(name, content)
    if document is not None:
        locator = Locator({name: document}, files={name: content})
        findings += [*check_secrets({name: document}, locator)]
        if kind is not None:
            findings += _check_document(document, kind, locator)
    return CheckReport(tuple(sort_findings(findings)), files=(name,))


def _check_prompt(content: bytes, name: str) -> Iterator[Finding]:
    """All but what other files tell: partials, routes, prices."""
    prompt, document, findings = parse_prompt(name, content)
    yield from findings
    if document is not None:
        locator = Locator({name: document}, files={name: content})
        yield from check_secrets({name: document}, locator)
        if prompt is not None:
            yield from check_prompt(prompt, None, locator)
            yield from check_output(prompt, locator)


def _check_document(document: Document, kind: str, locator: Locator) -> Iterator[Finding]:
    model: type[BaseModel] = MODELS[kind]
    built, findings = validate_document(document, model)
    yield from findings
    if isinstance(built, Fields):
        yield from check_field_names(built, locator, document.file)
        yield from check_samples(built, locator, document.file)
    if isinstance(built, LookupTable):
        name = PurePosixPath(document.file).stem
        yield from check_table(name, built, locator, document.file)
    if isinstance(built, Routing):
        yield from check_routing(built, locator, None, document.file)
    if isinstance(built, Budgets):
        yield from check_budgets(built, locator, document.file)
    if isinstance(built, Quality):
        yield from check_quality(built, locator, document.file)
    if isinstance(built, Examples):
        yield from check_example_date(built, locator, document.file)


def _renamed(findings: Iterable[Finding], old: str, new: str) -> Iterator[Finding]:
    """Without cells, too: a file on its own has no workbook."""
    for finding in findings:
        yield finding.model_copy(update={"cell": None, **({"file": new} if finding.file == old else {})})
