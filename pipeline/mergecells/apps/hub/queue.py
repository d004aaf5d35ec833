"""The queue of submissions: one at a time for each sheet, sheets side by side, kept on disk."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from typing import Final

from mergecells.adapters.google_identity import VerifiedPerson
from mergecells.adapters.sqlite_hub import RUNNING, WAITING, StoredSubmission
from mergecells.apps.hub.carry_out import carry_out, failed, shared, warm_up
from mergecells.apps.hub.desks import Desk, Desks
from mergecells.apps.hub.progress import Ledger
from mergecells.apps.hub.writing_back import bring_back
from mergecells.apps.service.problems import ProblemError
from mergecells.apps.submission_documents import now_text
from mergecells.domain.live_status import LiveStatus
from mergecells.formula.remembered import forget_now_and_then
from mergecells.transforms.formula_engines import Recompute

logger = logging.getLogger("mergecells.hub")

MOST_WAITING: Final = 200
"""Submissions of one sheet that wait."""

_AFTER_FAILURE_SECONDS: Final = 1.0

_INTERRUPTED: Final = (
    "The hub was stopped while this submission was under way. Submit again: a pull request that it opened before is "
    "updated, there is never a second one."
)


class SubmissionQueue:
    """A thread for each sheet; what waits is in the store, not in memory. It also writes back to the sheet, since that
    is nothing to do while a submission reads it.

    A sheet is read after the button was pressed, so one turn has the edits of all who waited when it began: they get
    its result. Whoever wants another title, or allows a large change, gets a turn of their own.
    """

    def __init__(self, desks: Desks, ledger: Ledger, engines: Recompute) -> None:
        self._desks, self._ledger, self._engines = desks, ledger, engines
        self._store = ledger.store
        self._wake = {desk.spreadsheet: threading.Event() for desk in desks}
        self._write_backs: dict[str, LiveStatus] = {}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Say of what ran when the last process ended that it did not end; what waited goes on waiting."""
        for row in self._store.in_states(RUNNING):
            self._ledger.change(row.id, lambda now: failed(now, _INTERRUPTED))
            logger.warning("a submission was interrupted", extra={"event": "hub.interrupted", "submission": row.id})
        for desk in self._desks:
            self._wake[desk.spreadsheet].set()
            thread = threading.Thread(
                target=self._work, args=(desk,), name=f"submit-{desk.spreadsheet[:8]}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing new and wait for what runs; False when it did not end in time (it is then parked: the next
        start says so)."""
        self._stopping.set()
        for event in self._wake.values():
            event.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def alive(self) -> bool:
        """Whether every sheet has somebody to work on it."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads) and not self.stopping

    def enter(
        self, desk: Desk, person: VerifiedPerson, title: str, request_id: str | None, allow_large: bool
    ) -> tuple[StoredSubmission, bool]:
        """Put a submission into the queue, or find the one that this repeats. Raises ProblemError."""
        if self.stopping:
            raise ProblemError(
                503, "stopping", "The hub is being stopped.", headers={"Retry-After": "30"},
                hint="Submit again in half a minute.",
            )  # fmt: skip
        if len(self._store.in_states([WAITING], desk.spreadsheet)) >= MOST_WAITING:
            raise ProblemError(
                503, "busy", f"{MOST_WAITING} submissions of this sheet wait already.", headers={"Retry-After": "60"},
                hint="Try again in a minute.",
            )  # fmt: skip
        now = now_text()
        steps = [{"step": "queued", "at": now, "done": False}]
        new = StoredSubmission(
            id=f"sub_{secrets.token_hex(12)}",
            sheet=desk.spreadsheet,
            person=person.mail,
            author=str(person.identity),
            title=title,
            allow_large=allow_large,
            state=WAITING,
            created_at=now,
            updated_at=now,
            request_id=request_id,
            document={"progress": steps, "message": "Waits for its turn."},
        )
        row, repeated = self._store.enter(new)
        if repeated and row.request_id == request_id is not None and row.title != title:
            raise ProblemError(
                409, "request-id-reused", "This request_id was used for a submission with another title.",
                hint="Make a new request_id for each click.",
            )  # fmt: skip
        self._wake[desk.spreadsheet].set()
        return row, repeated

    def ask_write_back(self, desk: Desk, live: LiveStatus) -> None:
        """Bring the sheet to the branch, and tell it how far that is, before the next submission."""
        self._write_backs[desk.spreadsheet] = live
        self._wake[desk.spreadsheet].set()

    def position(self, row: StoredSubmission) -> int:
        """How many are before it, itself included; 0 once it had its turn."""
        if row.state != WAITING:
            return 0
        waiting = [each.id for each in self._store.in_states([WAITING], row.sheet)]
        return waiting.index(row.id) + 1 if row.id in waiting else 0

    def _work(self, desk: Desk) -> None:
        wake = self._wake[desk.spreadsheet]
        if not self._store.in_states([WAITING], desk.spreadsheet):
            warm_up(desk, self._engines)
        while not self.stopping:
            wake.wait()
            wake.clear()
            try:
                self._work_off(desk)
            except Exception:  # a full disk, say: the sheet's queue must go on when that is mended
                logger.exception("the queue of a sheet failed", extra={"event": "hub.failure"})
                if not self._stopping.wait(_AFTER_FAILURE_SECONDS):
                    wake.set()

    def _work_off(self, desk: Desk) -> None:
        while not self.stopping:
            live = self._write_backs.pop(desk.spreadsheet, None)
            if live is not None:
                bring_back(desk, live, self._store)
                continue
            waiting = self._store.in_states([WAITING], desk.spreadsheet)
            if not waiting:
                return
            first, *others = waiting
            ended = carry_out(desk, first, self._ledger, self._engines)
            forget_now_and_then()
            if ended is not None and ended.state != "failed":
                for other in others:
                    if (other.title or first.title, other.allow_large) == (first.title, first.allow_large):
                        self._ledger.change(other.id, lambda now, ended=ended: shared(now, ended))  # type: ignore[misc]
