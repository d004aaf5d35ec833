"""Keeps a folder of published trees at the newest good revision of a branch.

Only what passed its checks is published: the check runs before anything is written, and the link moves last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from mergecells.domain.config_tree import TRACE_FILE
from mergecells.domain.errors import ConfigRejectedError, MergecellsError
from mergecells.domain.findings import Finding, has_errors
from mergecells.domain.loop_trace import CommitTrace
from mergecells.domain.revision import Files, Revision, short
from mergecells.formula.remembered import forget_now_and_then, forget_unused
from mergecells.ports import Clock, LoopTracer, RevisionSource, TreeStore
from mergecells.serving.build import load_checked
from mergecells.serving.bundle import BundleInvalidError, Origin, load_bundle, read_manifest, seal_tree
from mergecells.serving.clock import iso
from mergecells.serving.rejections import RejectedRevision, Rejections
from mergecells.serving.silence import NoLoopTracer
from mergecells.serving.status import bounded

_log = logging.getLogger("mergecells")

LOOK_BACK = 50
"""Commits to go back from a bad head in search of a good one that was not published yet."""

Check = Callable[[Files], list[Finding]]
StepKind = Literal["published", "unchanged", "rejected"]


@dataclass(frozen=True, slots=True)
class FollowStep:
    """What one look did. `revision` is what is current now (None: nothing was ever good), `head` the branch's newest,
    `rejected` the revisions that were refused in this very step."""

    kind: StepKind
    revision: Revision | None
    head: Revision
    rejected: tuple[RejectedRevision, ...] = ()
    seconds: float = 0.0


class Follower:
    """Publishes from `source` to `trees`. One at a time: the caller holds the folder's lock."""

    def __init__(
        self,
        source: RevisionSource,
        trees: TreeStore,
        rejections: Rejections,
        check: Check,
        clock: Clock,
        loop: LoopTracer | None = None,
    ) -> None:
        self._source = source
        self._trees = trees
        self._rejections = rejections
        self._check = check
        self._clock = clock
        self._loop = loop or NoLoopTracer()
        self._head: Revision | None = None

    def step(self) -> FollowStep:
        """Look once, and publish the newest good revision when it is not current.

        Raises MergecellsError when the branch cannot be read or the tree cannot be written: nothing changed then, and
        the next step tries again.
        """
        started = self._clock.monotonic()
        head = self._source.newest()
        current = self._trees.current()
        if head == self._head and current is not None:
            return FollowStep("unchanged", current, head)
        refused: list[RejectedRevision] = []
        published = self._publish_newest_good(head, current, refused)
        for _ in refused:
            forget_now_and_then()
        if published:
            forget_unused()
        kind: StepKind = "published" if published else "rejected" if refused else "unchanged"
        step = FollowStep(kind, published or current, head, tuple(refused), self._clock.monotonic() - started)
        self._tell(step)
        self._rejections.tell_head(self._place()[1], head, step.revision, iso(self._clock.now()))
        self._head = head  # Last: what could not be told, on a full disk for instance, is told by the next step.
        return step

    def _publish_newest_good(
        self, head: Revision, current: Revision | None, refused: list[RejectedRevision]
    ) -> Revision | None:
        """The head, or, when it is bad, its newest good ancestor that is newer than what is current."""
        lineage = self._source.lineage(head, LOOK_BACK)
        for revision, parent in zip(lineage, [*lineage[1:], None], strict=True):
            if revision == current and self._is_sound(revision):
                return None
            if revision in self._rejections:
                continue
            rejection = self._try(revision, parent)
            if rejection is None:
                return revision
            self._rejections.add(rejection)
            refused.append(rejection)
        return None

    def _try(self, revision: Revision, parent: Revision | None) -> RejectedRevision | None:
        """Publish one revision, or say why it must not be."""
        started = self._clock.now().timestamp()
        trace = self._source.trace(revision)
        rejection = self._publish(revision, parent, trace)
        self._trace(revision, trace, started, rejection)
        return rejection

    def _publish(self, revision: Revision, parent: Revision | None, trace: CommitTrace) -> RejectedRevision | None:
        try:
            files = self._source.read_files(revision)
            findings = self._check(files)
            if has_errors(findings):
                errors = [finding for finding in findings if finding.severity == "error"]
                more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
                reason = f"{errors[0]}{more}"
                return self._rejection(revision, reason, findings)
            config = load_checked(files, revision)
        except ConfigRejectedError as error:
            return self._rejection(revision, str(error), list(error.findings))
        origin = Origin(*self._place(), parent, self._generation() + 1, iso(self._clock.now()))
        tree = seal_tree(revision, files, config, origin)
        if trace.traceparent:
            tree = replace(tree, sealed={**tree.sealed, TRACE_FILE: f"{trace.traceparent}\n".encode()})
        self._trees.publish(tree)
        return None

    def _trace(
        self, revision: Revision, trace: CommitTrace, started: float, rejection: RejectedRevision | None
    ) -> None:
        """What git knows of the review, and what was done here."""
        facts = {"mergecells.revision": revision}
        if trace.proposed_at is not None:
            self._loop.span("review", trace.traceparent, trace.proposed_at, trace.merged_at, facts)
        ended, failed = self._clock.now().timestamp(), rejection.reason if rejection else ""
        self._loop.span("publish", trace.traceparent, started, ended, facts, failed=failed)

    def _rejection(self, revision: Revision, reason: str, findings: list[Finding]) -> RejectedRevision:
        return RejectedRevision(revision=revision, at=iso(self._clock.now()), reason=reason, findings=bounded(findings))

    def _place(self) -> tuple[str, str]:
        repository, _, ref = self._source.describe().rpartition(" ")
        return repository, ref

    def _generation(self) -> int:
        """Of the tree that is current, 0 before the first; one that cannot be read starts the count anew."""
        tree = next(iter(self._trees.recent()), None)
        try:
            manifest = read_manifest(tree) if tree else None
        except BundleInvalidError:
            return 0
        return manifest.generation if manifest else 0

    def _is_sound(self, current: Revision) -> bool:
        """Whether the current tree is what was published: a disk fault or an edit in place is mended."""
        tree = next(iter(self._trees.recent()), None)
        if tree is None or tree.revision != current:
            return False
        try:
            load_bundle(tree)
        except BundleInvalidError as error:
            _log.warning(
                "the current tree is published anew: %s",
                error,
                extra={"event": "follow.damaged", "revision": current, "status": "failure"},
            )
            return False
        return True

    def _tell(self, step: FollowStep) -> None:
        for rejection in step.rejected:
            _log.warning(
                "revision %s is not published: %s",
                short(rejection.revision),
                rejection.reason,
                extra={
                    "event": "follow.rejected",
                    "status": "failure",
                    "revision": rejection.revision,
                    "findings": len(rejection.findings),
                },
            )
        if step.kind == "published" and step.revision:
            _log.info(
                "revision %s is published",
                short(step.revision),
                extra={
                    "event": "follow.published",
                    "status": "success",
                    "revision": step.revision,
                    "head": step.head,
                    "duration_ms": round(step.seconds * 1000, 3),
                },
            )


class Stepping(Protocol):
    def step(self) -> FollowStep:
        """See `Follower`."""
        ...


def run_follower(
    follower: Stepping,
    wait: Callable[[float], bool],
    interval: float,
    report: Callable[[FollowStep | MergecellsError], None],
) -> None:
    """Step after step until `wait(seconds)` answers that it is time to stop.

    What goes wrong is reported and logged once, not at every step, and tried again, less and less often up to 5 s.
    """
    failures, told = 0, ""
    while True:
        try:
            report(follower.step())
            failures, told = 0, ""
        except MergecellsError as error:
            failures += 1
            if str(error) != told:
                told = str(error)
                report(error)
                _log.error("following failed: %s", error, extra={"event": "follow.failed", "status": "failure"})
        if wait(min(interval * 2 ** min(failures, 10), max(interval, 5.0)) if failures else interval):
            return
