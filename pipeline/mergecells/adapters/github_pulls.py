"""Pull requests on GitHub: one commit without a clone, one request for each source, checks, approvals, merges.

What the host must remember (the source, the person, the base) stands in the trailers of the proposed commit, which
nobody can edit afterwards; the body is the Plan alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi, UnansweredError
from mergecells.adapters.github_checks import record_check
from mergecells.adapters.github_merge import merge, trial_merge
from mergecells.adapters.github_parts import keep_parts
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_propose import PullSettings, propose
from mergecells.adapters.github_pull_facts import pull_of
from mergecells.adapters.github_queries import ONE_PULL, PULLS
from mergecells.adapters.github_refs import contains, read_commit, read_ref
from mergecells.adapters.github_tree import GitHubTree
from mergecells.domain.errors import MergecellsError
from mergecells.domain.identity import parse_identity
from mergecells.domain.pulls import (
    CheckResult,
    Proposal,
    PullRequest,
    as_seen,
    branch_moved,
    check_state,
    refuse_failed,
    standing_approvals,
    still_open,
)
from mergecells.domain.revision import Files, Revision, is_full_sha

_STATES: Final = {"open": ["OPEN"], "merged": ["MERGED"], "closed": ["CLOSED"], "all": ["OPEN", "CLOSED", "MERGED"]}


class GitHubPulls:
    """A repository on GitHub as a PullRequestHost. `prefix` is the folder of the config inside the repository."""

    def __init__(
        self,
        api: GitHubApi,
        prefix: str = "",
        settings: PullSettings | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api, self._settings, self._sleep = api, settings or PullSettings(), sleep
        self._tree = GitHubTree(api, prefix)
        owner, _, name = api.slug.partition("/")
        self._where = {"owner": owner, "name": name}

    def head(self, branch: str) -> Revision:
        return read_ref(self.api, f"heads/{branch}")

    def resolve(self, name: str) -> Revision:
        return read_commit(self.api, name)

    def read_files(self, revision: Revision) -> Files:
        return self._tree.read_config(revision if is_full_sha(revision) else self.resolve(revision))

    def contains(self, newer: Revision, older: Revision) -> bool:
        return contains(self.api, newer, older)

    def propose(self, proposal: Proposal) -> PullRequest:
        """Open or update the source's pull request. Raises HeadMovedError, UsageError, or MergecellsError when the
        files are those of the branch already."""
        parse_identity(proposal.author)
        number, head, is_new = propose(self.api, self._tree, proposal, self._settings)
        for check in proposal.checks:
            record_check(self.api, check.model_copy(update={"revision": head}))
        keep_parts(self.api, number, proposal.more, is_new=is_new)
        return self.show(number)

    def record_check(self, number: int, result: CheckResult) -> None:
        """Keep a check's verdict on its revision; findings become annotations on file and line."""
        self._node(number)
        record_check(self.api, result)

    def pulls(self, state: str = "open") -> list[PullRequest]:
        """Newest first; `state` is open, merged, closed or all."""
        check_state(state)
        found: list[PullRequest] = []
        after: str | None = None
        while True:
            variables = {**self._where, "states": _STATES[state], "after": after}
            page = self.api.graphql(PULLS, variables)["repository"]["pullRequests"]
            found += [pull_of(node) for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def show(self, number: int) -> PullRequest:
        return pull_of(self._node(number))

    def diff(self, number: int) -> str:
        try:
            return self.api.text(f"pulls/{number}", "application/vnd.github.diff")
        except GitHubRefusedError as error:
            raise _missing_or(error, number) from error

    def approve(self, number: int, by: str, *, seen: Revision | None = None) -> PullRequest:
        """Approve the present head, as whoever the credentials belong to: GitHub knows no other approver."""
        parse_identity(by)
        pull = as_seen(still_open(self.show(number)), seen)
        me = str(self.api.call("GET", "/user").json["login"])
        if not _approved_by(pull, me):
            try:
                body = {"event": "APPROVE", "commit_id": pull.head_revision}
                self.api.send("POST", f"pulls/{number}/reviews", body)
            except UnansweredError:
                if not _approved_by(self.show(number), me):
                    raise
        return self.show(number)

    def close(self, number: int, by: str) -> PullRequest:
        parse_identity(by)
        still_open(self.show(number))
        self.api.send("PATCH", f"pulls/{number}", {"state": "closed"}, repeatable=True)
        return self.show(number)

    def preview(self, number: int) -> Files:
        pull = still_open(self.show(number))
        return self.read_files(trial_merge(self.api, pull, self._sleep))

    def merge(
        self,
        number: int,
        by: str,
        *,
        force: bool = False,
        seen: Revision | None = None,
        onto: Revision | None = None,
    ) -> PullRequest:
        """Merge into the branch as it is now. See PullRequestHost.merge.

        GitHub compares the request's head at the moment of the merge; `onto` is compared just before. What the
        branch's protection forbids stays forbidden, whatever `force` says.
        """
        parse_identity(by)
        pull = as_seen(still_open(self.show(number)), seen)
        refuse_failed(pull, force)
        if onto is not None and (newest := self.head(pull.branch)) != onto:
            raise branch_moved(pull.branch, newest, onto)
        trial_merge(self.api, pull, self._sleep)
        try:
            merge(self.api, pull)
        except UnansweredError:
            if self.show(number).state != "merged":
                raise
        return self.show(number)

    def _node(self, number: int) -> Mapping[str, Any]:
        try:
            repository = self.api.graphql(ONE_PULL, {**self._where, "number": number})["repository"]
        except GitHubRefusedError as error:
            raise _missing_or(error, number) from error
        if repository is None or repository["pullRequest"] is None:
            raise _missing(number)
        node: Mapping[str, Any] = repository["pullRequest"]
        return node


def _approved_by(pull: PullRequest, login: str) -> bool:
    return any(approval.by.endswith(f"<{login}@users.noreply.github.com>") for approval in standing_approvals(pull))


def _missing(number: int) -> MergecellsError:
    return MergecellsError(f"There is no pull request #{number}.", "`mergecells pulls list` shows what there is.")


def _missing_or(error: GitHubRefusedError, number: int) -> MergecellsError:
    return _missing(number) if error.status in {404, 422} else error
