"""Branch → workbook, after a merge: what was merged, its revision, and how far it got; edits made meanwhile stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mergecells.authoring.fill import FillPlan, newest_live, plan_fill
from mergecells.domain.errors import MergecellsError, UnknownRevisionError, WorkbookChangedError
from mergecells.domain.live_status import LiveStatus
from mergecells.domain.revision import Files, Revision, is_full_sha
from mergecells.domain.workbook import LIVE, Workbook
from mergecells.ports import PullRequestHost, WorkbookSource
from mergecells.transforms.workbook_changes import conflict_marks, error_marks

_ATTEMPTS = 5

Outcome = Literal["written", "refused"]


@dataclass(frozen=True, slots=True)
class WriteBack:
    """How a write-back ended.

    `written`: the workbook shows `plan.revision`, with `plan.kept` as its own edits. `refused`: it has conflicts or
    cells that cannot be read, which are marked; its values and its base are as they were. `notes` are further
    messages for the person.
    """

    outcome: Outcome
    plan: FillPlan
    notes: tuple[str, ...] = ()


def plan_write_back(
    source: WorkbookSource, host: PullRequestHost, branch: str, live: LiveStatus | None = None
) -> FillPlan:
    """What a write-back would do now."""
    return _plan(source.read() if source.exists() else None, host, branch, live)


def write_back(
    source: WorkbookSource,
    host: PullRequestHost,
    branch: str,
    live: LiveStatus | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> WriteBack:
    """Bring the workbook to the newest revision of `branch`; needs no checkout. Doing it again changes nothing.

    It never causes a submission: with the values comes the revision that they are of. What somebody types or saves
    while it is at work is seen before anything is written, and is part of the next attempt; `tell` hears of it.
    Raises WorkbookChangedError when they never pause, ConfigRejectedError when the branch cannot be read.
    """
    for _ in range(_ATTEMPTS):
        workbook = source.read() if source.exists() else None
        plan = _plan(workbook, host, branch, live)
        try:
            if plan.layout is None:
                return WriteBack("refused", plan, _show_problems(source, host, workbook, plan, live))
            source.write(plan.layout)
            source.mark({})
            return WriteBack("written", plan)
        except WorkbookChangedError as error:
            changed = error
            tell(f"{error.message} Looking again.")
    raise changed


def _plan(workbook: Workbook | None, host: PullRequestHost, branch: str, live: LiveStatus | None) -> FillPlan:
    """The branch is looked at after the workbook: then it cannot be behind the revision that the workbook is of."""
    head = host.head(branch)
    files = host.read_files(head)

    def read_base(revision: Revision) -> Files | None:
        return files if revision == head else _read(host, revision)

    return plan_fill(files, head, workbook, read_base, host.contains, live)


def _read(host: PullRequestHost, revision: Revision) -> Files | None:
    if not is_full_sha(revision):
        return None
    try:
        return host.read_files(host.resolve(revision))
    except UnknownRevisionError:
        return None


def _show_problems(
    source: WorkbookSource, host: PullRequestHost, workbook: Workbook | None, plan: FillPlan, live: LiveStatus | None
) -> tuple[str, ...]:
    """Marks, and the status where only programs look for it: no value is touched."""
    source.mark({**error_marks(plan.findings), **conflict_marks(plan.conflicts)})
    told = newest_live(workbook, live, host.contains) if workbook else None
    if workbook is None or told is None or workbook.metadata.get(LIVE) == told.dump():
        return ()
    try:
        source.remember({**workbook.metadata, LIVE: told.dump()})
    except MergecellsError as error:
        return (f"The workbook could not take a note of how far the revision got: {error.message}",)
    return ()
