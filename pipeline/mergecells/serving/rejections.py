"""Revisions that were not published, and why: one JSON object a line in `rejected.jsonl`.

`head.json` beside it says where the branch is now, so that a service can tell that what it runs is not the newest.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, ValidationError

from mergecells._version import __version__
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Revision
from mergecells.ports import RejectionLog
from mergecells.serving.status import Rejection


class RejectedRevision(BaseModel):
    """`at` is UTC, ISO. `package` is the version that refused: another one may find it good and checks again."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    revision: Revision
    at: str
    reason: str
    findings: tuple[Finding, ...] = ()
    package: str = __version__


class BranchHead(BaseModel):
    """`head.json`: the branch's newest revision, what is published, and why it is not the head when it is not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    branch: str
    head: Revision
    published: Revision | None
    at: str
    rejected: RejectedRevision | None = None


class Rejections:
    """What is known to be bad, from `log` and since."""

    def __init__(self, log: RejectionLog) -> None:
        self._log = log
        self._known = {entry.revision: entry for entry in read_rejections(log) if entry.package == __version__}

    def __contains__(self, revision: object) -> bool:
        return revision in self._known

    def add(self, entry: RejectedRevision) -> None:
        """Remember it, here and on disk. Raises MergecellsError when it cannot be written."""
        self._known[entry.revision] = entry
        self._log.record_rejection(entry.model_dump_json())

    def tell_head(self, branch: str, head: Revision, published: Revision | None, at: str) -> None:
        """Tell the services where the branch is. Raises MergecellsError when it cannot be written."""
        rejected = self._known.get(head) if head != published else None
        told = BranchHead(branch=branch, head=head, published=published, at=at, rejected=rejected)
        self._log.record_head(told.model_dump_json())


def refused_head(text: str) -> Rejection | None:
    """The rejection that keeps the branch's head from being published, from `head.json`; None when there is none."""
    try:
        told = BranchHead.model_validate_json(text)
    except ValidationError:
        return None
    if told.rejected is None:
        return None
    return Rejection(told.head, told.rejected.at, told.rejected.reason, told.rejected.findings)


def read_rejections(log: RejectionLog) -> Iterator[RejectedRevision]:
    """Every entry that can be read; a line cut short by a kill is passed over."""
    for line in log.rejections():
        try:
            yield RejectedRevision.model_validate_json(line)
        except ValidationError:
            continue
