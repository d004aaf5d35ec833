"""One issue that is kept up to date: opened when there is something to tell, closed when there is not any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mergecells.adapters.github_api import GitHubApi, UnansweredError
from mergecells.domain.pulls import MAX_BODY, MAX_TITLE

LABEL: Final = "mergecells"
_CUT = "\n\n… and more than fits here."


def tell_issue(api: GitHubApi, name: str, title: str, text: str) -> str:
    """Put `text` into the open issue called `name`, or into a new one; its address. A text that is there already stays.

    Found by its label and a first line of ours, so a person may rename it. Text beyond GitHub's limit is cut.
    """
    marker = _marker(name)
    body = f"{marker}\n{text}"
    body = body if len(body) <= MAX_BODY else f"{body[: MAX_BODY - len(_CUT)]}{_CUT}"
    found = find_issue(api, name)
    if found is None:
        made = _open(api, name, {"title": title[:MAX_TITLE], "body": body, "labels": [LABEL]})
        return str(made["html_url"])
    if found.get("body") != body:
        api.send("PATCH", f"issues/{found['number']}", {"body": body}, repeatable=True)
    return str(found["html_url"])


def close_issue(api: GitHubApi, name: str) -> str | None:
    """Close the issue called `name`; its address, None where none is open."""
    found = find_issue(api, name)
    if found is None:
        return None
    done = {"state": "closed", "state_reason": "completed"}
    api.send("PATCH", f"issues/{found['number']}", done, repeatable=True)
    return str(found["html_url"])


def find_issue(api: GitHubApi, name: str) -> Mapping[str, Any] | None:
    """The oldest open issue called `name`: of two that were opened at the same moment, everybody takes the same."""
    listed = api.get("issues", state="open", labels=LABEL, sort="created", direction="asc", per_page=100)
    marker = _marker(name)
    ours = (each for each in listed if "pull_request" not in each and (each.get("body") or "").startswith(marker))
    return next(ours, None)


def _open(api: GitHubApi, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        made: Mapping[str, Any] = api.send("POST", "issues", body)
    except UnansweredError:
        found = find_issue(api, name)
        if found is None:
            raise
        return found
    return made


def _marker(name: str) -> str:
    return f"<!-- mergecells: {name} -->"
