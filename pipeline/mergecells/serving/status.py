"""What a service runs, since when, and what it refused: the answer of `/internal/config` and `status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mergecells.domain.findings import Finding
from mergecells.domain.loop_trace import trace_of
from mergecells.domain.revision import Revision

State = Literal["ok", "rejected", "unreadable"]
"""`ok`: the newest config serves. `rejected`: the newest has errors, `unreadable`: it cannot be read; the last known
good one serves."""

MAX_FINDINGS = 100
"""A status is read by people and polled by machines; a broken file can have thousands of findings."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the newest config does not serve. `at` is UTC, ISO; `revision` None where it could not even be told."""

    revision: Revision | None
    at: str
    reason: str
    findings: tuple[Finding, ...] = ()
    traceparent: str = ""
    """The trace of the change that made the revision; empty where nobody began one."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "revision": self.revision,
            "at": self.at,
            "reason": self.reason,
            "findings": [finding.model_dump() for finding in self.findings],
            "trace_id": trace_of(self.traceparent),
        }


@dataclass(frozen=True, slots=True)
class Status:
    """One consistent view. Times are UTC, ISO. `watching` says how changes are noticed.

    `unpublished` is the head of the followed branch when `follow` refused it: this service never saw it.
    """

    revision: Revision
    loaded_at: str
    status: State
    last_attempt: str
    rejected: Rejection | None = None
    loaded_from: str = ""
    watching: str = ""
    notes: tuple[str, ...] = ()
    unpublished: Rejection | None = None
    traceparent: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, under the names of the HTTP contract."""
        return {
            "revision": self.revision,
            "loaded_at": self.loaded_at,
            "status": self.status,
            "last_attempt": self.last_attempt,
            "rejected": self.rejected.to_dict() if self.rejected else None,
            "loaded_from": self.loaded_from,
            "watching": self.watching,
            "notes": list(self.notes),
            "unpublished": self.unpublished.to_dict() if self.unpublished else None,
            "trace_id": trace_of(self.traceparent),
        }


def bounded(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, and not more than a status can carry."""
    return tuple(sorted(findings, key=lambda finding: finding.severity != "error")[:MAX_FINDINGS])
