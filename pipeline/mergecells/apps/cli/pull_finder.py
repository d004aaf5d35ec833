"""From a revision to the pull requests that it came with: by git, else by the host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mergecells.adapters.git_reading import Commit
from mergecells.adapters.git_repository import GitRepository
from mergecells.domain.errors import MergecellsError
from mergecells.domain.prompts import PROMPTS_FOLDER
from mergecells.domain.pulls import PullRequest
from mergecells.domain.reports import PullRef, Shift
from mergecells.domain.revision import Revision, is_full_sha
from mergecells.transforms.pull_of_commit import pull_of

_MOST = 5


class PullFinder:
    """Looks where it can and never fails: what is not found is not named."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._places = _repositories(root)
        self._merged: dict[Revision, PullRequest] | None = None

    def with_pulls(self, shifts: Iterable[Shift]) -> tuple[Shift, ...]:
        """The shifts with what came between the revision before and theirs: what touched prompts, if anything did."""
        return tuple(replace(shift, pulls=self._between(shift)) for shift in shifts)

    def find(self, revision: Revision) -> PullRef | None:
        """What brought this revision to the branch."""
        if not is_full_sha(revision):
            return None
        for repository in self._places:
            try:
                return self._named(repository, repository.log(revision, 1)[0])
            except MergecellsError:
                continue
        pull = self._host_pulls().get(revision)
        return _of_host(pull) if pull else None

    def _between(self, shift: Shift) -> tuple[PullRef, ...]:
        newest = shift.revisions[-1]
        for repository in self._places if is_full_sha(shift.previous) and is_full_sha(newest) else ():
            try:
                folder = "/".join(filter(None, (repository.config_prefix, PROMPTS_FOLDER)))
                about = repository.log_between(shift.previous, newest, [f":(top){folder}"], _MOST)
                commits = about or repository.log_between(shift.previous, newest, limit=_MOST)
                return tuple(self._named(repository, commit) for commit in commits)
            except MergecellsError:
                continue
        return tuple(filter(None, map(self.find, shift.revisions)))

    def _named(self, repository: GitRepository, commit: Commit) -> PullRef:
        inner = repository.log(commit.parents[1], 1)[0] if len(commit.parents) > 1 else None
        told = (inner.author, inner.subject) if inner else ()
        found = pull_of(commit.subject, commit.author, commit.at, *told)
        if found.number:
            return found
        pull = self._host_pulls().get(commit.revision)
        return _of_host(pull) if pull else found

    def _host_pulls(self) -> dict[Revision, PullRequest]:
        """Merged requests by the commit that merged them; asked once, and only where git's messages name none."""
        if self._merged is None:
            self._merged = {}
            if self._root is not None:
                try:
                    from mergecells.apps.cli.pull_request_host import open_host

                    pulls = open_host(self._root).host.pulls("merged")
                    self._merged = {pull.merge_revision: pull for pull in pulls if pull.merge_revision}
                except MergecellsError:
                    pass
        return self._merged


def _repositories(root: Path | None) -> list[GitRepository]:
    """The checkout, and the repository with the requests where it is on this machine: it has what was not fetched."""
    if root is None:
        return []
    found = [GitRepository(root)]
    try:
        from mergecells.apps.cli.pull_request_host import open_host

        bare = open_host(root).bare
    except MergecellsError:
        return found
    return [*found, bare] if bare else found


def _of_host(pull: PullRequest) -> PullRef:
    return PullRef(pull.number, pull.title, pull.author, pull.merged_by or "", pull.url, pull.merged_at or "")
