"""Merging on GitHub: its own test merge is asked for first, the head is compared at the moment of the merge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_refs import read_ref
from mergecells.domain.errors import HeadMovedError, MergecellsError
from mergecells.domain.pulls import PullRequest, failed_checks, merge_message

_TRIES: Final = 20
_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 3.0


def merge(api: GitHubApi, pull: PullRequest) -> None:
    """Merge the head that `pull` names. Raises HeadMovedError when it is not the head any more, UnansweredError."""
    title, _, message = merge_message(pull, forced=bool(failed_checks(pull))).partition("\n\n")
    body = {"sha": pull.head_revision, "merge_method": "merge", "commit_title": title, "commit_message": message}
    try:
        api.send("PUT", f"pulls/{pull.number}/merge", body)
    except GitHubRefusedError as error:
        raise _not_merged(pull, error) from error


def trial_merge(api: GitHubApi, pull: PullRequest, sleep: Callable[[float], None]) -> str:
    """The commit of GitHub's test merge, which it makes in the background: asked for until it is there.

    Raises MergecellsError that names the files of a conflict.
    """
    for attempt in range(_TRIES):
        told: dict[str, Any] = api.get(f"pulls/{pull.number}")
        if told["mergeable"] is False:
            raise _conflict(api, pull)
        if told["mergeable"] and told["merge_commit_sha"]:
            return str(told["merge_commit_sha"])
        sleep(min(_FIRST_PAUSE_SECONDS * 1.5**attempt, _LONGEST_PAUSE_SECONDS))
    raise MergecellsError(f"GitHub does not say whether #{pull.number} can be merged.", "Try again in a minute.")


def _conflict(api: GitHubApi, pull: PullRequest) -> MergecellsError:
    """GitHub does not name the files of a conflict: those that both sides changed since they parted are."""
    newest = read_ref(api, f"heads/{pull.branch}")
    ours, theirs = (
        {item["filename"] for item in api.get(f"compare/{one}...{other}").get("files", ())}
        for one, other in ((newest, pull.head_revision), (pull.head_revision, newest))
    )
    files = ", ".join(sorted(ours & theirs)) or "files that GitHub does not name"
    return MergecellsError(
        f"#{pull.number} is not merged: {pull.branch} changed the same lines in {files}.",
        "Submit the workbook again: its cells are merged one by one, which settles all but true conflicts.",
    )


def _not_merged(pull: PullRequest, error: GitHubRefusedError) -> MergecellsError:
    if error.status == 409:
        return HeadMovedError(f"#{pull.number} was updated meanwhile.", "Look at it again.")
    if error.status == 405:
        return MergecellsError(
            f"GitHub does not merge #{pull.number}: {error.message}",
            "The branch's protection rules say what is missing: an approval, a check, an up-to-date branch.",
        )
    return error
