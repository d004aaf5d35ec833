"""What a bare repository remembers of its pull requests: one JSON file each, in commits on a ref of its own.

`git log --first-parent refs/mergecells/pulls` is the whole story of every pull request, and a mirror clone carries it.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from mergecells.adapters.git_repository import GitRepository, RefUpdate
from mergecells.domain.errors import HeadMovedError, MergecellsError
from mergecells.domain.identity import Identity
from mergecells.domain.pulls import PullRequest
from mergecells.domain.revision import Revision

RECORDS_REF = "refs/mergecells/pulls"
_FILE = re.compile(r"([1-9][0-9]*)\.json")
_HEAD = re.compile(r"refs/pull/([1-9][0-9]*)/head")
_ATTEMPTS = 50
_ABOUT = b"""\
Pull requests of this repository, kept by mergecells: `N.json` is the state of number N, each commit one step.
`mergecells pulls list --state all` reads them; `refs/pull/N/head` is what each proposes.
"""


@dataclass(frozen=True, slots=True)
class Records:
    """The pull requests at one moment; `revision` is the commit they were read from, None before the first."""

    revision: Revision | None
    pulls: Mapping[int, PullRequest]
    heads: Mapping[int, Revision]

    @property
    def next_number(self) -> int:
        """One more than any number in use, also by a head whose record a power cut kept from being written."""
        return max((*self.pulls, *self.heads), default=0) + 1

    def find(self, number: int) -> PullRequest:
        """Raises MergecellsError for a number that was never given."""
        if number not in self.pulls:
            raise MergecellsError(f"There is no pull request #{number}.", "See `mergecells pulls list --state all`.")
        return self.pulls[number]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A new state of one pull request, with the refs that must move in the same step."""

    pull: PullRequest
    why: str
    by: Identity
    refs: tuple[RefUpdate, ...] = ()


def head_ref(number: int) -> str:
    return f"refs/pull/{number}/head"


def read_records(repository: GitRepository) -> Records:
    """All records, from one commit. Raises MergecellsError when a record was damaged."""
    refs = repository.refs("refs/")
    heads = {int(match[1]): sha for name, sha in refs.items() if (match := _HEAD.fullmatch(name))}
    revision = refs.get(RECORDS_REF)
    files = repository.read_files(revision) if revision else {}
    numbers = ((match[1], content) for path, content in files.items() if (match := _FILE.fullmatch(path)))
    pulls = {int(number): _parse_record(repository, number, content) for number, content in numbers}
    return Records(revision, dict(sorted(pulls.items())), heads)


def write_record(repository: GitRepository, records: Records, change: RecordChange) -> None:
    """Compare-and-swap of the record and of every ref in `change`. Raises HeadMovedError, nothing written."""
    first = records.revision or _first_commit(repository, change.by)
    # The head is a second parent so that an older head, once approved or refused, is never collected as garbage.
    kept = [first, change.pull.head_revision]
    content = change.pull.model_copy(update={"url": ""}).model_dump_json(indent=2).encode() + b"\n"
    tree = repository.write_tree({f"{change.pull.number}.json": content}, records.revision)
    commit = repository.commit_tree(tree, kept, f"{change.why} #{change.pull.number}: {change.pull.title}", change.by)
    repository.update_refs([*change.refs, RefUpdate(RECORDS_REF, commit, records.revision)])


def _first_commit(repository: GitRepository, by: Identity) -> Revision:
    """A commit without parents, so that the story of the records does not run on into the branch's."""
    return repository.commit_files({"README.md": _ABOUT}, [], "Pull requests of this repository", by)


def apply_change(repository: GitRepository, decide: Callable[[Records], RecordChange | PullRequest]) -> PullRequest:
    """Read the records, decide, write; again from the start when somebody else wrote in between.

    `decide` returns a pull request as it is when there is nothing to write. What it raises goes to the caller.
    """
    with queued(repository):
        for _ in range(_ATTEMPTS):
            records = read_records(repository)
            change = decide(records)
            if isinstance(change, PullRequest):
                return change
            try:
                write_record(repository, records, change)
            except HeadMovedError as error:
                lost = error
                continue
            return read_records(repository).find(change.pull.number)
    raise lost


@contextmanager
def queued(repository: GitRepository) -> Iterator[None]:
    """Writers on this machine go one after the other.

    Only against retry storms: that nothing is lost rests on the compare-and-swap, which holds on any file system.
    """
    place = repository.git_dir / "mergecells-pulls.lock"
    try:
        lock = place.open("ab")
    except OSError as error:
        raise MergecellsError(f"{place} cannot be written: {error.strerror}.", "May you write there?") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _parse_record(repository: GitRepository, number: str, content: bytes) -> PullRequest:
    try:
        pull = PullRequest.model_validate_json(content)
    except ValidationError as error:
        raise MergecellsError(
            f"The record of pull request #{number} in {RECORDS_REF} is damaged: {error.error_count()} problems.",
            f"`git log -p --first-parent {RECORDS_REF} -- {number}.json` shows its earlier states.",
        ) from error
    # The address is where the repository is now, not where it was when the record was written.
    return pull.model_copy(update={"url": f"{repository.git_dir}#{number}"})
