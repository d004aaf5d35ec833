"""What the hub answers, as JSON values: changes, findings, conflicts, pull requests, submissions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from mergecells.adapters.sqlite_hub import FINAL, RUNNING, WAITING, StoredSubmission
from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding
from mergecells.domain.pulls import PullRequest, failed_checks, standing_approvals
from mergecells.domain.tables import Conflict
from mergecells.transforms.workbook_changes import conflict_finding, show_key, show_value

Json = dict[str, Any]
MOST_SHOWN = 500
"""Changes, findings and conflicts in one answer."""


def now_text() -> str:
    """`2026-11-27T10:20:00Z`."""
    return time_text(datetime.datetime.now(datetime.UTC))


def time_text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def change_json(change: Change) -> Json:
    """A change as the sidebar shows it: where, what it is called, before and after as texts."""
    label = f"{change.area}: {change.key}" + (f": {change.field}" if change.field else "")
    whole = change.kind == "changed"
    return {
        "kind": change.kind,
        "cell": change.cell,
        "label": label,
        "before": show_value(change.old) if whole or change.old is not None else None,
        "after": show_value(change.new) if whole or change.new is not None else None,
        "file": change.file,
        "line": change.line,
    }


def conflict_json(conflict: Conflict) -> Json:
    """All three values, with the words that the terminal shows."""
    told = conflict_finding(conflict)
    label = f"{conflict.tab}: {show_key(conflict.key)}" + (f": {conflict.column}" if conflict.column else "")
    return {
        "cell": str(conflict.cell) if conflict.cell else None,
        "label": label,
        "base": show_value(conflict.base),
        "sheet": show_value(conflict.ours),
        "branch": show_value(conflict.theirs),
        "message": told.message,
        "hint": "Set the cell to the branch's value, or agree on one with whoever changed it, then submit again.",
    }


def changes_json(changes: Iterable[Change]) -> list[Json]:
    return [change_json(change) for change in list(changes)[:MOST_SHOWN]]


def findings_json(findings: Iterable[Finding]) -> list[Json]:
    """All but conflicts, which are told on their own."""
    return [each.model_dump() for each in list(findings) if each.code != "merge.conflict"][:MOST_SHOWN]


def pull_json(pull: PullRequest, updated: bool = False) -> Json:
    failed = failed_checks(pull)
    passed = [each for each in pull.checks if each.revision == pull.head_revision and each.conclusion == "success"]
    return {
        "number": pull.number,
        "url": pull.url,
        "title": pull.title,
        "state": pull.state,
        "updated": updated,
        "approved_by": [approval.by.partition(" <")[0] for approval in standing_approvals(pull)],
        "checks": {"passed": len(passed), "failed": [check.name for check in failed]},
    }


def submission_json(row: StoredSubmission, position: int) -> Json:
    """`GET /v1/submissions/{id}`."""
    document = row.document
    settled = row.state not in (WAITING, *RUNNING)
    return {
        "id": row.id,
        "spreadsheet": row.sheet,
        "state": row.state,
        "settled": settled,
        "final": row.state in FINAL or bool(document.get("final")),
        "again": row.state in {"failed", "refused", "conflict"},
        "message": document.get("message", ""),
        "title": document.get("title") or row.title,
        "author": row.author,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "position": position,
        "progress": document.get("progress", []),
        "pull_request": document.get("pull_request"),
        "changes": document.get("changes", []),
        "findings": document.get("findings", []),
        "conflicts": document.get("conflicts", []),
        "notes": document.get("notes", []),
        "base": document.get("base"),
        "revision": row.revision,
        "live": document.get("live"),
    }
