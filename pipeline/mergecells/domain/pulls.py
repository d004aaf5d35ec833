"""Pull requests, whichever system holds them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

PullState = Literal["open", "merged", "closed"]


class Approval(BaseModel):
    model_config = ConfigDict(frozen=True)

    by: str
    at: str
    revision: str


class CheckResult(BaseModel):
    """The verdict of a check on one head revision."""

    model_config = ConfigDict(frozen=True)

    name: str
    conclusion: Literal["success", "failure"]
    revision: str
    at: str
    summary: str = ""


class PullRequest(BaseModel):
    """`head_revision` is the proposed commit, `base_revision` the branch commit it was made on. Times: UTC, ISO."""

    model_config = ConfigDict(frozen=True)

    number: int
    title: str
    body: str
    author: str
    state: PullState
    source: str
    branch: str
    base_revision: str
    head_revision: str
    created_at: str
    updated_at: str
    url: str
    approvals: tuple[Approval, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    merge_revision: str | None = None
    merged_at: str | None = None
    merged_by: str | None = None


class Proposal(BaseModel):
    """What to put into a pull request. One open pull request per `source` (a workbook): proposing again updates it.

    `files` maps a path to its new content, None deletes it. `expected_head` is the revision of the branch that the
    files were made from; when the branch moved, nothing is written and `HeadMovedError` is raised.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    branch: str
    title: str
    body: str
    author: str
    files: dict[str, bytes | None]
    expected_head: str
    checks: tuple[CheckResult, ...] = ()


def standing_approvals(pull: PullRequest) -> tuple[Approval, ...]:
    """The approvals of what would be merged now; those of an older head are stale."""
    return tuple(approval for approval in pull.approvals if approval.revision == pull.head_revision)


def failed_checks(pull: PullRequest) -> tuple[CheckResult, ...]:
    """The checks that failed on what would be merged now."""
    checks = (check for check in pull.checks if check.revision == pull.head_revision)
    return tuple(check for check in checks if check.conclusion == "failure")
