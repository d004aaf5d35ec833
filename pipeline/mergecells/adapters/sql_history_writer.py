"""The thread that brings records into the database, so that no caller waits for one or breaks with one."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from mergecells.domain.errors import MergecellsError
from mergecells.domain.history import LogCounts

_log = logging.getLogger("mergecells")

CAPACITY: Final = 10_000
BATCH: Final = 500
LINGER: Final = 0.25
"""Seconds in which records gather before they are written together: writing holds calls up."""

CLOSE_SECONDS: Final = 2.0
LONGEST_PAUSE: Final = 15.0
IMPORT_SECONDS: Final = 10.0
"""So long the end waits for the database's library to be imported, which is work and no wait: on a busy machine it
takes longer than all writing, and a program of one call ends before it."""

_FIRST_PAUSE: Final = 0.1
_TELL_EVERY: Final = 60.0
_PRUNE_EVERY: Final = 6 * 3600.0
_WRITERS: weakref.WeakSet[Writer] = weakref.WeakSet()


class RefusedRecordError(Exception):
    """A record that the database will never take; those beside it may be sound."""


class RefusedHistoryError(MergecellsError):
    """A database that this program must not write to, however long it waits."""


class Sink(Protocol):
    """Where batches go. Used by the writer's thread alone."""

    def write(self, batch: Sequence[Any]) -> None:
        """All or nothing. Raises RefusedRecordError, RefusedHistoryError, or MergecellsError to be tried again."""
        ...

    def prune(self, before: float) -> int: ...

    def close(self) -> None: ...


class Writer:
    """A bounded queue and one thread, which starts with the first record. After a fork the child has its own."""

    def __init__(
        self,
        open_sink: Callable[[], Sink],
        place: str,
        *,
        capacity: int = CAPACITY,
        keep_days: int = 0,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        """`keep_days`: what is older is deleted from time to time; 0 keeps everything."""
        self._open, self._place, self._capacity = open_sink, place, capacity
        self._keep_seconds, self._close_seconds = keep_days * 86_400.0, close_seconds
        self._recorded = self._written = self._dropped = self._failures = 0
        self._state, self._error = "idle", ""
        self._told = self._pruned = float("-inf")
        self._begin()
        _WRITERS.add(self)
        atexit.register(self.close)

    def _begin(self) -> None:
        self._lock, self._wake, self._closing = threading.Lock(), threading.Event(), threading.Event()
        self._opened = threading.Event()
        self._queue: deque[Any] = deque()
        self._busy = 0
        self._thread: threading.Thread | None = None

    def put(self, record: Any) -> None:
        """Take one record over, or count it as dropped."""
        with self._lock:
            self._recorded += 1
            full = len(self._queue) + self._busy >= self._capacity
            if full or self._closing.is_set() or self._state == "refused":
                self._dropped += 1
            else:
                self._queue.append(record)
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="mergecells-history", daemon=True)
                self._thread.start()
        if full:
            self._tell(f"more than {self._capacity:,} records wait")
        self._wake.set()

    def counts(self) -> LogCounts:
        with self._lock:
            waiting = len(self._queue) + self._busy
            return LogCounts(
                self._recorded, self._written, self._dropped, self._failures, waiting, self._state, self._error
            )

    def close(self) -> None:
        """Write what waits, for so many seconds at most; the rest is counted as dropped. A second time does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        atexit.unregister(self.close)
        if self._thread is not None:
            self._opened.wait(IMPORT_SECONDS)
            self._thread.join(self._close_seconds)
        with self._lock:
            left = len(self._queue) + self._busy
            self._dropped += left
            self._queue.clear()
            self._busy = 0
            self._state = "closed"
        if left:
            _log.warning(
                "history %s: %d %s not written before the end",
                self._place,
                left,
                "record was" if left == 1 else "records were",
                extra=self._extra("closed"),
            )

    def _run(self) -> None:
        sink: Sink | None = None
        while True:
            self._wake.wait(_PRUNE_EVERY if self._keep_seconds else None)
            self._closing.wait(LINGER)
            self._wake.clear()
            while batch := self._take():
                sink = self._deliver(sink, batch)
                with self._lock:
                    self._busy = 0
            sink = self._prune(sink)
            if self._closing.is_set():
                break
        if sink is not None:
            sink.close()

    def _take(self) -> list[Any]:
        with self._lock:
            if self._state == "closed":
                return []
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            self._busy = len(batch)
            return batch

    def _deliver(self, sink: Sink | None, batch: Sequence[Any]) -> Sink | None:
        """Until it is written, refused for good, or the end has come."""
        pause = _FIRST_PAUSE
        while True:
            try:
                try:
                    sink = sink or self._open()
                finally:
                    self._opened.set()
                sink.write(batch)
            except RefusedRecordError as error:
                return self._split(sink, batch, error)
            except RefusedHistoryError as error:
                return self._refuse(sink, len(batch), error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on and the operator is told
                self._failed(error)
            else:
                self._succeeded(len(batch))
                return sink
            if self._closing.wait(pause):
                self._drop(len(batch), "the database does not answer and the program ends")
                return sink
            pause = min(pause * 2, LONGEST_PAUSE)

    def _split(self, sink: Sink | None, batch: Sequence[Any], error: Exception) -> Sink | None:
        if len(batch) == 1:
            self._drop(1, f"the database refuses a record: {error}")
            return sink
        middle = len(batch) // 2
        return self._deliver(self._deliver(sink, batch[:middle]), batch[middle:])

    def _refuse(self, sink: Sink | None, count: int, error: MergecellsError) -> Sink | None:
        with self._lock:
            self._state, self._error = "refused", str(error)
            count += len(self._queue)
            self._queue.clear()
        self._drop(count, str(error))
        return sink

    def _succeeded(self, count: int) -> None:
        with self._lock:
            again = self._state == "failing"
            self._written += count
            self._busy = max(0, self._busy - count)
            self._state = "writing"
        if again:
            _log.warning("history %s: writing again", self._place, extra=self._extra("writing"))

    def _failed(self, error: Exception) -> None:
        with self._lock:
            first = self._state != "failing"
            self._failures += 1
            self._state, self._error = "failing", str(error)[:300]
        if first:
            self._told = float("-inf")
        self._tell(str(error))

    def _drop(self, count: int, why: str) -> None:
        with self._lock:
            self._dropped += count
            self._busy = max(0, self._busy - count)
        self._tell(why)

    def _tell(self, why: str) -> None:
        """Now and then: a dead database must not fill the log."""
        now = time.monotonic()
        if now - self._told < _TELL_EVERY:
            return
        self._told = now
        counts = self.counts()
        _log.warning(
            "history %s is not written: %s (%d dropped so far, %d wait)",
            self._place,
            why,
            counts.dropped,
            counts.waiting,
            extra=self._extra(counts.state),
        )

    def _extra(self, state: str) -> dict[str, object]:
        return {"event": "history", "status": state}

    def _prune(self, sink: Sink | None) -> Sink | None:
        now = time.monotonic()
        if not self._keep_seconds or now - self._pruned < _PRUNE_EVERY or self._state == "refused":
            return sink
        self._pruned = now
        try:
            sink = sink or self._open()
            gone = sink.prune(time.time() - self._keep_seconds)
        except Exception as error:  # noqa: BLE001 - pruning is not worth a call
            self._failed(error)
            return sink
        if gone:
            _log.info("history %s: %d old rows deleted", self._place, gone, extra=self._extra("pruned"))
        return sink


def _after_fork() -> None:
    # The parent has the queue, the thread and the connection; locks may be held by threads that are not here.
    for writer in list(_WRITERS):
        writer._begin()


os.register_at_fork(after_in_child=_after_fork)
