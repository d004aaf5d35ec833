"""One submission, from its turn to its end: the use case as it is, its steps and its result kept as they happen."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from mergecells.adapters.sqlite_hub import StoredSubmission
from mergecells.apps.cli.impact_leads import manifest_leads
from mergecells.apps.cli.plan_evaluation import plan_evaluation
from mergecells.apps.hub.desks import Desk
from mergecells.apps.hub.progress import Ledger, with_step
from mergecells.apps.loop_tracing import SubmissionTrace
from mergecells.apps.submission_documents import state_of, submission_facts
from mergecells.authoring.check import check_files
from mergecells.authoring.propose import Submission
from mergecells.authoring.submit import SubmitRequest, submit_workbook
from mergecells.domain.errors import MergecellsError
from mergecells.transforms.formula_engines import Recompute

logger = logging.getLogger("mergecells.hub")


def warm_up(desk: Desk, engines: Recompute) -> None:
    """Let the engines answer for the branch as it is: the first person need not wait for all of it."""
    try:
        with desk.line("submit") as line:
            host = line.session.host
            check_files(host.read_files(host.head(desk.branch)), recompute=engines)
    except MergecellsError as error:
        logger.warning("the branch cannot be checked: %s", error, extra={"event": "hub.warm-up"})
    except Exception:  # a defect must not stop the queue of a sheet
        logger.exception("the branch cannot be checked", extra={"event": "hub.failure"})


def carry_out(desk: Desk, row: StoredSubmission, ledger: Ledger, engines: Recompute) -> StoredSubmission | None:
    """Submit the sheet for this person. Never raises: whatever happens is kept with the submission."""
    started = time.perf_counter()
    try:
        with desk.line("submit") as line, SubmissionTrace("mergecells-hub", desk.label) as trace:
            request = SubmitRequest(
                workbook=desk.label,
                branch=desk.branch,
                author=row.author,
                title=row.title,
                allow_large=row.allow_large,
                recompute=engines,
                read_leads=manifest_leads(desk.root, quiet=True),
                evaluate=plan_evaluation(desk.root, desk.manifest.evaluation),
                shared=True,
                tell=lambda step: begin_step(step, trace, ledger, row.id),
                traceparent=trace.traceparent,
            )
            submission = trace.submission = submit_workbook(desk.sheet(line), line.session.host, request)
        ended = ledger.change(row.id, lambda now: _ended(now, submission))
    except MergecellsError as error:
        told = f"{error.message} {error.hint}".strip()
        ended = ledger.change(row.id, lambda now: failed(now, told))
    except Exception:  # a defect must not stop the queue of a sheet
        logger.exception("a submission failed", extra={"event": "hub.failure", "submission": row.id})
        told = f"The hub failed on this submission; its log has the cause under {row.id}. Nothing was half done."
        ended = ledger.change(row.id, lambda now: failed(now, told))
    if ended is not None:
        extra = {"event": "hub.submission", "submission": row.id, "status": ended.state}
        logger.info("submission", extra={**extra, "duration_ms": round((time.perf_counter() - started) * 1000, 1)})
    return ended


def begin_step(step: str, trace: SubmissionTrace, ledger: Ledger, row: str) -> None:
    """A step of a submission begins: for its trace, and for who waits."""
    trace.tell(step)
    ledger.step(row, step)


def shared(row: StoredSubmission, ended: StoredSubmission) -> StoredSubmission:
    """The result of another's turn, which read the sheet while this one waited: its edits are in it."""
    facts = {name: value for name, value in ended.document.items() if name not in {"progress", "message", "notes"}}
    pull, message = ended.pull, str(ended.document.get("message", ""))
    notes = list(ended.document.get("notes", []))
    if ended.state == "proposed":
        message = f"Pull request #{pull} has these edits; {ended.author.partition(' <')[0]} submitted them."
        notes.append(f"One submission of the sheet brought in what all who waited had typed: {ended.id}.")
    row = with_step(row, ended.state, ended.state, done=True, **facts, message=message, notes=notes)
    return replace(row, pull=pull)


def failed(row: StoredSubmission, message: str) -> StoredSubmission:
    """Ended by something outside; what was done is safe to do again."""
    return with_step(row, "failed", "failed", done=True, message=message)


def _ended(row: StoredSubmission, submission: Submission) -> StoredSubmission:
    pull, state = submission.pull, state_of(submission)
    done = with_step(row, state, state, done=True, **submission_facts(submission))
    return replace(done, pull=pull.number if pull and state == "proposed" else None)
