"""The config of a running process: always there, always whole, following its folder in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from mergecells.ports import Watcher
from mergecells.serving.reload import Reloader
from mergecells.serving.snapshot import Snapshot
from mergecells.serving.snapshot_store import SnapshotStore
from mergecells.serving.status import Status

_log = logging.getLogger("mergecells")

_BREATH_SECONDS = 0.005
"""A burst of events is looked at once; and a folder that never comes to rest cannot make the thread spin."""

_CLOSE_SECONDS = 5.0
_TEND_SECONDS = 0.5


class Config(SnapshotStore):
    """What `mergecells.open()` returns.

    `current` is the Snapshot that serves and `status` the Status: plain attributes, each read without a lock. Take
    `current` once for all that belongs together. Open it after a fork: a thread does not come along.
    """

    def __init__(self, snapshot: Snapshot, status: Status) -> None:
        super().__init__(snapshot, status)
        self._wake = threading.Event()
        self._closing = False
        self._tend_at = 0.0
        self._asked = 0
        self._answered = 0
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None

    def follow(self, reloader: Reloader, watcher: Watcher, poll: float) -> None:
        """Start to follow: look at least every `poll` seconds, and whenever `wake` is called."""
        self._thread = threading.Thread(
            target=self._run, args=(reloader, watcher, poll), name="mergecells-reload", daemon=True
        )
        self._thread.start()

    def wake(self) -> None:
        """Something may have changed. Cheap, and safe from any thread."""
        self._wake.set()

    def reload(self, timeout: float | None = None) -> Status:
        """Ask for a load now. Returns at once; with a `timeout`, after the load, or when so many seconds passed."""
        with self._turn:
            self._asked += 1
            wanted = self._asked
            self._wake.set()
            if timeout is not None:
                self._turn.wait_for(lambda: self._answered >= wanted or self._closing, timeout)
        return self.status

    def close(self) -> None:
        """Stop following. `current` goes on serving."""
        self._closing = True
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> Config:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, reloader: Reloader, watcher: Watcher, poll: float) -> None:
        try:
            while not self._closing:
                delay = self._round(reloader, watcher, poll)
                if self._wake.wait(min(poll, delay)):
                    self._pause()
        finally:
            watcher.close()
            with self._turn:
                self._turn.notify_all()

    def _tend(self, watcher: Watcher, poll: float) -> None:
        """After looking, and not at every look: a change must not wait for the supervisor."""
        if time.monotonic() >= self._tend_at:
            self._tend_at = time.monotonic() + _TEND_SECONDS
            self.say(watching=_watching(watcher.tend(), poll))

    def _pause(self) -> None:
        # Cleared before looking, never after: an event that comes while we look makes us look again.
        threading.Event().wait(_BREATH_SECONDS)
        self._wake.clear()

    def _round(self, reloader: Reloader, watcher: Watcher, poll: float) -> float:
        asked = self._asked  # What is asked from here on is for the next round: this one may have looked already.
        try:
            delay = reloader.tick(asked > self._answered)
            self._tend(watcher, poll)
            return delay
        except Exception:  # noqa: BLE001 - the thread must outlive it
            # Whatever a file system or a rule set throws: the config stays, and the next round looks again.
            _log.exception("looking for a new config failed", extra={"event": "config.look_failed"})
            return poll
        finally:
            with self._turn:
                self._answered = asked
                self._turn.notify_all()


def _watching(problem: str, poll: float) -> str:
    how = f"polling every {poll * 1000:g} ms"
    return f"{how} only: {problem}" if problem else f"events, and {how}"
