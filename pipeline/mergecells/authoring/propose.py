"""Checked files → a pull request: the part that submitting a workbook and rolling back have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from mergecells.authoring.check import CheckReport
from mergecells.domain.changes import Change, ChangeSet
from mergecells.domain.configset import ConfigSet
from mergecells.domain.evaluation import Evaluation
from mergecells.domain.findings import Finding
from mergecells.domain.plan import Plan
from mergecells.domain.pulls import CheckResult, Proposal, PullRequest, one_line
from mergecells.domain.revision import Files, Revision
from mergecells.domain.tables import Conflict
from mergecells.ports import PullRequestHost
from mergecells.transforms.impact_examples import examples_impact
from mergecells.transforms.plan_render_markdown import render_markdown, render_rest
from mergecells.transforms.plan_words import counted, plan_title
from mergecells.transforms.prompt_previews import preview_prompts
from mergecells.transforms.yaml_to_config import Load, load_config

CHECK_NAME = "config check"

MOST_FINDINGS = 500
"""Findings that travel with the verdict; the check itself shows all of them."""

Evaluate: TypeAlias = Callable[[ConfigSet | None, ConfigSet | None], Evaluation | None]
"""Answers of changed prompts before and after; None where that is not configured."""

Outcome = Literal["proposed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Submission:
    """How a submission ended.

    `pull` is the request that was opened or updated; for an unchanged one, the request of the same source that is
    still open, if any. `updated` tells an update from an opening. `notes` are further messages for the person.
    `conflicts` are among the plan's findings too, there as words.
    """

    outcome: Outcome
    plan: Plan
    pull: PullRequest | None = None
    updated: bool = False
    notes: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """New files for a branch: `edits` maps a path to its content (None deletes), made on `head` with `head_files`."""

    branch: str
    head: Revision
    head_files: Files
    edits: Mapping[str, bytes | None]

    @property
    def files(self) -> dict[str, bytes]:
        """All config files as they will be."""
        merged = {**self.head_files, **self.edits}
        return {path: content for path, content in merged.items() if content is not None}


def make_plan(
    candidate: Candidate,
    changes: tuple[Change, ...],
    findings: tuple[Finding, ...],
    *,
    author: str,
    title: str = "",
    workbook: str = "",
    base_revision: Revision = "",
    load: Load = load_config,
    evaluate: Evaluate | None = None,
) -> Plan:
    """Everything a reviewer needs to know. `title` is made from the changes when it is empty; `base_revision` is the
    head unless given."""
    files = tuple(sorted(candidate.edits))
    before, after = load(candidate.head_files), load(candidate.files)
    return Plan(
        changes=ChangeSet(base=candidate.head, head="", changes=changes, files=files),
        findings=findings,
        impact=examples_impact(before.config, after.config),
        prompts=preview_prompts(before.config, after.config),
        evaluation=evaluate(before.config, after.config) if evaluate else None,
        base_revision=base_revision or candidate.head,
        author=author,
        title=title or plan_title(changes, files),
        workbook=workbook,
    )


def propose_plan(
    host: PullRequestHost, candidate: Candidate, plan: Plan, source: str, report: CheckReport, traceparent: str = ""
) -> Submission:
    """Open or update the pull request of `source`. Raises HeadMovedError when the branch moved since it was read."""
    before = open_pull(host, source, candidate.branch)
    if before is not None and _has_already(host, before, candidate, plan):
        note = f"#{before.number} has these edits already; {before.author} submitted them."
        return Submission("proposed", plan, before, notes=(note,))
    pull = host.propose(
        Proposal(
            source=source,
            branch=candidate.branch,
            title=plan.title,
            body=render_markdown(plan),
            more=render_rest(plan),
            author=plan.author,
            files=dict(candidate.edits),
            expected_head=candidate.head,
            checks=(_check_result(report),),
            traceparent=traceparent,
        )
    )
    known = plan.model_copy(update={"changes": plan.changes.model_copy(update={"head": pull.head_revision})})
    return Submission("proposed", known, pull, updated=before is not None and before.number == pull.number)


def _has_already(host: PullRequestHost, pull: PullRequest, candidate: Candidate, plan: Plan) -> bool:
    """Whether the open request proposes these very files on this very base, checked, under this title: of several
    people who submit one sheet at once, the first has brought in everybody's edits."""
    checked = any((check.name, check.revision) == (CHECK_NAME, pull.head_revision) for check in pull.checks)
    same = (pull.base_revision, pull.title) == (candidate.head, one_line(plan.title))
    return checked and same and dict(host.read_files(pull.head_revision)) == candidate.files


def open_pull(host: PullRequestHost, source: str, branch: str) -> PullRequest | None:
    """The open pull request of `source`, None when there is none."""
    return next((pull for pull in host.pulls() if (pull.source, pull.branch) == (source, branch)), None)


def _check_result(report: CheckReport) -> CheckResult:
    counts = report.counts
    return CheckResult(
        name=CHECK_NAME,
        conclusion="success" if report.ok else "failure",
        revision="",
        at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        summary=f"{counted(counts['error'], 'error')}, {counted(counts['warning'], 'warning')}",
        findings=tuple(report.findings[:MOST_FINDINGS]),
    )
