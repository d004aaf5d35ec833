"""Does the workbook still say what the branch says? Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from mergecells.authoring.fill import FillPlan
from mergecells.authoring.write_back import plan_write_back
from mergecells.domain.changes import Change
from mergecells.domain.errors import MergecellsError
from mergecells.domain.findings import Finding, has_errors
from mergecells.domain.revision import Revision
from mergecells.ports import PullRequestHost, WorkbookSource


@dataclass(frozen=True, slots=True)
class Drift:
    """How a workbook differs from the branch at `revision`.

    `behind`: what the branch has and the workbook does not show. `ahead`: its own edits, submitted or not, that are
    not merged. `findings`: conflicts, and cells that cannot be read.
    """

    revision: Revision
    behind: tuple[Change, ...] = ()
    ahead: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_none(self) -> bool:
        return not (self.behind or self.ahead or has_errors(self.findings))


def find_drift(source: WorkbookSource, host: PullRequestHost, branch: str) -> Drift:
    """Compare as a write-back would. Raises MergecellsError where there is no workbook, or either cannot be read."""
    if not source.exists():
        raise MergecellsError(f"There is no workbook at {source.address}.", "Make it with `mergecells fill --apply`.")
    plan: FillPlan = plan_write_back(source, host, branch)
    return Drift(plan.revision, plan.incoming, plan.kept, plan.findings)
