"""A pull request as GitHub tells it → ours: whom it is from and what it was made on stands in its commits' trailers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mergecells.domain.identity import parse_identity
from mergecells.domain.loop_trace import trailer_line
from mergecells.domain.pulls import Approval, CheckResult, Proposal, PullRequest, one_line

_TRAILER = re.compile(r"^Mergecells-(Source|Branch|Base): (.+)$|^(Submitted-by): (.+)$", re.MULTILINE)
_PASSED = frozenset(("SUCCESS", "NEUTRAL", "SKIPPED"))


@dataclass(frozen=True, slots=True)
class PullFacts:
    """What the newest proposal of a request said of itself. `tree` is that of the request's head."""

    source: str
    author: str
    base: str
    tree: str


def trailers(proposal: Proposal) -> str:
    """The last paragraph of a proposed commit. `Co-authored-by` makes the commit the person's on GitHub as well."""
    author = parse_identity(proposal.author)
    return (
        f"Mergecells-Source: {one_line(proposal.source)}\n"
        f"Mergecells-Base: {proposal.expected_head}\n"
        f"Submitted-by: {author}\n"
        f"Co-authored-by: {author}\n"
        f"{trailer_line(proposal.traceparent)}"
    )


def facts_of(node: Mapping[str, Any]) -> PullFacts:
    """From the trailers of the newest commit that has them; a request that people made by hand has none."""
    commits = [entry["commit"] for entry in node["commits"]["nodes"]]
    tree = commits[-1]["tree"]["oid"] if commits else ""
    for commit in reversed(commits):
        last = commit["message"].rstrip().rpartition("\n\n")[2]
        told = {(a or c): (b or d) for a, b, c, d in _TRAILER.findall(last)}
        if {"Source", "Base", "Submitted-by"} <= told.keys():
            return PullFacts(told["Source"], told["Submitted-by"], told["Base"], tree)
    login = (node["author"] or {}).get("login") or "ghost"
    return PullFacts(node["headRefName"], _person(login, None), node["baseRefOid"], tree)


def pull_of(node: Mapping[str, Any]) -> PullRequest:
    """One request with its approvals and the checks of its head."""
    facts = facts_of(node)
    merger = node["mergedBy"]
    return PullRequest(
        number=node["number"],
        title=node["title"],
        body=node["body"],
        author=facts.author,
        state=_state(node["state"]),
        source=facts.source,
        branch=node["baseRefName"],
        base_revision=facts.base,
        head_revision=node["headRefOid"],
        created_at=node["createdAt"],
        updated_at=node["updatedAt"],
        url=node["url"],
        approvals=tuple(_approvals(node)),
        checks=tuple(_checks(node)),
        merge_revision=(node["mergeCommit"] or {}).get("oid"),
        merged_at=node["mergedAt"],
        merged_by=_person(merger["login"], merger.get("name")) if merger else None,
    )


def _state(told: str) -> Literal["open", "merged", "closed"]:
    return "open" if told == "OPEN" else "merged" if told == "MERGED" else "closed"


def _person(login: str, name: str | None) -> str:
    """GitHub's own address for a person: mail addresses are private there."""
    return f"{name or login} <{login}@users.noreply.github.com>"


def _approvals(node: Mapping[str, Any]) -> Iterator[Approval]:
    for review in node["reviews"]["nodes"]:
        author = review["author"] or {"login": "ghost"}
        revision = (review["commit"] or {}).get("oid") or ""
        yield Approval(
            by=_person(author["login"], author.get("name")), at=review["submittedAt"] or "", revision=revision
        )


def _checks(node: Mapping[str, Any]) -> Iterator[CheckResult]:
    """Finished checks and statuses of each commit, the latest of each name. What still runs has no verdict yet."""
    for entry in node["commits"]["nodes"]:
        commit = entry["commit"]
        contexts = ((commit["statusCheckRollup"] or {}).get("contexts") or {}).get("nodes") or ()
        latest: dict[str, CheckResult] = {}
        for told in contexts:
            result = _check(told, commit["oid"])
            if result and (result.name not in latest or latest[result.name].at <= result.at):
                latest[result.name] = result
        yield from latest.values()


def _check(told: Mapping[str, Any], revision: str) -> CheckResult | None:
    if told["__typename"] == "CheckRun":
        verdict, name, at = told["conclusion"], told["name"], told["completedAt"]
        summary = told["title"] or told["summary"] or ""
    else:
        pending = told["state"] in {"PENDING", "EXPECTED"}
        verdict, name, at = None if pending else told["state"], told["context"], told["createdAt"]
        summary = told["description"] or ""
    if verdict is None:
        return None
    conclusion: Literal["success", "failure"] = "success" if verdict in _PASSED else "failure"
    return CheckResult(name=name, conclusion=conclusion, revision=revision, at=at or "", summary=summary)
