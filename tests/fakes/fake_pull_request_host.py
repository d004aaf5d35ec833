"""A PullRequestHost in memory, for tests of the use cases above it."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from mergecells.domain.errors import HeadMovedError, MergecellsError, UnknownRevisionError, UsageError
from mergecells.domain.identity import parse_identity
from mergecells.domain.pulls import Approval, CheckResult, Proposal, PullRequest, failed_checks, standing_approvals
from mergecells.domain.revision import Files, Revision, short


@dataclass
class FakePullRequestHost:
    """Commits are file mappings with a made-up SHA; merges go file by file."""

    files: Mapping[str, bytes]
    branch: str = "main"
    commits: dict[Revision, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, Revision] = field(default_factory=dict)
    stored: dict[int, PullRequest] = field(default_factory=dict)
    parents: dict[Revision, tuple[Revision, ...]] = field(default_factory=dict)
    clock: int = 0

    def __post_init__(self) -> None:
        self.branches[self.branch] = self.commit(dict(self.files))

    def commit(self, files: dict[str, bytes], *parents: Revision) -> Revision:
        revision = hashlib.sha1(f"commit {len(self.commits)}".encode()).hexdigest()
        self.parents[revision] = parents
        self.commits[revision] = files
        return revision

    def push(self, files: Mapping[str, bytes | None], branch: str = "main") -> Revision:
        """Somebody commits straight to the branch."""
        self.branches[branch] = self.commit(_applied(self.commits[self.branches[branch]], files), self.branches[branch])
        return self.branches[branch]

    def head(self, branch: str) -> Revision:
        if branch not in self.branches:
            raise UnknownRevisionError(f"No branch {branch}.")
        return self.branches[branch]

    def resolve(self, name: str) -> Revision:
        number = name.removeprefix("pull/")
        if number != name and number.isdigit() and int(number) in self.stored:
            return self.stored[int(number)].head_revision
        found = [sha for sha in self.commits if len(name) >= 4 and sha.startswith(name)]
        if name in self.branches or len(found) == 1:
            return self.branches.get(name) or found[0]
        raise UnknownRevisionError(f"No single revision named {name!r}.")

    def read_files(self, revision: Revision) -> Files:
        return dict(self.commits[self.resolve(revision)])

    def contains(self, newer: Revision, older: Revision) -> bool:
        return newer == older or any(self.contains(parent, older) for parent in self.parents.get(newer, ()))

    def propose(self, proposal: Proposal) -> PullRequest:
        author = parse_identity(proposal.author)
        if not proposal.title.strip() or len(proposal.title) > 256 or len(proposal.body) > 65_536:
            raise UsageError("The title or the body does not fit.")
        newest = self.head(proposal.branch)
        if newest != proposal.expected_head:
            raise HeadMovedError(f"{proposal.branch} is at {short(newest)}.")
        files = _applied(self.commits[newest], proposal.files)
        if files == self.commits[newest]:
            raise MergecellsError("Nothing to propose.")
        before = next((p for p in self.stored.values() if p.state == "open" and p.source == proposal.source), None)
        unchanged = before and before.base_revision == newest and self.commits[before.head_revision] == files
        head = before.head_revision if before and unchanged else self.commit(files, newest)
        now = self._now()
        checks = tuple(check.model_copy(update={"revision": head}) for check in proposal.checks)
        return self._store(
            PullRequest(
                number=before.number if before else len(self.stored) + 1,
                title=" ".join("".join(c if c.isprintable() else " " for c in proposal.title).split()),
                body=proposal.body,
                author=str(author),
                state="open",
                source=proposal.source,
                branch=proposal.branch,
                base_revision=newest,
                head_revision=head,
                created_at=before.created_at if before else now,
                updated_at=now,
                url=f"fake#{before.number if before else len(self.stored) + 1}",
                approvals=before.approvals if before else (),
                checks=(*(c for c in (before.checks if before else ()) if c.revision != head), *checks),
            )
        )

    def record_check(self, number: int, result: CheckResult) -> None:
        pull = self.show(number)
        others = (c for c in pull.checks if (c.name, c.revision) != (result.name, result.revision))
        self._store(pull.model_copy(update={"checks": (*others, result)}))

    def pulls(self, state: str = "open") -> list[PullRequest]:
        if state not in {"open", "merged", "closed", "all"}:
            raise UsageError(f"{state!r} is no state.")
        return [self.stored[n] for n in sorted(self.stored, reverse=True) if state in {"all", self.stored[n].state}]

    def show(self, number: int) -> PullRequest:
        if number not in self.stored:
            raise MergecellsError(f"There is no pull request #{number}.")
        return self.stored[number]

    def diff(self, number: int) -> str:
        pull = self.show(number)
        old, new = self.commits[pull.base_revision], self.commits[pull.head_revision]
        texts = []
        for path in sorted({*old, *new}):
            sides = [side.get(path, b"").decode().splitlines(keepends=True) for side in (old, new)]
            texts.extend(difflib.unified_diff(*sides, f"a/{path}", f"b/{path}"))
        return "".join(texts)

    def approve(self, number: int, by: str, *, seen: Revision | None = None) -> PullRequest:
        pull = self._open(number)
        if seen not in (None, pull.head_revision):
            raise HeadMovedError(f"#{number} was updated.")
        who = str(parse_identity(by))
        if any(approval.by == who for approval in standing_approvals(pull)):
            return pull
        approval = Approval(by=who, at=self._now(), revision=pull.head_revision)
        return self._store(pull.model_copy(update={"approvals": (*pull.approvals, approval)}))

    def close(self, number: int, by: str) -> PullRequest:
        parse_identity(by)
        return self._store(self._open(number).model_copy(update={"state": "closed"}))

    def preview(self, number: int) -> Files:
        return self._merged(self._open(number))

    def merge(
        self,
        number: int,
        by: str,
        *,
        force: bool = False,
        seen: Revision | None = None,
        onto: Revision | None = None,
    ) -> PullRequest:
        who = str(parse_identity(by))
        pull = self._open(number)
        if onto not in (None, self.branches[pull.branch]) or seen not in (None, pull.head_revision):
            raise HeadMovedError(f"{pull.branch} or #{number} moved.")
        if failed_checks(pull) and not force:
            raise MergecellsError("A check failed.")
        merged = self.commit(self._merged(pull), self.branches[pull.branch], pull.head_revision)
        self.branches[pull.branch] = merged
        news = {"state": "merged", "merge_revision": merged, "merged_by": who, "merged_at": self._now()}
        return self._store(pull.model_copy(update=news))

    def _merged(self, pull: PullRequest) -> dict[str, bytes]:
        base, ours = self.commits[pull.base_revision], self.commits[self.branches[pull.branch]]
        theirs = self.commits[pull.head_revision]
        changed = {path for path in {*base, *theirs} if base.get(path) != theirs.get(path)}
        clashing = sorted(p for p in changed if ours.get(p) not in (base.get(p), theirs.get(p)))
        if clashing:
            raise MergecellsError(f"Conflicts in {', '.join(clashing)}.")
        return _applied(ours, {path: theirs.get(path) for path in changed})

    def _open(self, number: int) -> PullRequest:
        pull = self.show(number)
        if pull.state != "open":
            said = "was merged already" if pull.state == "merged" else "is closed"
            raise MergecellsError(f"#{number} {said}.")
        return pull

    def _store(self, pull: PullRequest) -> PullRequest:
        self.stored[pull.number] = pull
        return pull

    def _now(self) -> str:
        self.clock += 1
        return f"2026-01-01T00:00:00.{self.clock:03}Z"


def _applied(files: Mapping[str, bytes], edits: Mapping[str, bytes | None]) -> dict[str, bytes]:
    merged = {**files, **{path: content for path, content in edits.items() if content is not None}}
    return {path: content for path, content in merged.items() if edits.get(path, b"") is not None}
