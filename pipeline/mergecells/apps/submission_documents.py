"""How a submission ended, as JSON values and words: what the hub answers, and what a workflow leaves in the sheet."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from mergecells.authoring.propose import Submission
from mergecells.domain.changes import Change
from mergecells.domain.findings import Finding, count_findings
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


def state_of(submission: Submission) -> str:
    """proposed, unchanged, refused or conflict."""
    return submission.outcome if not submission.conflicts else "conflict"


def submission_facts(submission: Submission) -> Json:
    """What is told of one that ended, beside its state."""
    plan, pull = submission.plan, submission.pull
    return {
        "title": plan.title,
        "base": plan.base_revision or None,
        "changes": changes_json(plan.changes.changes),
        "findings": findings_json(plan.findings),
        "conflicts": [conflict_json(each) for each in submission.conflicts],
        "notes": list(submission.notes),
        "pull_request": pull_json(pull, submission.updated) if pull else None,
        "message": _message(submission, state_of(submission)),
    }


def _message(submission: Submission, state: str) -> str:
    pull = submission.pull
    if state == "proposed" and pull:
        has = "has these edits already" if not submission.updated and submission.notes else "is open"
        return (
            f"Pull request #{pull.number} was updated." if submission.updated else f"Pull request #{pull.number} {has}."
        )
    if state == "unchanged":
        also = f" Pull request #{pull.number} is still open with earlier edits." if pull else ""
        return f"Nothing changed: the sheet says what the branch says already.{also}"
    if state == "conflict":
        count = len(submission.conflicts)
        what = "A cell was" if count == 1 else f"{count} cells were"
        return f"{what} changed here and meanwhile on the branch. The conflicts are marked in the sheet."
    errors = count_findings(submission.plan.findings)["error"]
    counted = f"{errors} error{'s' if errors != 1 else ''}"
    return f"Refused: {counted}. The sheet's cells are marked; mend them, then submit again."
