"""Opens or updates the one pull request of a source on GitHub: one commit without a clone, never over somebody else's.

Each source has branches `mergecells/…` of its own; an update goes on top of the former head, so that moving the branch
is a fast-forward, the compare-and-swap that the API has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi, UnansweredError
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_pull_facts import facts_of, trailers
from mergecells.adapters.github_queries import AUTO_MERGE, BEFORE_PROPOSING
from mergecells.adapters.github_refs import read_ref, unknown_revision
from mergecells.adapters.github_tree import GitHubTree
from mergecells.domain.errors import HeadMovedError, MergecellsError
from mergecells.domain.pulls import Proposal, branch_moved, one_line, proposal_title
from mergecells.domain.revision import Revision

BRANCHES: Final = "mergecells/"
_MOST_BRANCHES: Final = 100


@dataclass(frozen=True, slots=True)
class PullSettings:
    """What the manifest wants of each request: labels, further reviewers (logins; `org/team` for a team), auto-merge.

    Owners named in CODEOWNERS are asked by GitHub itself.
    """

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    auto_merge: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """What GitHub holds before a proposal: the base's tree, the source's open request, the branch to write to.

    `tip`: the branch is there, without a request so far: somebody who proposes the same at this moment, or was cut off,
    has come so far. Their request and ours are one.
    """

    base_tree: str
    pull: Mapping[str, Any] | None
    head_ref: str
    tip: str | None = None


def propose(api: GitHubApi, tree: GitHubTree, proposal: Proposal, settings: PullSettings) -> tuple[int, Revision, bool]:
    """Number and head of the request, and whether it is new. Raises HeadMovedError, UsageError, or MergecellsError when
    the files are those of the branch already."""
    title = proposal_title(proposal)
    before = look(api, proposal)
    wanted = tree.write_tree(before.base_tree, proposal.files)
    if wanted == before.base_tree:
        raise MergecellsError(f"Nothing to propose: {proposal.branch} has these files.", "Edit something first.")
    head = _commit(api, proposal, title, wanted, before)
    return _open(api, proposal, title, before, settings), head, before.pull is None


def look(api: GitHubApi, proposal: Proposal) -> Before:
    """Everything that a proposal depends on, in one request. Raises HeadMovedError when the branch moved."""
    key = _branch_key(proposal.source, proposal.branch)
    owner, _, name = api.slug.partition("/")
    variables = {"owner": owner, "name": name, "branch": f"refs/heads/{proposal.branch}", "key": key}
    found = api.graphql(BEFORE_PROPOSING, variables)["repository"]
    if found is None or found["ref"] is None:
        raise unknown_revision(api.slug, proposal.branch)
    newest = found["ref"]["target"]
    if newest["oid"] != proposal.expected_head:
        raise branch_moved(proposal.branch, newest["oid"], proposal.expected_head)
    taken = found["refs"]["nodes"]
    for pull in (pull for node in taken for pull in node["associatedPullRequests"]["nodes"]):
        if pull["state"] == "OPEN" and (facts_of(pull).source, pull["baseRefName"]) == (
            one_line(proposal.source),
            proposal.branch,
        ):
            return Before(newest["tree"]["oid"], pull, pull["headRefName"])
    for node in taken:
        if _is_ours(node["name"], key) and not node["associatedPullRequests"]["nodes"]:
            return Before(newest["tree"]["oid"], None, f"{BRANCHES}{node['name']}", str(node["target"]["oid"]))
    return Before(newest["tree"]["oid"], None, f"{BRANCHES}{_free(key, {node['name'] for node in taken})}")


def _is_ours(name: str, key: str) -> bool:
    return name == key or re.fullmatch(rf"{re.escape(key)}-[0-9]+", name) is not None


def _free(key: str, taken: set[str]) -> str:
    """The branch of a request that ended is never used again: what it proposed stays readable."""
    names = (key if number == 1 else f"{key}-{number}" for number in range(1, _MOST_BRANCHES + 1))
    free = next((name for name in names if name not in taken), None)
    if free is None:
        raise MergecellsError(
            f"The repository holds {_MOST_BRANCHES} branches {BRANCHES}{key}-… of ended pull requests.",
            "Delete them, and let GitHub delete branches after a merge (Settings, General).",
        )
    return free


def _commit(api: GitHubApi, proposal: Proposal, title: str, tree: str, before: Before) -> Revision:
    """The proposed commit, on its branch."""
    parents = [proposal.expected_head]
    if before.pull:
        head, facts = str(before.pull["headRefOid"]), facts_of(before.pull)
        # The same files on the same base keep their commit, so that approvals stand.
        if facts.base == proposal.expected_head and facts.tree == tree:
            return head
        parents = [head] if facts.base == proposal.expected_head else [head, proposal.expected_head]
    elif before.tip:
        parents = [before.tip, proposal.expected_head]
    message = f"{title}\n\nSubmitted from {one_line(proposal.source)}.\n\n{trailers(proposal)}"
    # No author: GitHub then signs what an App commits, and shows it as verified.
    body = {"message": message, "tree": tree, "parents": parents}
    commit = str(api.send("POST", "git/commits", body, repeatable=True)["sha"])
    _move(api, before, commit, proposal.source)
    return commit


def _move(api: GitHubApi, before: Before, commit: Revision, source: str) -> None:
    try:
        if before.pull or before.tip:
            api.send("PATCH", f"git/refs/heads/{before.head_ref}", {"sha": commit, "force": False})
        else:
            api.send("POST", "git/refs", {"ref": f"refs/heads/{before.head_ref}", "sha": commit})
    except UnansweredError:
        if read_ref(api, f"heads/{before.head_ref}") != commit:
            raise
    except GitHubRefusedError as error:
        if error.status not in {409, 422}:
            raise
        raise HeadMovedError(
            f"Somebody else updated the pull request of {one_line(source)} at the same moment.", "Submit again."
        ) from error


def _open(api: GitHubApi, proposal: Proposal, title: str, before: Before, settings: PullSettings) -> int:
    words = {"title": title, "body": proposal.body}
    if before.pull:
        number = int(before.pull["number"])
        api.send("PATCH", f"pulls/{number}", words, repeatable=True)
        return number
    made = _opened(api, proposal, {**words, "head": before.head_ref, "base": proposal.branch})
    _dress(api, int(made["number"]), str(made.get("node_id") or made["id"]), settings)
    return int(made["number"])


def _opened(api: GitHubApi, proposal: Proposal, body: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        made: Mapping[str, Any] = api.send("POST", "pulls", body)
    except (UnansweredError, GitHubRefusedError) as error:
        if isinstance(error, GitHubRefusedError) and error.status != 422:
            raise
        # It was carried out after all, or somebody else opened it for the same branch at the same moment.
        pull = look(api, proposal).pull
        if pull is None:
            raise
        return pull
    return made


def _dress(api: GitHubApi, number: int, node: str, settings: PullSettings) -> None:
    if settings.labels:
        api.send("POST", f"issues/{number}/labels", {"labels": list(settings.labels)}, repeatable=True)
    if settings.reviewers:
        teams = [name.partition("/")[2] for name in settings.reviewers if "/" in name]
        people = [name for name in settings.reviewers if "/" not in name]
        asked = {"reviewers": people, "team_reviewers": teams}
        api.send("POST", f"pulls/{number}/requested_reviewers", asked, repeatable=True)
    if settings.auto_merge:
        api.graphql(AUTO_MERGE, {"pull": node})


def _branch_key(source: str, branch: str) -> str:
    """A readable name with a digest: two sources never share a branch, whatever they are called."""
    words = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40].strip("-") or "workbook"
    digest = hashlib.sha256("\n".join((source, branch)).encode()).hexdigest()
    return f"{words}-{digest[:8]}"
