"""Looks after what was submitted: approvals, checks, merges, and what the services run.

A webhook only makes it look sooner. What it then does is decided by what GitHub answers, so deliveries that are lost,
repeated or out of order change nothing; the timer looks anyway.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mergecells.adapters.sqlite_hub import StoredSubmission
from mergecells.apps.hub.desks import Desk, Desks, Line
from mergecells.apps.hub.progress import Ledger, with_step
from mergecells.apps.hub.release import Releases, live_json
from mergecells.apps.submission_documents import pull_json
from mergecells.domain.errors import MergecellsError
from mergecells.domain.live_status import LiveStatus
from mergecells.domain.pulls import PullRequest, standing_approvals
from mergecells.domain.revision import Revision

logger = logging.getLogger("mergecells.hub")

IN_REVIEW: Final = ("proposed", "approved")
UNDER_WAY: Final = ("merged", "releasing", "stuck")
_RELEASE_SECONDS: Final = 0.5
"""Between two looks at services that are expected to change any moment."""
_AGAIN_SECONDS: Final = 60.0

WriteBack = Callable[[Desk, LiveStatus], None]


class Watch:
    """One thread for each desk. `write_back` is asked to tell the sheet of each new head, and of how far it got."""

    def __init__(
        self,
        desks: Desks,
        ledger: Ledger,
        releases: Releases,
        poll_seconds: float,
        write_back: WriteBack | None = None,
    ) -> None:
        self._desks, self._ledger, self._releases = desks, ledger, releases
        self._poll_seconds, self._write_back = poll_seconds, write_back
        self._asked: dict[str, tuple[str, float]] = {}
        self._wake = {desk.spreadsheet: threading.Event() for desk in desks}
        self._hinted = {desk.spreadsheet: threading.Event() for desk in desks}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for desk in self._desks:
            name = f"watch-{desk.spreadsheet[:8]}"
            thread = threading.Thread(target=self._work, args=(desk,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def hint(self, desk: Desk, host: bool = True) -> None:
        """Something may have changed: look now, at the `host` too where it may have changed there."""
        if host:
            self._hinted[desk.spreadsheet].set()
        self._wake[desk.spreadsheet].set()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        for event in self._wake.values():
            event.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def alive(self) -> bool:
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def _work(self, desk: Desk) -> None:
        wake, asked_at = self._wake[desk.spreadsheet], float("-inf")
        head: Revision | None = None
        while not self._stopping.is_set():
            wake.clear()
            hinted, now = self._hinted[desk.spreadsheet].is_set(), time.monotonic()
            self._hinted[desk.spreadsheet].clear()
            releasing = (self._releases.current(desk) or {}).get("state") == "waiting"
            try:
                with desk.line("watch") as line:
                    if head is None or hinted or now - asked_at >= self._poll_seconds:
                        asked_at = now
                        head = self._ask_host(desk, line)
                    releasing = self._follow(desk, line, head)
            except MergecellsError as error:
                # Told once a round; the next round may find it mended.
                logger.warning("the watch failed: %s", error, extra={"event": "hub.watch"})
            except Exception:  # a defect must not end the watch
                logger.exception("the watch failed", extra={"event": "hub.failure"})
            wake.wait(min(self._poll_seconds, _RELEASE_SECONDS) if releasing else self._poll_seconds)

    def _ask_host(self, desk: Desk, line: Line) -> Revision:
        """The branch's head; on the way, what became of the open pull requests."""
        rows = self._ledger.store.in_states(IN_REVIEW, desk.spreadsheet)
        for number in sorted({row.pull for row in rows if row.pull is not None}):
            pull = line.session.host.show(number)
            for row in rows:
                if row.pull == number:
                    self._ledger.change(row.id, lambda now, pull=pull: _seen(now, pull))  # type: ignore[misc]
        return line.session.host.head(desk.branch)

    def _follow(self, desk: Desk, line: Line, head: Revision) -> bool:
        """One look at the release; whether it is still expected to change any moment."""
        document = self._releases.follow(desk, line, head)
        self._tell_sheet(desk, document)
        for row in self._ledger.store.in_states(UNDER_WAY, desk.spreadsheet):
            if row.revision and (row.revision == head or line.session.host.contains(head, row.revision)):
                self._ledger.change(row.id, lambda now: _released(now, document))
        return bool(document["state"] == "waiting")

    def _tell_sheet(self, desk: Desk, document: dict[str, Any]) -> None:
        """Once for each head and each end of its release; again after a while where that did not succeed."""
        if self._write_back is None or document["quiet"]:
            return
        # Half-way marks are for the sidebar: the sheet would be written twice a second.
        words = "waiting for services" if document["state"] == "waiting" else document.get("words", "")
        if document["since"]:
            # A sheet is looked at days later: with the day.
            words = f"{words.partition(' since ')[0]} since {document['since'][:16].replace('T', ' ')} UTC"
        live = LiveStatus(document["revision"], words)
        wanted, (asked, at) = live.dump(), self._asked.get(desk.spreadsheet, ("", 0.0))
        if self._ledger.store.written(desk.spreadsheet) == wanted:
            return
        if asked != wanted or time.monotonic() - at > max(self._poll_seconds, _AGAIN_SECONDS):
            self._asked[desk.spreadsheet] = (wanted, time.monotonic())
            self._write_back(desk, live)


def _seen(row: StoredSubmission, pull: PullRequest) -> StoredSubmission:
    """What a look at its pull request means for a submission."""
    if row.state not in IN_REVIEW:
        return row
    told = pull_json(pull, (row.document.get("pull_request") or {}).get("updated", False))
    row = replace(row, document={**row.document, "pull_request": told})
    if pull.state == "merged":
        by = f" by {pull.merged_by.partition(' <')[0]}" if pull.merged_by else ""
        facts: dict[str, Any] = {"message": f"Pull request #{pull.number} was merged{by}."}
        return replace(with_step(row, "merged", "merged", done=True, **facts), revision=pull.merge_revision)
    if pull.state == "closed":
        facts = {"message": f"Pull request #{pull.number} was closed without a merge."}
        return with_step(row, "closed", "refused", done=True, **facts)
    approvals = standing_approvals(pull)
    if approvals and row.state == "proposed":
        names = ", ".join(told["approved_by"])
        return with_step(row, "approved", "approved", done=True, message=f"#{pull.number} is approved by {names}.")
    if not approvals and row.state == "approved":
        facts = {"message": f"#{pull.number} was updated since it was approved."}
        return with_step(row, "proposed", "proposed", done=True, **facts)
    return row


def _released(row: StoredSubmission, document: dict[str, Any]) -> StoredSubmission:
    """How far the release is that contains the submission's merge."""
    live = live_json(document)
    if document["state"] == "unwatched":
        words = "Merged. mergecells.yaml lists no services, so nobody can say what runs."
        return with_step(row, "merged", "merged", done=True, message=words, live=None, final=True)
    state = {"waiting": "releasing", "live": "live", "stuck": "stuck"}[document["state"]]
    if state == "releasing" and row.state == "releasing" and row.document.get("live") == live:
        return row
    words = document.get("words", "")
    message = {"releasing": f"Merged; {words}.", "live": f"{words[:1].upper()}{words[1:]}."}.get(
        state, f"Stuck: {words}."
    )
    return with_step(row, state, state, done=state != "releasing", message=message, live=live)
