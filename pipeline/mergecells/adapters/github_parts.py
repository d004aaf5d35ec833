"""What the text of a pull request has no room for, in comments that an update replaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mergecells.adapters.github_api import GitHubApi
from mergecells.adapters.github_queries import COMMENTS

_EMPTY: Final = "Nothing more: the text of the pull request has all of it now."


def keep_parts(api: GitHubApi, number: int, texts: Sequence[str], *, is_new: bool) -> None:
    """Put each text into a comment of its own. Comments of an earlier, longer plan are emptied, not deleted: people may
    have answered them. A new request without further texts costs no request."""
    if is_new and not texts:
        return
    owner, _, name = api.slug.partition("/")
    pull = api.graphql(COMMENTS, {"owner": owner, "name": name, "number": number})["repository"]["pullRequest"]
    ours = [node for node in pull["comments"]["nodes"] if node["viewerDidAuthor"]]
    position = 0
    while position < len(texts) or any(node["body"].startswith(_marker(position)) for node in ours):
        marker = _marker(position)
        body = f"{marker}\n{texts[position] if position < len(texts) else _EMPTY}"
        there = next((node for node in ours if node["body"].startswith(marker)), None)
        if there is None:
            api.send("POST", f"issues/{number}/comments", {"body": body})
        elif there["body"] != body:
            api.send("PATCH", f"issues/comments/{there['databaseId']}", {"body": body}, repeatable=True)
        position += 1


def _marker(position: int) -> str:
    """Of the text at `position`, the first of which is the plan's part 2."""
    return f"<!-- mergecells: plan-part-{position + 2} -->"
