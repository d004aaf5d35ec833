"""The roles that outside systems play. A Protocol only where a second system exists or is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

# For types only: a service that reads rules must not pay for the models of workbooks and pull requests.
if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping

    from mergecells.domain.config_tree import ConfigTree
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

    @property
    def address(self) -> str:
        """Where a person finds it: a path, a web address."""
        ...

    def exists(self) -> bool:
        """Whether there is anything to read; without it the next write makes the workbook from nothing."""
        ...

    def read(self) -> Workbook:
        """Everything in one consistent read. Raises WorkbookUnreadableError; a partial read is never returned."""
        ...

    def write(self, layout: WorkbookLayout) -> None:
        """Bring the workbook to `layout` in one atomic step, creating it if missing; what the layout does not name
        (other tabs, columns to the right, formats of untouched cells) stays. Raises WorkbookChangedError when somebody
        edited it since the last read."""
        ...

    def mark(self, marks: Mapping[CellRef, str]) -> None:
        """Show a note and a colour at each cell (conflicts, findings) and clear those of an earlier call."""
        ...

    def remember(self, metadata: Mapping[str, str]) -> None:
        """Replace the workbook's metadata; every cell stays."""
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

    def contains(self, newer: Revision, older: Revision) -> bool:
        """Whether `older` is `newer` or one of its ancestors; False where the repository does not have one of them."""
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

    def approve(self, number: int, by: str, *, seen: Revision | None = None) -> PullRequest:
        """Approve the present head. Raises HeadMovedError when it is not the one that was `seen`."""
        ...

    def close(self, number: int, by: str) -> PullRequest:
        """Give the pull request up; its source may open a new one."""
        ...

    def preview(self, number: int) -> Files:
        """The config files as a merge into the branch as it is now would leave them. Raises MergecellsError on
        conflicts."""
        ...

    def merge(
        self,
        number: int,
        by: str,
        *,
        force: bool = False,
        seen: Revision | None = None,
        onto: Revision | None = None,
    ) -> PullRequest:
        """A real merge commit on the branch, compare-and-swap. Raises MergecellsError on conflicts and on a failed
        check, HeadMovedError when the pull request's head is not the one `seen` or the branch is not at `onto`;
        `force` merges in spite of a failed check, never in spite of a conflict."""
        ...


class ReleaseLog(Protocol):
    """Where it is told how far a revision got: a Deployment on GitHub, nowhere for a local repository."""

    def tell(self, state: str, description: str) -> None:
        """`state`: waiting, live or failed. `description`: `live on 2 of 3 services`."""
        ...

    def comment(self, number: int, name: str, text: str) -> None:
        """Put `text` into the comment called `name` on a pull request, in the place of an earlier one."""
        ...

    def issue(self, name: str, title: str, text: str) -> str | None:
        """Keep `text` in the one open issue called `name`, and close it for an empty text; its address, if any."""
        ...


class RevisionSource(Protocol):
    """A branch whose newest revision is to be published: a git repository, or a host's API."""

    def describe(self) -> str:
        """The repository and branch, for messages and manifests."""
        ...

    def newest(self) -> Revision:
        """The branch's revision now, wherever it moved (forward, back, or forced). Raises MergecellsError."""
        ...

    def lineage(self, revision: Revision, limit: int) -> list[Revision]:
        """The commit and its first parents, newest first, at most `limit` of them."""
        ...

    def read_files(self, revision: Revision) -> Files:
        """The config files of one commit, each whole. Raises ConfigRejectedError for what cannot be read safely."""
        ...


class TreeStore(Protocol):
    """Where whole config trees are kept, one for each revision, one of them current."""

    def current(self) -> Revision | None: ...

    def publish(self, tree: ConfigTree) -> None:
        """Write the tree and make it current, in steps of which each leaves a whole tree behind, whatever stops it.
        Raises MergecellsError (disk full, no permission); the former tree then stays current."""
        ...

    def recent(self) -> Iterator[ConfigTree]:
        """The trees that are there: the current one, then the others from the newest. Unreadable ones are left out."""
        ...


class RejectionLog(Protocol):
    """Remembers, beside the published trees, the revisions that were not published."""

    def rejections(self) -> list[str]:
        """One JSON object a line, oldest first."""
        ...

    def record_rejection(self, line: str) -> None: ...

    def record_head(self, text: str) -> None:
        """Tell the services where the branch is: one JSON object, in the place of the former one."""
        ...


class ConfigFolder(Protocol):
    """Where a running service finds its config: a published tree, a checkout, a mounted ConfigMap, a plain folder."""

    def describe(self) -> str: ...

    def fingerprint(self) -> str:
        """Changes when the files may have changed; cheap, and right only nearly always: a digest decides."""
        ...

    def whole(self) -> str | None:
        """The name of the complete, settled tree that is there now; None where somebody may be editing."""
        ...

    def read(self) -> ConfigTree:
        """All files at one moment. Raises TreeChangingError, ConfigRejectedError, or MergecellsError."""
        ...

    def head(self) -> str:
        """What the publisher of this folder last told of its branch, see `RejectionLog.record_head`; empty when
        nobody did. Never raises."""
        ...

    def older(self) -> Iterator[ConfigTree]:
        """Earlier trees that are still there, newest first, for a start while the newest is bad."""
        ...


class Watcher(Protocol):
    """Gives hints that something changed. Events may be lost, so nothing relies on them but speed."""

    def tend(self) -> str:
        """Start or repair the watch; what keeps it from working, empty when it works."""
        ...

    def close(self) -> None: ...


class Metrics(Protocol):
    """Numbers for operators. No call may fail or block."""

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        """One attempt to load a config. `status`: `success` or `failure`."""
        ...

    def revision_live(self, revision: Revision, at: float) -> None:
        """`revision` serves since the Unix time `at`."""
        ...


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds that only grow, for waiting."""
        ...

    def now(self) -> datetime.datetime:
        """The time in UTC, for people."""
        ...
