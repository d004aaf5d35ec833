"""The ledger of budgets in one SQLite file that the processes of a machine share. No sum is ever rounded."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from mergecells.adapters.sqlite_file import Identity, changing, identity, open_sqlite
from mergecells.domain.errors import LedgerError
from mergecells.domain.ledger import KEPT_S, MOST_NANO, checked_amount, is_short_lived
from mergecells.domain.llm import Cap, LedgerEntry, Reserved

T = TypeVar("T")

_BUSY_S: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts1 (key TEXT PRIMARY KEY, spent INTEGER NOT NULL, reserved INTEGER NOT NULL,
  lapsed INTEGER NOT NULL, used_at REAL NOT NULL, short_lived INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS accounts1_by_use ON accounts1 (used_at);
CREATE TABLE IF NOT EXISTS reservations1 (id TEXT PRIMARY KEY, keys TEXT NOT NULL, amount INTEGER NOT NULL,
  until REAL NOT NULL, lapsed INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reservations1_by_end ON reservations1 (lapsed, until);
"""


class SqliteLedger:
    """Implements `ports.BudgetLedger`. One transaction with the write lock for each change: no two processes can both
    see room for what fits only once."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now
        self._lock = threading.Lock()
        self._base: sqlite3.Connection | None = None
        self._opened: Identity | None = None

    def reserve(self, reservation: str, caps: Sequence[Cap], amount: int, lease_s: float) -> Reserved:
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

        return self._change(change)

    def settle(self, reservation: str, amount: int) -> tuple[LedgerEntry, ...]:
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

        return self._change(change)

    def read(self, keys: Sequence[str]) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        now = self._now()

        def look(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            _lapse(base, now)
            return _entries(base, keys)

        return self._change(look)

    def entries(self, limit: int) -> tuple[LedgerEntry, ...]:
        """See `ports.BudgetLedger`."""
        now = self._now()
        query = "SELECT key, spent, reserved, lapsed FROM accounts1 ORDER BY used_at DESC, key LIMIT ?"

        def look(base: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            _lapse(base, now)
            return tuple(LedgerEntry(*row) for row in base.execute(query, (limit,)))

        return self._change(look)

    def close(self) -> None:
        """See `ports.BudgetLedger`."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def _change(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run `action` in one transaction. Raises LedgerError, and then nothing was changed."""
        with self._lock:
            try:
                base = self._connected()
                with changing(base):
                    return action(base)
            except (sqlite3.Error, OSError) as error:
                self._shut()
                raise LedgerError(
                    f"The ledger of budgets, {self._path}, cannot be used: {error}.",
                    "No call is made that no budget can hold. Free the disk or mend the file's permissions; a damaged "
                    "file can be moved away, and then all budgets begin at 0.",
                ) from error

    def _connected(self) -> sqlite3.Connection:
        # A file that was moved away must not be written to any more: others would count in the new one.
        if self._base is None or identity(self._path) != self._opened:
            self._shut()
            self._base = open_sqlite(self._path, _SCHEMA, _BUSY_S)
            self._opened = identity(self._path)
        return self._base


def _entries(base: sqlite3.Connection, keys: Sequence[str]) -> tuple[LedgerEntry, ...]:
    query = "SELECT spent, reserved, lapsed FROM accounts1 WHERE key = ?"
    return tuple(LedgerEntry(key, *(base.execute(query, (key,)).fetchone() or (0, 0, 0))) for key in keys)


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
