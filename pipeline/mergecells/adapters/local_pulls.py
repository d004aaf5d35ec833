"""Pull requests inside a bare git repository: no server, no account, everything readable with git itself.

`refs/pull/N/head` is the proposed commit, `refs/mergecells/pulls` the records (see `local_pull_records`). Each step is
one compare-and-swap over all refs that it moves, so that concurrent writers, and a writer that dies, lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mergecells.adapters.git_config_files import read_config_files
from mergecells.adapters.git_repository import GitRepository, RefUpdate
from mergecells.adapters.local_pull_records import RecordChange, Records, apply_change, head_ref, read_records
from mergecells.domain.errors import MergecellsError, UsageError
from mergecells.domain.identity import Identity, parse_identity
from mergecells.domain.loop_trace import trailer_line
from mergecells.domain.pulls import (
    Approval,
    CheckResult,
    Proposal,
    PullRequest,
    as_seen,
    branch_moved,
    check_state,
    failed_checks,
    merge_message,
    one_line,
    proposal_title,
    refuse_failed,
    standing_approvals,
    still_open,
)
from mergecells.domain.revision import Files, Revision


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LocalPulls:
    """A bare repository as a PullRequestHost. `prefix` is the folder of the config inside the repository."""

    def __init__(self, bare: Path, prefix: str = "", clock: Callable[[], str] = _now) -> None:
        self.repository = GitRepository(bare)
        self.prefix = prefix
        self._clock = clock
        if not self.repository.is_bare:
            raise UsageError(
                f"{bare} is a checkout; pull requests live in a bare repository.",
                f"Make one with `git clone --bare {bare} {bare}.git` and name it in mergecells.yaml.",
            )

    def head(self, branch: str) -> Revision:
        return self.repository.head(branch)

    def resolve(self, name: str) -> Revision:
        return self.repository.resolve(name)

    def read_files(self, revision: Revision) -> Files:
        return read_config_files(self.repository, revision, self.prefix)

    def contains(self, newer: Revision, older: Revision) -> bool:
        return self.repository.contains(newer, older)

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open or update the source's pull request. Raises HeadMovedError, UsageError, or MergecellsError when the
        files are those of the branch already."""
        author = parse_identity(proposal.author)
        title = proposal_title(proposal)
        return apply_change(self.repository, lambda records: self._proposed(records, proposal, title, author))

    def _proposed(self, records: Records, proposal: Proposal, title: str, author: Identity) -> RecordChange:
        before = next((pull for pull in records.pulls.values() if _is_same_request(pull, proposal)), None)
        head = self._propose_commit(proposal, title, author, before)
        now = self._clock()
        number = before.number if before else records.next_number
        kept = tuple(check for check in before.checks if check.revision != head) if before else ()
        pull = PullRequest(
            number=number,
            title=title,
            body=proposal.body,
            author=str(author),
            state="open",
            source=proposal.source,
            branch=proposal.branch,
            base_revision=proposal.expected_head,
            head_revision=head,
            created_at=before.created_at if before else now,
            updated_at=now,
            url="",
            approvals=before.approvals if before else (),
            checks=(*kept, *(check.model_copy(update={"revision": head}) for check in proposal.checks)),
        )
        # Naming the branch with one revision as old and new value makes the whole step depend on it.
        branch = RefUpdate(f"refs/heads/{proposal.branch}", proposal.expected_head, proposal.expected_head)
        moved = RefUpdate(head_ref(number), head, records.heads.get(number))
        return RecordChange(pull, "Update" if before else "Open", author, (branch, moved))

    def _propose_commit(self, proposal: Proposal, title: str, author: Identity, before: PullRequest | None) -> Revision:
        newest = self._branch_at(proposal.branch, proposal.expected_head)
        tree = self.repository.write_tree(proposal.files, newest, self.prefix)
        if tree == self.repository.tree_of(newest):
            raise MergecellsError(f"Nothing to propose: {proposal.branch} has these files.", "Edit something first.")
        # The same files on the same base keep their commit, so that approvals stand.
        if before and before.base_revision == newest and self.repository.tree_of(before.head_revision) == tree:
            return before.head_revision
        message = f"{title}\n\nSubmitted from {one_line(proposal.source)}.\n"
        if line := trailer_line(proposal.traceparent):
            message += f"\n{line}"
        return self.repository.commit_tree(tree, [newest], message, author)

    def record_check(self, number: int, result: CheckResult) -> None:
        """Keep a check's verdict; a later one of the same name on the same revision replaces it."""

        def decide(records: Records) -> RecordChange:
            pull = records.find(number)
            others = (c for c in pull.checks if (c.name, c.revision) != (result.name, result.revision))
            checked = pull.model_copy(update={"checks": (*others, result), "updated_at": self._clock()})
            return RecordChange(checked, f"Check {result.conclusion} on", _CHECKER)

        apply_change(self.repository, decide)

    def pulls(self, state: str = "open") -> list[PullRequest]:
        """Newest first; `state` is open, merged, closed or all."""
        check_state(state)
        records = read_records(self.repository).pulls.values()
        branches = {pull.branch for pull in records if pull.state == "open"}
        within = {branch: self.repository.refs_within("refs/pull/", branch) for branch in branches}
        told = [
            self._as_merged_elsewhere(pull) if head_ref(pull.number) in within.get(pull.branch, ()) else pull
            for pull in records
        ]
        return sorted((pull for pull in told if state in {"all", pull.state}), key=lambda pull: -pull.number)

    def show(self, number: int) -> PullRequest:
        return self._as_merged_elsewhere(read_records(self.repository).find(number))

    def diff(self, number: int) -> str:
        pull = self.show(number)
        return self.repository.diff(pull.base_revision, pull.head_revision)

    def approve(self, number: int, by: str, *, seen: Revision | None = None) -> PullRequest:
        """Approve the present head. Approving it twice changes nothing."""
        who = parse_identity(by)

        def decide(records: Records) -> RecordChange | PullRequest:
            pull = as_seen(self._still_open(records, number), seen)
            if any(approval.by == str(who) for approval in standing_approvals(pull)):
                return pull
            approval = Approval(by=str(who), at=self._clock(), revision=pull.head_revision)
            approvals = (*pull.approvals, approval)
            return RecordChange(
                pull.model_copy(update={"approvals": approvals, "updated_at": approval.at}), "Approve", who
            )

        return apply_change(self.repository, decide)

    def close(self, number: int, by: str) -> PullRequest:
        who = parse_identity(by)

        def decide(records: Records) -> RecordChange:
            closed = {"state": "closed", "updated_at": self._clock()}
            return RecordChange(self._still_open(records, number).model_copy(update=closed), "Close", who)

        return apply_change(self.repository, decide)

    def preview(self, number: int) -> Files:
        pull = self._still_open(read_records(self.repository), number)
        newest = self.repository.head(pull.branch)
        commit = self.repository.commit_tree(self._merged_tree(pull, newest), [newest], "Preview", _CHECKER)
        return self.read_files(commit)

    def merge(
        self,
        number: int,
        by: str,
        *,
        force: bool = False,
        seen: Revision | None = None,
        onto: Revision | None = None,
    ) -> PullRequest:
        """Merge into the branch as it is now. See PullRequestHost.merge."""
        who = parse_identity(by)

        def decide(records: Records) -> RecordChange:
            pull = as_seen(self._still_open(records, number), seen)
            newest = self._branch_at(pull.branch, onto)
            return self._merged(pull, newest, who, force)

        return apply_change(self.repository, decide)

    def _merged(self, pull: PullRequest, newest: Revision, who: Identity, force: bool) -> RecordChange:
        refuse_failed(pull, force)
        tree = self._merged_tree(pull, newest)
        message = merge_message(pull, forced=bool(failed_checks(pull)))
        commit = self.repository.commit_tree(tree, [newest, pull.head_revision], message, who)
        now = self._clock()
        news = {"state": "merged", "merge_revision": commit, "merged_at": now, "merged_by": str(who), "updated_at": now}
        moved = RefUpdate(f"refs/heads/{pull.branch}", commit, newest)
        return RecordChange(pull.model_copy(update=news), "Merge", who, (moved,))

    def _merged_tree(self, pull: PullRequest, newest: Revision) -> str:
        merged = self.repository.merge_trees(newest, pull.head_revision)
        if merged.conflicts:
            files = ", ".join(merged.conflicts)
            raise MergecellsError(
                f"#{pull.number} is not merged: {pull.branch} changed the same lines in {files}.",
                "Submit the workbook again: its cells are merged one by one, which settles all but true conflicts.",
            )
        return merged.tree

    def _branch_at(self, branch: str, expected: Revision | None) -> Revision:
        """The branch's newest revision. Raises HeadMovedError when it is not the expected one."""
        newest = self.repository.head(branch)
        if expected is not None and newest != expected:
            raise branch_moved(branch, newest, expected)
        return newest

    def _still_open(self, records: Records, number: int) -> PullRequest:
        return still_open(self._as_merged_elsewhere(records.find(number)))

    def _as_merged_elsewhere(self, pull: PullRequest) -> PullRequest:
        """An open request whose commit is in the branch counts as merged: somebody merged it with plain git, or a
        power cut came between the branch and the record."""
        if pull.state != "open" or not self.repository.is_ancestor(pull.head_revision, f"refs/heads/{pull.branch}"):
            return pull
        commit = self.repository.merge_of(pull.head_revision, f"refs/heads/{pull.branch}")
        news = {"merge_revision": commit.revision, "merged_at": commit.at, "merged_by": commit.author}
        return pull.model_copy(update={"state": "merged", **news})


class LocalRelease:
    """A bare repository has no place for what runs where: `mergecells status` asks the services themselves."""

    def tell(self, state: str, description: str) -> None:
        """Nothing to tell."""

    def comment(self, number: int, name: str, text: str) -> None:  # noqa: ARG002 - as the port has it
        raise UsageError("A local repository keeps no comments.", "The body of the pull request says what changes.")

    def issue(self, name: str, title: str, text: str) -> str | None:  # noqa: ARG002 - as the port has it
        raise UsageError("A local repository keeps no issues.", "Leave --issue out: the exit status tells it too.")


_CHECKER = Identity("mergecells", "check@mergecells.invalid")


def _is_same_request(pull: PullRequest, proposal: Proposal) -> bool:
    return pull.state == "open" and (pull.source, pull.branch) == (proposal.source, proposal.branch)
