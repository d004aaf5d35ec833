"""Workbook → pull request: read, merge with the branch as it is now, check, propose. Nothing is written by halves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mergecells.authoring.check import CheckReport, check_files
from mergecells.authoring.export import ExportResult, base_revision, export_workbook
from mergecells.authoring.leads_impact import ReadLeads, measure_leads
from mergecells.authoring.propose import Candidate, Evaluate, Submission, make_plan, open_pull, propose_plan
from mergecells.authoring.submitted import Submitted, dump_submitted, merged_submissions, read_submitted
from mergecells.domain.errors import HeadMovedError, MergecellsError, UnknownRevisionError, WorkbookChangedError
from mergecells.domain.findings import Finding, has_errors, sort_findings
from mergecells.domain.identity import parse_identity
from mergecells.domain.locations import CellRef
from mergecells.domain.plan import Plan
from mergecells.domain.revision import Files, is_full_sha, short
from mergecells.domain.workbook import SUBMITTED, Workbook
from mergecells.ports import PullRequestHost, WorkbookSource
from mergecells.transforms.collector import paused_collector
from mergecells.transforms.formula_engines import Recompute
from mergecells.transforms.workbook_changes import conflict_marks, error_marks
from mergecells.transforms.yaml_to_config import Load, RememberedLoads

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """What the person asked for. `workbook` names the workbook to reviewers and, with the author, the pull request:
    two people's copies of one workbook hold different edits, so each has a request of their own. `answer` is what the
    workbook is to remember of how it ended.

    `shared`: there is one workbook for all, a Google Sheet, and one request for it, whoever submits. `tell` hears of
    each step when it begins: reading, comparing, checking, proposing, noting. `traceparent` goes into the commit.
    """

    workbook: str
    branch: str
    author: str
    title: str = ""
    allow_large: bool = False
    recompute: Recompute | None = None
    read_leads: ReadLeads | None = None
    evaluate: Evaluate | None = None
    shared: bool = False
    answer: Callable[[Submission], Mapping[str, str]] = lambda _: {}
    tell: Callable[[str], None] = lambda _: None
    traceparent: str = ""

    @property
    def source(self) -> str:
        return self.workbook if self.shared else f"{self.workbook} of {parse_identity(self.author).mail.lower()}"


@paused_collector()
def submit_workbook(source: WorkbookSource, host: PullRequestHost, request: SubmitRequest) -> Submission:
    """Open or update the pull request with what changed in the workbook.

    Errors and conflicts refuse the submission and are marked in the workbook. Raises MergecellsError when the
    workbook's base revision is unknown, HeadMovedError when the branch kept moving.
    """
    request.tell("reading")
    workbook = source.read()
    request.tell("comparing")
    base_files = read_base_files(workbook, host)
    load = RememberedLoads()
    for _ in range(_ATTEMPTS):
        try:
            submission, marks = _submit_once(workbook, base_files, host, request, load)
        except HeadMovedError as error:
            moved = error
            continue
        request.tell("noting")
        notes = (*submission.notes, *_mark(source, marks), *_remember(source, workbook, submission, request.answer))
        return replace(submission, notes=notes)
    raise moved


def read_base_files(workbook: Workbook, host: PullRequestHost) -> Files:
    """The files that the workbook was filled from. Raises MergecellsError where it does not say, or none are there."""
    revision = base_revision(workbook)
    refill = "Run `mergecells fill --apply` on a checkout of the branch: your edits stay. Then submit again."
    if not revision:
        raise MergecellsError(f"{workbook.source} does not say which revision it was filled from.", refill)
    if not is_full_sha(revision):
        raise MergecellsError(
            f"{workbook.source} was filled from files that were not committed ({short(revision)}).",
            f"Commit and push them. {refill}",
        )
    try:
        return host.read_files(revision)
    except UnknownRevisionError as error:
        raise MergecellsError(
            f"{workbook.source} was filled from {short(revision)}, which the repository does not have.",
            f"Push that commit. Or: {refill[0].lower()}{refill[1:]}",
        ) from error


def _submit_once(
    workbook: Workbook, base_files: Files, host: PullRequestHost, request: SubmitRequest, load: Load
) -> tuple[Submission, dict[CellRef, str]]:
    head = host.head(request.branch)
    head_files = host.read_files(head)
    submitted = merged_submissions(workbook, base_revision(workbook), head, host.contains, host.read_files)
    export = export_workbook(workbook, base_files, head_files, submitted=tuple(submitted), load=load)
    candidate = Candidate(request.branch, head, head_files, dict(export.files))
    if not export.ok:
        plan = _plan(candidate, export, export.findings, request, load)
        marks = {**error_marks(export.findings), **conflict_marks(export.conflicts)}
        return Submission("refused", plan, conflicts=export.conflicts), marks
    if not export.files:
        pull = open_pull(host, request.source, request.branch)
        return Submission("unchanged", _plan(candidate, export, export.findings, request, load), pull), {}
    request.tell("checking")
    report = _check(candidate, export, base_files, request, load)
    leads, guard = measure_leads(candidate, request.read_leads, request.allow_large, load) if report.ok else (None, [])
    findings = tuple(sort_findings((*export.findings, *report.findings, *guard)))
    plan = _plan(candidate, export, findings, request, load).model_copy(update={"leads": leads})
    if not report.ok or has_errors(guard):
        return Submission("refused", plan), error_marks(findings)
    request.tell("proposing")
    return _propose(host, candidate, plan, request, replace(report, findings=findings)), {}


def _propose(
    host: PullRequestHost, candidate: Candidate, plan: Plan, request: SubmitRequest, report: CheckReport
) -> Submission:
    return propose_plan(host, candidate, plan, request.source, report, request.traceparent)


def _check(
    candidate: Candidate, export: ExportResult, base_files: Files, request: SubmitRequest, load: Load
) -> CheckReport:
    report = check_files(
        candidate.files,
        tables=export.tables,
        base_files=candidate.head_files,
        allow_large=request.allow_large,
        recompute=request.recompute,
        read_leads=request.read_leads,
        load=load,
    )
    if dict(base_files) == dict(candidate.head_files):
        return report
    # Merged with others' edits, the rules are not those from which the workbook computed what it shows.
    return replace(report, findings=tuple(f for f in report.findings if f.code != "formula.stale-value"))


def _plan(
    candidate: Candidate, export: ExportResult, findings: tuple[Finding, ...], request: SubmitRequest, load: Load
) -> Plan:
    return make_plan(
        candidate,
        export.changes,
        findings,
        author=str(parse_identity(request.author)),
        title=request.title,
        workbook=request.workbook,
        base_revision=export.base_revision,
        load=load,
        evaluate=request.evaluate,
    )


def _mark(source: WorkbookSource, marks: Mapping[CellRef, str]) -> tuple[str, ...]:
    """Notes are a courtesy: a workbook that is open elsewhere must not hide how the submission ended."""
    try:
        source.mark(marks)
    except MergecellsError as error:
        return (f"The cells could not be marked: {error.message}",)
    return ()


def _remember(
    source: WorkbookSource,
    workbook: Workbook,
    submission: Submission,
    answer: Callable[[Submission], Mapping[str, str]],
) -> tuple[str, ...]:
    """Let the workbook know what it submitted, so that a further edit starts from there once that is merged, and how it
    ended where somebody reads it there."""
    made = None
    if submission.outcome == "proposed" and submission.pull is not None:
        made = Submitted(submission.pull.base_revision, submission.pull.head_revision)
    try:
        for _ in range(_ATTEMPTS):
            known = read_submitted(workbook)
            told = dict(answer(submission))
            if made is not None and made not in known:
                told[SUBMITTED] = dump_submitted((*known, made))
            if not told:
                return ()
            try:
                source.remember({**workbook.metadata, **told})
                return ()
            except WorkbookChangedError:
                # Somebody else submitted from the same workbook at the same moment: both are remembered.
                workbook = source.read()
        raise WorkbookChangedError("Others keep submitting from it.")
    except MergecellsError as error:
        after = "run `mergecells fill --apply` after the merge, before you edit the same cells again"
        return (f"The workbook could not take a note of this submission: {error.message} So {after}.",)
