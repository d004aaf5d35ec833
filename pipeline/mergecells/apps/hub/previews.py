"""What a submission would do, without doing it: one read of the sheet, the merge, the reference engine's checks."""

from __future__ import annotations

from typing import Any

from mergecells.apps.hub.desks import Desk, Line
from mergecells.apps.submission_documents import changes_json, conflict_json, findings_json
from mergecells.authoring.check import check_files
from mergecells.authoring.export import base_revision, export_workbook
from mergecells.authoring.submit import read_base_files
from mergecells.authoring.submitted import merged_submissions
from mergecells.domain.findings import has_errors, sort_findings
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.yaml_to_config import RememberedLoads


def preview(desk: Desk) -> dict[str, Any]:
    """`POST /v1/previews`. Raises MergecellsError."""
    with desk.line("look") as line, paused_collector():
        return _preview(desk, line)


def _preview(desk: Desk, line: Line) -> dict[str, Any]:
    host = line.session.host
    workbook = desk.sheet(line).read()
    base, base_files = base_revision(workbook), read_base_files(workbook, host)
    head = host.head(desk.branch)
    head_files = host.read_files(head)
    load = RememberedLoads()
    submitted = merged_submissions(workbook, base, head, host.contains, host.read_files)
    export = export_workbook(workbook, base_files, head_files, submitted=tuple(submitted), load=load)
    findings = list(export.findings)
    if export.ok and export.files:
        merged = {**head_files, **export.files}
        report = check_files(merged, tables=export.tables, base_files=head_files, load=load)
        moved = dict(base_files) != dict(head_files)
        findings += [each for each in report.findings if not (moved and each.code == "formula.stale-value")]
    refused = bool(export.conflicts) or has_errors(findings)
    return {
        "base": base or None,
        "head": head,
        "outcome": "refused" if refused else "changed" if export.files else "unchanged",
        "changes": changes_json(export.changes),
        "findings": findings_json(sort_findings(findings)),
        "conflicts": [conflict_json(each) for each in export.conflicts],
    }
