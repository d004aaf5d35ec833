"""Holds the one Snapshot that serves, and tells who wants to know when another takes its place."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from mergecells.serving.snapshot import Snapshot
from mergecells.serving.status import Rejection, State, Status

_log = logging.getLogger("mergecells")

SwapCallback = Callable[[Snapshot], None]
RejectCallback = Callable[[Rejection], None]


class SnapshotStore:
    """`current` and `status` are plain attributes: reading one is one attribute read, takes no lock and never waits.

    Each is replaced whole, by one assignment, so a reader sees the old or the new one. One thread writes.
    """

    def __init__(self, snapshot: Snapshot, status: Status) -> None:
        self.current = snapshot
        self.status = status
        self._callbacks: list[SwapCallback] = []
        self._reject_callbacks: list[RejectCallback] = []

    def on_swap(self, callback: SwapCallback) -> Callable[[], None]:
        """Call `callback(snapshot)` after every swap, in the reloading thread. Returns what takes it off again.

        An error in a callback is logged and stops neither the swap nor other callbacks; a slow one delays the next
        reload, never a reader.
        """
        self._callbacks.append(callback)

        def remove() -> None:
            with contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return remove

    def on_reject(self, callback: RejectCallback) -> None:
        """Call `callback(rejection)` whenever a newest config cannot serve, once for each reason."""
        self._reject_callbacks.append(callback)

    def swap(self, snapshot: Snapshot, at: str) -> None:
        """Serve `snapshot` from now on."""
        # The status follows the snapshot: a reader of both never finds a revision said to run that does not yet.
        self.current = snapshot
        self.status = replace(
            self.status,
            revision=snapshot.revision,
            loaded_at=at,
            status="ok",
            last_attempt=at,
            rejected=None,
            loaded_from=snapshot.loaded_from,
            notes=snapshot.notes,
            unpublished=None,  # What was told of the branch was told before this one came.
            traceparent=snapshot.traceparent,
        )
        for callback in tuple(self._callbacks):
            try:
                callback(snapshot)
            except Exception:  # noqa: BLE001 - a callback's failure is not ours
                # Whatever a callback of the embedding program raises, the config it was told about serves.
                _log.exception("a swap callback failed", extra={"event": "config.callback_failed"})

    def confirm(self, at: str) -> None:
        """The newest config is the one that serves already."""
        self.status = replace(self.status, status="ok", last_attempt=at, rejected=None)

    def reject(self, rejection: Rejection, state: State) -> None:
        """The newest config cannot serve; what serves stays."""
        former = self.status.rejected
        self.status = replace(self.status, status=state, last_attempt=rejection.at, rejected=rejection)
        if former and (former.revision, former.reason) == (rejection.revision, rejection.reason):
            return  # Trying again what is still broken is no event.
        for callback in tuple(self._reject_callbacks):
            try:
                callback(rejection)
            except Exception:  # noqa: BLE001 - as above
                _log.exception("a rejection callback failed", extra={"event": "config.callback_failed"})

    def tell_unpublished(self, unpublished: Rejection | None) -> None:
        """The head of the branch that publishing refused, None when it did not."""
        self.status = replace(self.status, unpublished=unpublished)

    def say(self, *, watching: str | None = None, note: str | None = None) -> None:
        """Tell how changes are noticed, or add a note to what serves."""
        if watching is not None and watching != self.status.watching:
            self.status = replace(self.status, watching=watching)
        if note is not None and note not in self.status.notes:
            self.status = replace(self.status, notes=(*self.status.notes, note))
