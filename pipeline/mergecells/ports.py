"""The roles that outside systems play. A Protocol only where a second system exists or is being built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mergecells.domain.locations import CellRef
from mergecells.domain.pulls import CheckResult, Proposal, PullRequest
from mergecells.domain.revision import Files, Revision
from mergecells.domain.workbook import Workbook
from mergecells.domain.workbook_layout import WorkbookLayout


class WorkbookSource(Protocol):
    """A spreadsheet that people edit: a local .xlsx file, or a Google Sheet."""

    def describe(self) -> str:
        """What to call it in messages: a file name, a sheet's title."""
        ...

    def read(self) -> Workbook:
        """Everything in one consistent read. Raises WorkbookUnreadableError; a partial read is never returned."""
        ...

    def write(self, layout: WorkbookLayout) -> None:
        """Bring the workbook to `layout` in one atomic step, creating it if missing; what the layout does not name
        (other tabs, columns to the right, formats of untouched cells) stays."""
        ...

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Show a note and a colour at each cell (conflicts, findings) and clear those of an earlier call."""
        ...


class PullRequestHost(Protocol):
    """Where proposals are reviewed and merged: a local bare repository, or GitHub."""

    def head(self, branch: str) -> Revision: ...

    def resolve(self, name: str) -> Revision:
        """A full SHA from a branch, tag, `pull/N`, or shortened SHA. Raises UnknownRevisionError."""
        ...

    def read_files(self, revision: Revision) -> Files:
        """The config files of one commit, each whole."""
        ...

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open or update the source's pull request in one atomic commit. Raises HeadMovedError."""
        ...

    def record_check(self, number: int, result: CheckResult) -> None: ...

    def pulls(self, state: str = "open") -> list[PullRequest]: ...

    def show(self, number: int) -> PullRequest: ...

    def diff(self, number: int) -> str:
        """Unified diff of the pull request against its base."""
        ...

    def approve(self, number: int, by: str) -> PullRequest: ...

    def merge(self, number: int, by: str) -> PullRequest:
        """A real merge commit on the branch, compare-and-swap. Raises HeadMovedError, or MergecellsError on conflicts
        and on a failed check."""
        ...
