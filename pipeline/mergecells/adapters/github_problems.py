"""What a refusal of GitHub's means to a person, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mergecells.domain.errors import MergecellsError


class GitHubRefusedError(MergecellsError):
    """GitHub answered and refused. `status` is the HTTP status; nothing was changed by the request."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


_PERMISSIONS = "contents: write, pull requests: write, checks: write, deployments: write, statuses: write"


def problem_of(status: int, headers: Mapping[str, str], body: Mapping[str, Any], slug: str) -> GitHubRefusedError:
    """The error for one refused request. What GitHub said is in it, in one line, the token never."""
    said = _said(body)
    if status == 401:
        return GitHubRefusedError(
            status, f"GitHub does not accept the credentials ({said}).", "Make a new token, or check the App's key."
        )
    if _limited(status, headers, said):
        return GitHubRefusedError(
            status, f"GitHub's rate limit for these credentials is used up ({said}).", _wait(headers)
        )
    if status == 403:
        return GitHubRefusedError(
            status, f"The credentials may not do this on {slug} ({said}).", f"They need: {_PERMISSIONS}."
        )
    if status == 404:
        return GitHubRefusedError(
            status,
            f"GitHub has no such thing in {slug}, or the credentials may not see it ({said}).",
            f"Check the repository's name; the App must be installed there, with {_PERMISSIONS}.",
        )
    if status == 409:
        return GitHubRefusedError(status, f"GitHub sees a conflict in {slug} ({said}).", "Try again.")
    return GitHubRefusedError(status, f"GitHub refused ({said}).")


def _said(body: Mapping[str, Any]) -> str:
    parts = [str(body.get("message") or "no message")]
    for error in body.get("errors") or ():
        parts.append(str(error.get("message") or error.get("code") or error) if isinstance(error, dict) else str(error))
    return " ".join("; ".join(parts).split())[:500]


def _limited(status: int, headers: Mapping[str, str], said: str) -> bool:
    if status == 429:
        return True
    return status == 403 and (
        "rate limit" in said.lower() or headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    )


def _wait(headers: Mapping[str, str]) -> str:
    after = headers.get("retry-after")
    return f"Try again in {after} seconds." if after else "Try again in some minutes."
