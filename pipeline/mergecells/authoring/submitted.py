"""What a workbook submitted before: once it is merged, it is where the workbook's next edits start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mergecells.domain.revision import Files, Revision, is_full_sha
from mergecells.domain.workbook import SUBMITTED, Workbook

_MOST = 20

Contains = Callable[[Revision, Revision], bool]
"""Whether the first revision has the second among its ancestors (or is it); False where one is not known."""


class Submitted(NamedTuple):
    """One successful submission: the branch's revision then, and the proposal made on it."""

    onto: Revision
    proposal: Revision


class SubmittedFiles(NamedTuple):
    """The files before and after one submission: its edits are the difference."""

    before: Files
    after: Files


def read_submitted(workbook: Workbook) -> tuple[Submitted, ...]:
    """The submissions that the workbook remembers, oldest first; what is no pair of revisions is left out."""
    pairs = (entry.partition(":") for entry in workbook.metadata.get(SUBMITTED, "").split())
    return tuple(Submitted(onto, made) for onto, _, made in pairs if is_full_sha(onto) and is_full_sha(made))


def dump_submitted(submitted: Iterable[Submitted]) -> str:
    """The form in which a workbook remembers them; the newest are kept."""
    return " ".join(f"{onto}:{made}" for onto, made in list(dict.fromkeys(submitted))[-_MOST:])


def not_within(submitted: Iterable[Submitted], revision: Revision, contains: Contains) -> list[Submitted]:
    """Those that `revision`, or the commit below uncommitted files, does not contain."""
    commit = revision.partition("-")[0]
    return [each for each in submitted if not (is_full_sha(commit) and contains(commit, each.proposal))]


def merged_submissions(
    workbook: Workbook, base: Revision, head: Revision, contains: Contains, read: Callable[[Revision], Files | None]
) -> Iterator[SubmittedFiles]:
    """The submissions that `head` contains and `base` does not, oldest first.

    Only a proposal whose very commit is in the branch counts: what is in review, was closed, or was taken back with
    the branch's history is still this workbook's own edit.
    """
    commit = head.partition("-")[0]
    if not is_full_sha(base) or not is_full_sha(commit):
        return
    for each in not_within(read_submitted(workbook), base, contains):
        if contains(commit, each.proposal):
            before, after = read(each.onto), read(each.proposal)
            if before is not None and after is not None:
                yield SubmittedFiles(before, after)
