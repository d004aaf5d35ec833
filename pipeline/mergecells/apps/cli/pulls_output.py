"""Pull requests for a terminal."""

from __future__ import annotations

from mergecells.domain.pulls import PullRequest, failed_checks, standing_approvals
from mergecells.domain.revision import short
from mergecells.transforms.markdown_escape import visible


def pull_line(pull: PullRequest) -> str:
    """`#3  open    Set weight … (Ada, 1 approval)`."""
    approvals = len(standing_approvals(pull))
    marks = [pull.author.split(" <", maxsplit=1)[0]]
    marks += [f"{approvals} approval{'s' * (approvals != 1)}"] if approvals else []
    marks += ["check failed"] if pull.state == "open" and failed_checks(pull) else []
    return f"#{pull.number:<4} {pull.state:<7} {visible(pull.title)}  ({visible(', '.join(marks))})"


def pull_page(pull: PullRequest) -> str:
    """Everything that is known, the body last."""
    facts = [
        ("state", _state(pull)),
        ("author", pull.author),
        ("branch", f"{pull.branch}, base {short(pull.base_revision)}, head {short(pull.head_revision)}"),
        ("source", pull.source),
        ("opened", f"{pull.created_at}, updated {pull.updated_at}"),
        ("address", pull.url),
        *(("check", _stale(f"{c.name}: {c.conclusion} ({c.summary})", pull, c.revision)) for c in pull.checks),
        *(("approval", _stale(f"{a.by} at {a.at}", pull, a.revision)) for a in pull.approvals),
    ]
    lines = [f"#{pull.number} {visible(pull.title)}", ""]
    lines += [f"{name + ':':<10}{visible(text)}" for name, text in facts]
    return "\n".join([*lines, "", *(visible(line) for line in pull.body.splitlines())])


def printable_diff(text: str) -> str:
    """A diff in which tabs stay and nothing else that is not printable reaches the terminal."""
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n"))


def _state(pull: PullRequest) -> str:
    if pull.state != "merged":
        return pull.state
    return f"merged as {pull.merge_revision} by {pull.merged_by} at {pull.merged_at}"


def _stale(text: str, pull: PullRequest, revision: str) -> str:
    return text if revision == pull.head_revision else f"{text}, stale: it was for {short(revision)}"
