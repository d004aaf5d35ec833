"""Revisions that were not published, and why: one JSON object a line in `rejected.jsonl`."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, ValidationError

from mergecells._version import __version__
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Revision
from mergecells.ports import RejectionLog


class RejectedRevision(BaseModel):
    """`at` is UTC, ISO. `package` is the version that refused: another one may find it good and checks again."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    revision: Revision
    at: str
    reason: str
    findings: tuple[Finding, ...] = ()
    package: str = __version__


class Rejections:
    """What is known to be bad, from `log` and since."""

    def __init__(self, log: RejectionLog) -> None:
        self._log = log
        self._known = {entry.revision for entry in read_rejections(log) if entry.package == __version__}

    def __contains__(self, revision: object) -> bool:
        return revision in self._known

    def add(self, entry: RejectedRevision) -> None:
        """Remember it, here and on disk. Raises MergecellsError when it cannot be written."""
        self._known.add(entry.revision)
        self._log.record_rejection(entry.model_dump_json())


def read_rejections(log: RejectionLog) -> Iterator[RejectedRevision]:
    """Every entry that can be read; a line cut short by a kill is passed over."""
    for line in log.rejections():
        try:
            yield RejectedRevision.model_validate_json(line)
        except ValidationError:
            continue
