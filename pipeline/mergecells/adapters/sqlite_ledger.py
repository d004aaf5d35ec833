"""The ledger of budgets in one SQLite file that the processes of a machine share. No sum is ever rounded."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from mergecells.adapters.sqlite_file import Identity, changing, identity, is_busy, open_sqlite
from mergecells.domain.errors import LedgerBusyError, LedgerError
from mergecells.domain.ledger import KEPT_S, MOST_NANO, checked_amount, is_short_lived
from mergecells.domain.llm import Cap, LedgerEntry, Reserved

T = TypeVar("T")

_BUSY_S: Final = 10.0
_AGAIN_S: Final = (0.0002, 0.002)
"""Seconds between two tries, by chance. SQLite's own waiting grows to 100 ms a try, so that who has waited long meets
the free moments least, and starves behind those who just came."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts1 (key TEXT PRIMARY KEY, spent INTEGER NOT NULL, reserved INTEGER NOT NULL,
  lapsed INTEGER NOT NULL, used_at REAL NOT NULL, short_lived INTEGER NOT NULL);
DROP INDEX IF EXISTS accounts1_by_use;
CREATE TABLE IF NOT EXISTS held1 (id TEXT PRIMARY KEY, keys TEXT NOT NULL, amount INTEGER NOT NULL,
  until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations1 (id TEXT PRIMARY KEY, keys TEXT NOT NULL, amount INTEGER NOT NULL,
  until REAL NOT NULL, lapsed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reservations1_by_end ON reservations1 (lapsed, until);
"""
# Calls under way are in `held1`, which is small, so that a call changes one page for it and no index. `reservations1`
# has those whose lease ended, and what versions before this one hold.


_CHANGES_AT_ONCE: Final = 500
"""Then one goes the long way, whose connection also brings the journal into the file, which waits for the disk."""

_TIDY_S: Final = 3_600.0
_MOST: Final = 4 * MOST_NANO


class SqliteLedger:
    """Implements `ports.BudgetLedger`. One transaction with the write lock for each change: no two processes can both
    see room for what fits only once."""

    quick = True

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now
        self._patient, self._brief = _Handle(path, _BUSY_S), _Handle(path, 0.0)
        self._changes, self._tidied = 0, float("-inf")

    def reserve(
        self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float, *, wait: bool = True
    ) -> Reserved:
        """See `ports.BudgetLedger`."""
        checked_amount(amount)
        now = self._now()
        keys = [cap.key for cap in caps]

        def change(base: sqlite3.Connection) -> Reserved:
            _lapse(base, now)
            held = _rows(base, keys)
            refused = tuple(
                cap.key
                for cap, (_, spent, reserved, _) in zip(caps, held, strict=True)
                if spent + reserved + amount > cap.halt
            )
            if refused:
                return Reserved(_entries(held), refused)
            base.execute(
                "INSERT INTO held1 VALUES (?, ?, ?, ?)", (reservation, json.dumps(keys), amount, now + lease_s)
            )
            return Reserved(_add(base, held, now, reserved=amount))

        return self._change(change, wait)

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        spent = min(max(amount, 0), MOST_NANO)
        now = self._now()

        def change(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            found = _take(base, reservation)
            _lapse(base, now)
            if found is None:
                return ()
            text, held, lapsed = found
            rows = _rows(base, json.loads(text))
            if lapsed:
                return _add(base, rows, now, spent=spent - held, lapsed=-held)
            return _add(base, rows, now, spent=spent, reserved=-held)

        return self._change(change, wait)

    def read(self, keys: Sequence[str], *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`. Writes only when a lease has ended."""
        now = self._now()

        def look(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            if _has_lapsed(base, now):
                with changing(base):
                    _lapse(base, now)
            return _entries(_rows(base, keys))

        return self._run(look, wait)

    def entries(self, limit: int) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        now = self._now()
        query = "SELECT key, spent, reserved, lapsed FROM accounts1 ORDER BY used_at DESC, key LIMIT ?"

        def look(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            _lapse(base, now)
            return tuple(LedgerEntry(*row) for row in base.execute(query, (limit,)))

        return self._change(look, True)

    def close(self) -> None:
        """See `ports.BudgetLedger`."""
        self._brief.close()
        self._patient.close()

    def _change(self, action: Callable[[sqlite3.Connection], T], wait: bool) -> T:
        """Run `action` in one transaction. Raises LedgerError, and then nothing was changed."""
        if not wait:
            self._changes += 1
            if self._changes % _CHANGES_AT_ONCE == 0:
                raise LedgerBusyError("The ledger's journal is due.")

        def change(base: sqlite3.Connection) -> T:
            with changing(base):
                if wait:
                    self._tidy(base)
                return action(base)

        return self._run(change, wait)

    def _tidy(self, base: sqlite3.Connection) -> None:
        """Now and then, where nobody's event loop waits."""
        now = self._now()
        if now - self._tidied >= _TIDY_S:
            self._tidied = now
            _forget(base, now)

    def _run(self, action: Callable[[sqlite3.Connection], T], wait: bool) -> T:
        try:
            return (self._patient if wait else self._brief).run(action)
        except (sqlite3.Error, OSError) as error:
            if not wait and is_busy(error):
                raise LedgerBusyError("Another one writes to the ledger.") from error
            raise LedgerError(
                f"The ledger of budgets, {self._path}, cannot be used: {error}.",
                "No call is made that no budget can hold. Free the disk or mend the file's permissions; a damaged "
                "file can be moved away, and then all budgets begin at 0.",
            ) from error


class _Handle:
    """One connection. It waits up to `busy_s` for other writers; with 0 for nobody, and leaves the journal alone."""

    def __init__(self, path: Path, busy_s: float) -> None:
        self._path, self._busy = path, busy_s
        self._lock = threading.Lock()
        self._opened: Identity | None = None
        self.base: sqlite3.Connection | None = None

    def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """`action`'s result. It runs again, from its begin, while another one writes."""
        if not self._lock.acquire(blocking=self._busy > 0):
            raise LedgerBusyError("Another call asks the ledger.")
        end = time.monotonic() + self._busy
        try:
            while True:
                try:
                    return action(self._connected())
                except (sqlite3.Error, OSError) as error:
                    if not is_busy(error):
                        self._shut()
                        raise
                    if time.monotonic() >= end:
                        raise
                time.sleep(random.uniform(*_AGAIN_S))  # noqa: S311 - no secret
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        if self.base is not None:
            self.base.close()
            self.base = None

    def _connected(self) -> sqlite3.Connection:
        # A file that was moved away must not be written to any more: others would count in the new one.
        if self.base is None or identity(self._path) != self._opened:
            self._shut()
            self.base = self._open()
            self._opened = identity(self._path)
        return self.base

    def _open(self) -> sqlite3.Connection:
        base = open_sqlite(self._path, _SCHEMA, 0.0)
        if not self._busy:
            base.execute("PRAGMA wal_autocheckpoint = 0")
        return base


Row = tuple[str, int, int, int]
"""Key, spent, reserved, lapsed."""


def _rows(base: sqlite3.Connection, keys: Sequence[str]) -> list[Row]:
    marks = ", ".join("?" * len(keys))
    query = f"SELECT key, spent, reserved, lapsed FROM accounts1 WHERE key IN ({marks})"  # noqa: S608 - only marks
    found = {row[0]: row for row in base.execute(query, list(keys))}
    return [found.get(key) or (key, 0, 0, 0) for key in keys]


def _entries(rows: Sequence[Row]) -> tuple[LedgerEntry, ...]:
    return tuple([LedgerEntry(*row) for row in rows])


# One row at a time: a statement that changes several keeps a journal of its own, in a file.
_WRITE: Final = (
    "INSERT INTO accounts1 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET spent = excluded.spent, "
    "reserved = excluded.reserved, lapsed = excluded.lapsed, used_at = excluded.used_at"
)


def _add(
    base: sqlite3.Connection, rows: Sequence[Row], now: float, *, spent: int = 0, reserved: int = 0, lapsed: int = 0
) -> tuple[LedgerEntry, ...]:
    """The entries as they are afterwards. `rows` were read under the same lock: the sums are made here, where a sum
    past 64 bits does not become a float in silence as it does in SQLite; they stop far below."""
    changed = [
        (key, _within(known + spent), _within(held + reserved), _within(gone + lapsed))
        for key, known, held, gone in rows
    ]
    base.executemany(_WRITE, [(*row, now, is_short_lived(row[0])) for row in changed])
    return _entries(changed)


def _within(amount: int) -> int:
    return 0 if amount < 0 else amount if amount < _MOST else _MOST


def _take(base: sqlite3.Connection, reservation: str) -> tuple[str, int, int] | None:
    """Remove a reservation: (keys, amount, whether its lease had ended). None for one that there is not."""
    for query in (
        "DELETE FROM held1 WHERE id = ? RETURNING keys, amount, 0",
        "DELETE FROM reservations1 WHERE id = ? RETURNING keys, amount, lapsed",
    ):
        rows: list[tuple[str, int, int]] = base.execute(query, (reservation,)).fetchall()
        if rows:
            return rows[0]
    return None


_OVER: Final = "SELECT id, keys, amount, until FROM held1 WHERE until <= ? LIMIT 1000"


def _has_lapsed(base: sqlite3.Connection, now: float) -> bool:
    return base.execute(_OVER, (now,)).fetchone() is not None


def _lapse(base: sqlite3.Connection, now: float) -> None:
    """What was reserved by calls that never said what they cost counts as spent."""
    for reservation, keys, amount, until in base.execute(_OVER, (now,)).fetchall():
        base.execute("DELETE FROM held1 WHERE id = ?", (reservation,))
        base.execute("INSERT OR REPLACE INTO reservations1 VALUES (?, ?, ?, ?, 1)", (reservation, keys, amount, until))
        _add(base, _rows(base, json.loads(keys)), now, spent=amount, reserved=-amount, lapsed=amount)


def _forget(base: sqlite3.Connection, now: float) -> None:
    """What nobody asks for any more; and what a version before this one held for calls that never ended lapses."""
    former = "UPDATE reservations1 SET lapsed = 1 WHERE lapsed = 0 AND until <= ? RETURNING keys, amount"
    for keys, amount in base.execute(former, (now,)).fetchall():
        _add(base, _rows(base, json.loads(keys)), now, spent=amount, reserved=-amount, lapsed=amount)
    base.execute("DELETE FROM reservations1 WHERE lapsed = 1 AND until < ?", (now - KEPT_S,))
    stale = "SELECT key FROM accounts1 WHERE used_at < ? AND short_lived AND reserved = 0 LIMIT 10000"
    base.execute(f"DELETE FROM accounts1 WHERE key IN ({stale})", (now - KEPT_S,))  # noqa: S608 - our own words
