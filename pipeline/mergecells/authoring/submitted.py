"""What a workbook submitted before: once it is merged, it is where the workbook's next edits start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mergecells.domain.errors import UnknownRevisionError
from mergecells.domain.revision import Files, Revision, is_full_sha
from mergecells.domain.workbook import SUBMITTED, Workbook

_MOST = 20
_MOST_LOOKED_FOR = 5

Contains = Callable[[Revision, Revision], bool]
"""Whether the first revision has the second among its ancestors (or is it); False where one is not known."""


class Submitted(NamedTuple):
    """One successful submission: the branch's revision then, and the proposal made on it."""

    onto: Revision
    proposal: Revision


class SubmittedFiles(NamedTuple):
    """The files before and after one submission: its edits are the difference. `whole`: the branch has its very commit;
    else a squash or rebase may have brought some of its edits, which shows cell by cell."""

    before: Files
    after: Files
    whole: bool = True


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
    """The submissions whose edits `head` may have and `base` has not, oldest first.

    Those whose very commit is in the head count whole. Of the newest others, whose request may have been squashed, is
    in review or was closed, only what the head says too will count (`merged_part`); while the branch did not move,
    there is nothing to look for.
    """
    commit = head.partition("-")[0]
    if not is_full_sha(base) or not is_full_sha(commit) or commit == base:
        return
    waiting = not_within(read_submitted(workbook), base, contains)
    for number, each in enumerate(waiting):
        whole = contains(commit, each.proposal)
        if whole or number >= len(waiting) - _MOST_LOOKED_FOR:
            before, after = _read(read, each.onto), _read(read, each.proposal)
            if before is not None and after is not None:
                yield SubmittedFiles(before, after, whole)


def _read(read: Callable[[Revision], Files | None], revision: Revision) -> Files | None:
    """None for a commit that is gone, as that of a request whose branch was deleted."""
    try:
        return read(revision)
    except UnknownRevisionError:
        return None
