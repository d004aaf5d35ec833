"""The cache of answers in one SQLite file that the processes of a machine share, with the last used ones in memory."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from mergecells.adapters import sqlite_cache_tables as tables
from mergecells.adapters.pending_counts import PendingCounts
from mergecells.adapters.recent_answers import CLOCK_TOLERANCE_S, MEMORY_BYTES, RecentAnswers
from mergecells.adapters.sqlite_file import Identity, changing, identity, is_busy, is_damaged, open_sqlite, set_aside
from mergecells.domain.cache_counts import CacheCounts
from mergecells.domain.llm import CachedAnswer, CacheStats
from mergecells.transforms.cached_answers import dump_answer, parse_answer

_log = logging.getLogger("mergecells")
T = TypeVar("T")

DISK_BYTES: Final = 512 * 1024 * 1024
ENTRY_BYTES: Final = 16 * 1024 * 1024
READER_BUSY_S = 0.1
WRITER_BUSY_S = 0.9
"""Longer: a claim that cannot be written down is taken for granted, and then two make one answer."""
_REST_S: Final = 5.0
"""A file that cannot be used is left alone for so long; the answers in memory serve meanwhile."""
_TELL_S: Final = 60.0


LOOK_SECONDS = 0.2
"""Between two looks at what another process cleared: asking the file takes longer than all else of a hit."""


class SqliteCache:
    """Implements `ports.ResponseCache`. Whatever happens to the file, no call fails; a damaged one is made anew."""

    quick = True

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = DISK_BYTES,
        most_entry: int = ENTRY_BYTES,
        memory_bytes: int = MEMORY_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._most, self._most_entry, self._now = path, most_bytes, most_entry, now
        self._recent = RecentAnswers(memory_bytes)
        self._counts = PendingCounts(self._write_counts)
        # A reader on an event loop never waits for a writer that waits for another process.
        # The brief one waits for nobody, and leaves the journal to the writer.
        self._reader, self._writer = _Handle(path, READER_BUSY_S), _Handle(path, WRITER_BUSY_S)
        self._brief = _Handle(path, 0.0)
        self._seen, self._look_at = (-1, -1), 0.0
        self._rest_until = self._tell_after = 0.0
        self._closed = False

    def get(self, key: str) -> CachedAnswer | None:
        """See `ports.ResponseCache`. From memory alone while the last look at the file is fresh."""
        if time.monotonic() < self._look_at:
            known = self._recent.get(key, self._now())
            if known is not None:
                self._counts.used(key)
                return known
        found = self._on(self._reader, "read", None, lambda base: self._find(base, key))
        return found if found is not None else self._recent.get(key, self._now())

    def count(self, found: CachedAnswer | None) -> None:
        """See `ports.ResponseCache`. Written a little later, with others."""
        self._counts.add(CacheCounts.of(found))

    def put(self, key: str, answer: CachedAnswer, ttl_s: float) -> None:
        """See `ports.ResponseCache`. An answer of more than the bound for one is not kept."""
        now = self._now()
        value = dump_answer(key, answer)
        if len(value) > min(self._most_entry, self._most):
            _log.debug("an answer of %d bytes is too large for the cache", len(value))
            return
        self._recent.put(key, answer, now, now + ttl_s)

        def write(base: sqlite3.Connection) -> None:
            with changing(base):
                tables.write_answer(base, key, value, now, now + ttl_s, self._most)

        self._on(self._writer, "write", None, write)

    def claim(self, key: str, owner: str, lease_s: float, *, wait: bool = True) -> bool | None:
        """See `ports.ResponseCache`. True when the file cannot be asked."""
        now = self._now()

        def take(base: sqlite3.Connection) -> bool | None:
            try:
                return tables.take_claim(base, key, owner, now, now + lease_s)
            except sqlite3.OperationalError as error:
                if wait or not is_busy(error):
                    raise
                return None

        handle = self._writer if wait else self._brief
        unasked: bool | None = True
        return self._on(handle, "claim", unasked, take)

    def release(self, key: str, owner: str) -> None:
        """See `ports.ResponseCache`."""
        now = self._now()
        self._on(self._writer, "release", None, lambda base: tables.drop_claim(base, key, owner, now))

    def stats(self) -> CacheStats:
        """See `ports.ResponseCache`."""
        self._counts.flush()
        now = self._now()

        def read(base: sqlite3.Connection) -> CacheStats:
            good = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM answers1 WHERE expires_at > ?"
            entries, size = base.execute(good, (now,)).fetchone()
            return tables.read_counts(base).stats(entries, size)

        return self._on(self._writer, "read", CacheStats(0, 0, 0, 0, 0.0, 0), read)

    def clear(self) -> int:
        """See `ports.ResponseCache`. Other processes forget what they have in memory within `LOOK_SECONDS`."""
        self._counts.forget()
        in_memory = self._recent.clear()

        def wipe(base: sqlite3.Connection) -> int:
            with changing(base):
                count = tables.wipe(base)
            with contextlib.suppress(sqlite3.Error):  # as far as other readers allow
                base.execute("VACUUM")
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count

        return self._on(self._writer, "clear", in_memory, wipe)

    def close(self) -> None:
        """See `ports.ResponseCache`."""
        self._counts.close()
        self._closed = True
        self._shut()

    def _find(self, base: sqlite3.Connection, key: str) -> CachedAnswer | None:
        self._forget_what_was_cleared(base)
        self._look_at = time.monotonic() + LOOK_SECONDS
        now = self._now()
        found = self._recent.get(key, now)
        if found is None:
            found = self._find_on_disk(base, key, now)
        if found is not None:
            self._counts.used(key)
        return found

    def _find_on_disk(self, base: sqlite3.Connection, key: str, now: float) -> CachedAnswer | None:
        query = "SELECT value, stored_at, expires_at FROM answers1 WHERE key = ?"
        row = base.execute(query, (key,)).fetchone()
        if row is None or not row[1] - CLOCK_TOLERANCE_S <= now < row[2]:
            return None
        answer = parse_answer(key, row[0])
        if answer is None:
            _log.warning("the cache %s holds a damaged or foreign answer: it is made again", self._path)
            return None
        self._recent.put(key, answer, row[1], row[2])
        return answer

    def _forget_what_was_cleared(self, base: sqlite3.Connection) -> None:
        """Look at the generation when anything was written by another connection."""
        version = base.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen[0]:
            return
        generation = tables.number(base, "generation")
        if self._seen[1] not in (-1, generation):
            self._recent.clear()
        self._seen = (version, generation)

    def _write_counts(self, counts: CacheCounts, used: frozenset[str]) -> None:
        now = self._now()

        def write(base: sqlite3.Connection) -> bool:
            with changing(base):
                tables.add_counts(base, counts, used, now)
            return True

        if not self._on(self._writer, "count", False, write):
            raise OSError("the cache's file cannot be written")

    def _on(self, handle: _Handle, doing: str, otherwise: T, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run `action`; `otherwise` when the file cannot be used. A damaged file is set aside, and the next call begins
        a new one."""
        if self._closed or time.monotonic() < self._rest_until:
            return otherwise
        try:
            return handle.run(action)
        except (sqlite3.Error, OSError) as error:
            self._fail(handle, doing, error)
            return otherwise

    def _fail(self, handle: _Handle, doing: str, error: Exception) -> None:
        if is_damaged(error):
            self._begin_anew(handle, error)
            return
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL):
            self._rest_until = time.monotonic() + _REST_S
        self._tell("the cache %s cannot %s: %s; answers are kept in memory", self._path, doing, error)

    def _begin_anew(self, handle: _Handle, error: Exception) -> None:
        opened = handle.opened
        self._shut()
        self._seen = (-1, -1)
        try:
            aside = set_aside(self._path, opened)
        except OSError as problem:
            self._rest_until = time.monotonic() + _REST_S
            self._tell("the cache %s is damaged and cannot be set aside: %s", self._path, problem)
            return
        if aside is not None:
            _log.warning("the cache %s is damaged (%s): set aside as %s, a new one begins", self._path, error, aside)

    def _shut(self) -> None:
        for handle in (self._reader, self._writer, self._brief):
            handle.close()

    def _tell(self, message: str, *values: object) -> None:
        """Once a minute: the state of a disk is one piece of news, not one for each call."""
        if time.monotonic() >= self._tell_after:
            self._tell_after = time.monotonic() + _TELL_S
            _log.warning(message, *values)


class _Handle:
    """One connection, opened when it is first needed, used by one thread at a time."""

    def __init__(self, path: Path, busy_s: float) -> None:
        self.opened: Identity | None = None
        self._path, self._busy = path, busy_s
        self._lock = threading.RLock()
        self._base: sqlite3.Connection | None = None

    def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            if self._base is None:
                self.opened = identity(self._path)
                self._base = open_sqlite(self._path, tables.SCHEMA, self._busy)
                if not self._busy:
                    self._base.execute("PRAGMA wal_autocheckpoint = 0")
                self.opened = identity(self._path)
            return action(self._base)

    def close(self) -> None:
        with self._lock:
            if self._base is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._base.close()
                self._base = None
