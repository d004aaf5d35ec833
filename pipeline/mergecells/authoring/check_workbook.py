"""A workbook checked: as an edit of a config, or on its own."""

from __future__ import annotations

from dataclasses import replace

from mergecells.authoring.check import CheckReport, check_files
from mergecells.authoring.export import export_workbook
from mergecells.domain.configset import RULES_FILE
from mergecells.domain.findings import has_errors, sort_findings
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files
from mergecells.domain.workbook import Workbook
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.workbook_plan import EXAMPLES
from mergecells.transforms.workbook_to_config import workbook_to_tables
from mergecells.transforms.yaml_to_config import load_config

_SEED: Files = {RULES_FILE: b'version: "1.0"\n'}
"""What no tab shows."""


def check_edited(
    workbook: Workbook, base_files: Files, head_files: Files, *, allow_large: bool, recompute: Recompute | None
) -> CheckReport:
    """The config that results when the workbook's edits are brought into the head's files."""
    exported = export_workbook(workbook, base_files, head_files)
    if not exported.ok:
        return CheckReport(tuple(sort_findings(exported.findings)), files=(workbook.source,))
    report = check_files(
        {**head_files, **exported.files},
        tables=exported.tables,
        base_files=head_files,
        allow_large=allow_large,
        recompute=recompute,
    )
    # Merged with others' edits, the rules are not those from which the workbook computed what it shows.
    moved = dict(base_files) != dict(head_files)
    kept = [finding for finding in report.findings if not (moved and finding.code == "formula.stale-value")]
    return replace(report, findings=tuple(sort_findings((*exported.findings, *kept))))


def check_workbook_alone(workbook: Workbook, shown: str, recompute: Recompute | None = None) -> CheckReport:
    """A workbook without the files it belongs to, as the config that its tabs make. Findings name its cells.

    Examples and verticals are only read: what they give depends on what no tab shows (the date of the examples, a
    vertical's tiers and lists).
    """
    specs = table_specs({}, Manifest())
    read, findings = workbook_to_tables(workbook, specs)
    tables = {tab: table for tab, table in read.items() if tab != EXAMPLES}
    edits = diff_tables(tables_from_documents(specs, load_config(_SEED).documents), tables)
    files = {**_SEED, **apply_edits(_SEED, specs, edits)}
    report = CheckReport(()) if has_errors(findings) else check_files(files, tables=tables, recompute=recompute)
    nowhere = {"file": shown, "line": None, "column": None}
    told = [finding.model_copy(update=nowhere) for finding in (*findings, *report.findings)]
    return replace(report, findings=tuple(sort_findings(told)), files=(shown,))
