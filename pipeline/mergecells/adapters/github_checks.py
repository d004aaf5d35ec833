"""A verdict on GitHub: a check run with annotations on file and line, or, without the permission, a commit status.

Only an App may make check runs (docs.github.com/rest/checks/runs); a token falls back to a status, which has no room
for findings: these stand in the request's body all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.domain.findings import Finding
from mergecells.domain.pulls import CheckResult

AT_ONCE: Final = 50
"""Annotations in one request, GitHub's limit; further ones are added by updating the run."""

_LONGEST_MESSAGE: Final = 60_000
_LONGEST_TITLE: Final = 255
_LONGEST_DESCRIPTION: Final = 140


def record_check(api: GitHubApi, result: CheckResult) -> None:
    """Make the check's verdict known on its revision."""
    annotations = [_annotation(finding) for finding in result.findings if finding.file]
    run = {
        "name": result.name,
        "head_sha": result.revision,
        "status": "completed",
        "conclusion": result.conclusion,
        "completed_at": result.at,
    }
    try:
        made = api.send(
            "POST", "check-runs", {**run, "output": _output(result, annotations[:AT_ONCE])}, repeatable=True
        )
    except GitHubRefusedError as error:
        if error.status not in {403, 404}:
            raise
        return _status(api, result)
    for start in range(AT_ONCE, len(annotations), AT_ONCE):
        more = {"output": _output(result, annotations[start : start + AT_ONCE])}
        api.send("PATCH", f"check-runs/{made['id']}", more, repeatable=False)
    return None


def _status(api: GitHubApi, result: CheckResult) -> None:
    description = (result.summary or result.conclusion)[:_LONGEST_DESCRIPTION]
    body = {"state": result.conclusion, "context": result.name, "description": description}
    api.send("POST", f"statuses/{result.revision}", body, repeatable=True)


def _output(result: CheckResult, annotations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    title = (result.summary or result.conclusion)[:_LONGEST_TITLE]
    return {"title": title, "summary": result.summary or result.conclusion, "annotations": list(annotations)}


def _annotation(finding: Finding) -> dict[str, Any]:
    line = finding.line or 1
    where = f"{finding.cell}: " if finding.cell else ""
    annotation: dict[str, Any] = {
        "path": finding.file,
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure" if finding.severity == "error" else "warning",
        "title": finding.code[:_LONGEST_TITLE],
        "message": f"{where}{finding.message} {finding.hint}".strip()[:_LONGEST_MESSAGE],
    }
    if finding.column:
        annotation |= {"start_column": finding.column, "end_column": finding.column}
    return annotation
