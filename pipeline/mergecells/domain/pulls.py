"""Pull requests, whichever system holds them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from mergecells.domain.errors import HeadMovedError, MergecellsError, UsageError
from mergecells.domain.findings import Finding
from mergecells.domain.revision import Revision, short

MAX_TITLE = 256
MAX_BODY = 65_536
"""GitHub's limits, kept by every host so that a proposal that fits one fits the other."""

PULL_STATES = ("open", "merged", "closed", "all")

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
    findings: tuple[Finding, ...] = ()


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
    `more` is what the body has no room for, in texts that each fit: comments where the host keeps any. `traceparent`
    goes into the commit, see `loop_trace`.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    branch: str
    title: str
    body: str
    author: str
    files: dict[str, bytes | None]
    expected_head: str
    more: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    traceparent: str = ""


def standing_approvals(pull: PullRequest) -> tuple[Approval, ...]:
    """The approvals of what would be merged now; those of an older head are stale."""
    return tuple(approval for approval in pull.approvals if approval.revision == pull.head_revision)


def failed_checks(pull: PullRequest) -> tuple[CheckResult, ...]:
    """The checks that failed on what would be merged now."""
    checks = (check for check in pull.checks if check.revision == pull.head_revision)
    return tuple(check for check in checks if check.conclusion == "failure")


def proposal_title(proposal: Proposal) -> str:
    """The title as one printable line. Raises UsageError when it or the body does not fit."""
    title = one_line(proposal.title)
    if not title or len(title) > MAX_TITLE or len(proposal.body) > MAX_BODY:
        raise UsageError(
            f"The title has {len(title)} characters and the body {len(proposal.body)}.",
            f"A title has 1 to {MAX_TITLE} characters, a body at most {MAX_BODY}.",
        )
    return title


def one_line(text: str) -> str:
    """One printable line: line breaks and control characters would forge trailers and terminal output."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def check_state(state: str) -> None:
    """Raises UsageError for what is no state to list by."""
    if state not in PULL_STATES:
        raise UsageError(f"{state!r} is no state of a pull request.", "Use open, merged, closed or all.")


def as_seen(pull: PullRequest, seen: Revision | None) -> PullRequest:
    """Raises HeadMovedError when somebody updated the request since the caller looked at it."""
    if seen is not None and pull.head_revision != seen:
        raise HeadMovedError(
            f"#{pull.number} was updated meanwhile: it is at {short(pull.head_revision)}, not at {short(seen)}.",
            f"Look at it again: `mergecells pulls show {pull.number}`.",
        )
    return pull


def branch_moved(branch: str, newest: Revision, expected: Revision) -> HeadMovedError:
    """What a host raises when a branch is not where the caller expects it."""
    return HeadMovedError(
        f"{branch} is at {short(newest)}, not at {short(expected)} as expected.",
        "Merge with the newest revision and submit again.",
    )


def merge_message(pull: PullRequest, *, forced: bool) -> str:
    """The message of a merge commit: who submitted, who approved, and whether a failed check was overruled."""
    approved = [f"Approved-by: {approval.by}" for approval in standing_approvals(pull)]
    forced_note = ["Forced: merged in spite of a failed check"] if forced else []
    trailers = [f"Submitted-by: {pull.author}", *approved, *forced_note]
    return "\n".join([f"Merge pull request #{pull.number}: {pull.title}", "", *trailers]) + "\n"


def still_open(pull: PullRequest) -> PullRequest:
    """Raises MergecellsError when the request was merged or closed."""
    if pull.state == "merged":
        what = f" as {short(pull.merge_revision)}" if pull.merge_revision else ""
        raise MergecellsError(f"#{pull.number} was merged already{what}.", "Submit again to open a new one.")
    if pull.state == "closed":
        raise MergecellsError(f"#{pull.number} is closed.", "Submit again to open a new one.")
    return pull


def refuse_failed(pull: PullRequest, force: bool) -> None:
    """Raises MergecellsError when a check of the head failed and nobody insists."""
    if not force and (failed := failed_checks(pull)):
        said = "; ".join(f"{check.name}: {check.summary or 'failed'}" for check in failed)
        raise MergecellsError(f"#{pull.number} is not merged: a check failed ({said}).", "Mend it and submit again.")
