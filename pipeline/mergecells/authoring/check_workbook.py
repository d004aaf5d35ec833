"""A workbook checked: as an edit of a config, or on its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from mergecells.authoring.check import CheckReport, check_files
from mergecells.authoring.export import export_workbook
from mergecells.domain.configset import RULES_FILE, Document, vertical_file
from mergecells.domain.findings import Finding, has_errors, sort_findings
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files
from mergecells.domain.tables import Tables
from mergecells.domain.workbook import Sheet, Workbook
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.tables import REMOVE, diff_tables, table_specs, tables_from_documents
from mergecells.transforms.workbook_header import find_columns
from mergecells.transforms.workbook_to_config import workbook_to_tables
from mergecells.transforms.yaml_to_config import BUILT_IN_TABS, load_config

# No tab shows the version, so a workbook on its own has none.
_NOWHERE = {"line": None, "column": None}
_VERTICAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}\Z")
_SEED = {RULES_FILE: b'version: "1.0"\n'}


def check_edited(
    workbook: Workbook, base_files: Files, head_files: Files, *, allow_large: bool, recompute: Recompute | None
) -> CheckReport:
    """The config that results when the workbook's edits are brought into the head's files."""
    exported = export_workbook(workbook, base_files, head_files)
    if not exported.ok:
        return CheckReport(tuple(sort_findings(exported.findings)), {}, (workbook.source,))
    report = check_files(
        {**head_files, **exported.files},
        tables=exported.tables,
        base_files=head_files,
        allow_large=allow_large,
        recompute=recompute,
    )
    return replace(report, findings=tuple(sort_findings((*exported.findings, *report.findings))))


def check_workbook_alone(workbook: Workbook, shown: str, recompute: Recompute | None = None) -> CheckReport:
    """A workbook without the files it belongs to: what it would be as a config. Findings name its cells."""
    files: Files = _SEED
    placeholders = {vertical_file(tab): Document(vertical_file(tab), {}, {}, {}) for tab in _vertical_tabs(workbook)}
    documents: Mapping[str, Document] = placeholders
    findings: list[Finding] = []
    tables: Tables = {}
    # Twice: which columns the examples have is known only when the fields are.
    for _ in range(2):
        specs = table_specs(documents, Manifest())
        tables, findings = workbook_to_tables(workbook, specs)
        edits = diff_tables(tables_from_documents(specs, documents), tables)
        files = {**files, **apply_edits(files, specs, edits)}
        documents = {**placeholders, **load_config(files).documents}
    report = CheckReport(()) if has_errors(findings) else check_files(files, tables=tables, recompute=recompute)
    told = [finding.model_copy(update=_NOWHERE | {"file": shown}) for finding in (*findings, *report.findings)]
    return replace(report, findings=tuple(sort_findings(told)), files=(shown,))


def _vertical_tabs(workbook: Workbook) -> list[str]:
    """Tabs with the columns of a vertical, which only the files would tell for sure."""
    return [name for name, sheet in workbook.sheets.items() if not sheet.hidden and _is_vertical(name, sheet)]


def _is_vertical(name: str, sheet: Sheet) -> bool:
    if name in BUILT_IN_TABS or not _VERTICAL_NAME.match(name):
        return False
    file = vertical_file(name)
    spec = table_specs({file: Document(file, {}, {}, {})}, Manifest())[name]
    _, columns, _ = find_columns(sheet, spec)
    return {*spec.keys, REMOVE} <= columns.keys()
