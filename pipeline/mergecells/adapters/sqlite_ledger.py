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
CREATE INDEX IF NOT EXISTS accounts1_by_use ON accounts1 (used_at);
CREATE TABLE IF NOT EXISTS reservations1 (id TEXT PRIMARY KEY, keys TEXT NOT NULL, amount INTEGER NOT NULL,
  until REAL NOT NULL, lapsed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reservations1_by_end ON reservations1 (lapsed, until);
"""


_CHANGES_AT_ONCE: Final = 500
"""Then one goes the long way, whose connection also brings the journal into the file, which waits for the disk."""


class SqliteLedger:
    """Implements `ports.BudgetLedger`. One transaction with the write lock for each change: no two processes can both
    see room for what fits only once."""

    quick = True

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now
        self._patient, self._brief = _Handle(path, _BUSY_S), _Handle(path, 0.0)
        self._changes = 0

    def reserve(
        self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float, *, wait: bool = True
    ) -> Reserved:
        """See `ports.BudgetLedger`."""
        checked_amount(amount)
        now = self._now()
        keys = [cap.key for cap in caps]

        def change(base: sqlite3.Connection) -> Reserved:
            _lapse(base, now)
            held = _entries(base, keys)
            refused = tuple(
                cap.key for cap, one in zip(caps, held, strict=True) if one.spent + one.reserved + amount > cap.halt
            )
            if refused:
                return Reserved(held, refused)
            row = (reservation, json.dumps(keys), amount, now + lease_s)
            base.execute("INSERT INTO reservations1 VALUES (?, ?, ?, ?, 0)", row)
            _add(base, keys, now, reserved=amount)
            return Reserved(_entries(base, keys))

        return self._change(change, wait)

    def settle(self, reservation: str, amount: int, *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        spent = min(max(amount, 0), MOST_NANO)
        now = self._now()

        def change(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            gone = "DELETE FROM reservations1 WHERE id = ? RETURNING keys, amount, lapsed"
            rows = base.execute(gone, (reservation,)).fetchall()
            _lapse(base, now)
            if not rows:
                return ()
            (text, held, lapsed), keys = rows[0], json.loads(rows[0][0])
            if lapsed:
                _add(base, keys, now, spent=spent - held, lapsed=-held)
            else:
                _add(base, keys, now, spent=spent, reserved=-held)
            return _entries(base, json.loads(text))

        return self._change(change, wait)

    def read(self, keys: Sequence[str], *, wait: bool = True) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`. Writes only when a lease has ended."""
        now = self._now()

        def look(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            if _has_lapsed(base, now):
                with changing(base):
                    _lapse(base, now)
            return _entries(base, keys)

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
                return action(base)

        return self._run(change, wait)

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


def _entries(base: sqlite3.Connection, keys: Sequence[str]) -> tuple[LedgerEntry, ...]:
    marks = ", ".join("?" * len(keys))
    query = f"SELECT key, spent, reserved, lapsed FROM accounts1 WHERE key IN ({marks})"  # noqa: S608 - only marks
    found = {row[0]: LedgerEntry(*row) for row in base.execute(query, list(keys))}
    return tuple(found.get(key) or LedgerEntry(key, 0, 0) for key in keys)


def _add(
    base: sqlite3.Connection, keys: Sequence[str], now: float, *, spent: int = 0, reserved: int = 0, lapsed: int = 0
) -> None:
    # SQLite turns a sum past 64 bits into a float in silence, so sums stop far below.
    change = (
        "INSERT INTO accounts1 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET "
        "spent = MIN(MAX(spent + ?2, 0), ?7), reserved = MAX(reserved + ?3, 0), lapsed = MAX(lapsed + ?4, 0), "
        "used_at = ?5"
    )
    base.executemany(
        change, [(key, spent, reserved, lapsed, now, int(is_short_lived(key)), 4 * MOST_NANO) for key in keys]
    )


def _has_lapsed(base: sqlite3.Connection, now: float) -> bool:
    over = "SELECT 1 FROM reservations1 WHERE lapsed = 0 AND until <= ? LIMIT 1"
    return base.execute(over, (now,)).fetchone() is not None


def _lapse(base: sqlite3.Connection, now: float) -> None:
    """What was reserved by calls that never said what they cost counts as spent; what nobody asks for is forgotten."""
    over = "SELECT id, keys, amount FROM reservations1 WHERE lapsed = 0 AND until <= ? ORDER BY until LIMIT 1000"
    rows = base.execute(over, (now,)).fetchall()
    for reservation, keys, amount in rows:
        base.execute("UPDATE reservations1 SET lapsed = 1 WHERE id = ?", (reservation,))
        _add(base, json.loads(keys), now, spent=amount, reserved=-amount, lapsed=amount)
    if rows:
        base.execute("DELETE FROM reservations1 WHERE lapsed = 1 AND until < ?", (now - KEPT_S,))
        stale = (
            "SELECT key FROM accounts1 WHERE used_at < ? AND short_lived AND reserved = 0 ORDER BY used_at LIMIT 1000"
        )
        base.execute(f"DELETE FROM accounts1 WHERE key IN ({stale})", (now - KEPT_S,))  # noqa: S608 - our own words
