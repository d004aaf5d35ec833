"""What the hub answers of a submission, as a JSON value."""

from __future__ import annotations

from mergecells.adapters.sqlite_hub import FINAL, RUNNING, WAITING, StoredSubmission
from mergecells.apps.submission_documents import Json


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
