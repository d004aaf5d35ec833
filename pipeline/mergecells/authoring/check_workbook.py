"""A workbook checked: as an edit of a config, or on its own."""

from __future__ import annotations

import json
from dataclasses import replace

from mergecells.authoring.check import CheckReport, check_files
from mergecells.authoring.export import export_workbook
from mergecells.domain.configset import RULES_FILE
from mergecells.domain.findings import has_errors, sort_findings
from mergecells.domain.manifest import Manifest
from mergecells.domain.revision import Files
from mergecells.domain.tables import Tables
from mergecells.domain.workbook import CellValue, Workbook
from mergecells.transforms.config_to_yaml import apply_edits
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.tables import diff_tables, table_specs, tables_from_documents
from mergecells.transforms.workbook_plan import EXAMPLES, LISTS
from mergecells.transforms.workbook_to_config import workbook_to_tables
from mergecells.transforms.yaml_to_config import load_config


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
    seed = _seed(workbook, read)
    edits = diff_tables(tables_from_documents(specs, load_config(seed).documents), tables)
    files = {**seed, **apply_edits(seed, specs, edits)}
    report = CheckReport(()) if has_errors(findings) else check_files(files, tables=tables, recompute=recompute)
    nowhere = {"file": shown, "line": None, "column": None}
    told = [finding.model_copy(update=nowhere) for finding in (*findings, *report.findings)]
    return replace(report, findings=tuple(sort_findings(told)), files=(shown,))


def _seed(workbook: Workbook, read: Tables) -> Files:
    """What no edit of a table can say: the version, which no tab shows, and which items of the lists are numbers."""
    lists: dict[str, list[CellValue]] = {}
    table = read.get(LISTS)
    for key, row in table.rows.items() if table else ():
        ref = row.refs.get(table.spec.keys[-1]) if table else None
        cell = workbook.sheets[ref.sheet].at(ref.row, ref.column) if ref else None
        typed = cell.value if cell and cell.kind in ("number", "boolean") else key[-1]
        lists.setdefault(key[0], []).append(typed)
    return {RULES_FILE: f'version: "1.0"\nlists: {json.dumps(lists, ensure_ascii=False)}\n'.encode()}
