"""Tells GitHub what runs where: a Deployment and a commit status for a revision, and one comment on its request."""

from __future__ import annotations

from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_issue import close_issue, tell_issue
from mergecells.adapters.github_problems import GitHubRefusedError
from mergecells.adapters.github_queries import COMMENTS
from mergecells.domain.errors import MergecellsError
from mergecells.domain.pulls import MAX_BODY
from mergecells.domain.revision import Revision

CONTEXT: Final = "mergecells/live"
_LONGEST_DESCRIPTION: Final = 140
_STATES: Final = {
    "waiting": ("in_progress", "pending"),
    "live": ("success", "success"),
    "failed": ("failure", "failure"),
}


class GitHubRelease:
    """One revision on its way to the services of one environment.

    A hub and a workflow may both release it: they share one Deployment, and who only begins to wait does not take back
    that the other has seen it live.
    """

    def __init__(self, api: GitHubApi, revision: Revision, environment: str) -> None:
        self._api, self._revision, self._environment = api, revision, environment
        self._deployment: int | None = None

    def tell(self, state: str, description: str) -> None:
        """`state`: waiting, live or failed; `description`: `live on 2 of 3 services since 14:02`."""
        if state == "waiting" and self._is_live():
            return
        deployment, status = _STATES[state]
        told = description[:_LONGEST_DESCRIPTION]
        body = {"state": status, "context": f"{CONTEXT} ({self._environment})", "description": told}
        self._api.send("POST", f"statuses/{self._revision}", body, repeatable=True)
        number = self._number()
        if number is not None:
            self._say(number, deployment, told)

    def comment(self, number: int, name: str, text: str) -> None:
        """See `comment_once`."""
        comment_once(self._api, number, name, text)

    def issue(self, name: str, title: str, text: str) -> str | None:
        """See `tell_issue` and `close_issue`."""
        return tell_issue(self._api, name, title, text) if text else close_issue(self._api, name)

    def _number(self) -> int | None:
        """The Deployment of this revision, made once; None where the credentials may not make one."""
        if self._deployment is None:
            self._deployment = self._found()
        if self._deployment is None:
            made = self._make()
            # GitHub takes two: of those that were made at the same moment the first one counts, for all who look.
            self._deployment = None if made is None else self._found() or made
            if made is not None and made != self._deployment:
                self._say(made, "inactive", "another program told of this revision at the same moment")
        return self._deployment

    def _found(self) -> int | None:
        found = self._api.get("deployments", sha=self._revision, environment=self._environment)
        return min((int(each["id"]) for each in found), default=None)

    def _is_live(self) -> bool:
        """Whether somebody has told already that all services run it."""
        number = self._deployment if self._deployment is not None else self._found()
        if number is None:
            return False
        told = self._api.get(f"deployments/{number}/statuses")
        return bool(told) and told[0]["state"] == "success"

    def _say(self, number: int, state: str, told: str) -> None:
        body = {"state": state, "description": told, "environment": self._environment}
        self._api.send("POST", f"deployments/{number}/statuses", body, repeatable=True)

    def _make(self) -> int | None:
        body: dict[str, Any] = {
            "ref": self._revision,
            "environment": self._environment,
            "description": "mergecells config",
            "auto_merge": False,
            # The revision is on the branch already: its checks were asked for there.
            "required_contexts": [],
        }
        try:
            return int(self._api.send("POST", "deployments", body)["id"])
        except GitHubRefusedError as error:
            if error.status == 403:
                return None
            raise


def comment_once(api: GitHubApi, number: int, name: str, text: str) -> None:
    """Put `text` into the comment called `name` on a pull request: a new one, or the one that we made before.

    Raises MergecellsError for a text that does not fit, or an unknown number.
    """
    marker = f"<!-- mergecells: {name} -->"
    body = f"{marker}\n{text}"
    if len(body) > MAX_BODY:
        raise MergecellsError(f"The comment has {len(body):,} characters; GitHub takes {MAX_BODY:,}.", "Shorten it.")
    owner, _, repository = api.slug.partition("/")
    variables = {"owner": owner, "name": repository, "number": number}
    pull = api.graphql(COMMENTS, variables)["repository"]["pullRequest"]
    ours = [node for node in pull["comments"]["nodes"] if node["viewerDidAuthor"] and node["body"].startswith(marker)]
    if ours:
        api.send("PATCH", f"issues/comments/{ours[-1]['databaseId']}", {"body": body}, repeatable=True)
    else:
        api.send("POST", f"issues/{number}/comments", {"body": body})
