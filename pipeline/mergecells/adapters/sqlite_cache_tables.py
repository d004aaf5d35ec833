"""The tables of the cache of answers in SQLite, and what is done with them in one transaction."""

from __future__ import annotations

import sqlite3
from typing import Final

from mergecells.adapters.recent_answers import CLOCK_TOLERANCE_S
from mergecells.domain.cache_counts import COUNT_NAMES, CacheCounts

# Another form of the tables takes other names, so that two versions of the program can share a file.
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers1 (key TEXT PRIMARY KEY, value BLOB NOT NULL, size INTEGER NOT NULL,
  stored_at REAL NOT NULL, expires_at REAL NOT NULL, used_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS answers1_by_expiry ON answers1 (expires_at);
CREATE INDEX IF NOT EXISTS answers1_by_use ON answers1 (used_at, size);
CREATE TABLE IF NOT EXISTS claims1 (key TEXT PRIMARY KEY, owner TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS numbers1 (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO numbers1 VALUES ('bytes', 0), ('generation', 0), ('hits', 0), ('misses', 0), ('saved_tokens', 0),
  ('saved_nano', 0);
CREATE TRIGGER IF NOT EXISTS answers1_in AFTER INSERT ON answers1 BEGIN
  UPDATE numbers1 SET value = value + NEW.size WHERE name = 'bytes'; END;
CREATE TRIGGER IF NOT EXISTS answers1_out AFTER DELETE ON answers1 BEGIN
  UPDATE numbers1 SET value = value - OLD.size WHERE name = 'bytes'; END;
"""
_OVERHEAD: Final = 300
"""Bytes of a row beside its value: the key twice, the numbers, the indexes."""


def number(base: sqlite3.Connection, name: str) -> int:
    """One of the numbers."""
    row = base.execute("SELECT value FROM numbers1 WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def write_answer(base: sqlite3.Connection, key: str, value: bytes, now: float, expires_at: float, most: int) -> None:
    """Keep a value. Some of what is too old goes, and what was not used for longest until it is within `most`."""
    base.execute("DELETE FROM answers1 WHERE key = ?", (key,))
    row = (key, value, len(value) + _OVERHEAD, now, expires_at, now)
    base.execute("INSERT INTO answers1 VALUES (?, ?, ?, ?, ?, ?)", row)
    old = "SELECT rowid FROM answers1 WHERE expires_at <= ? LIMIT 50"
    base.execute(f"DELETE FROM answers1 WHERE rowid IN ({old})", (now,))  # noqa: S608 - our own words
    excess = number(base, "bytes") - most
    if excess > 0:
        _make_room(base, key, excess)


def _make_room(base: sqlite3.Connection, key: str, excess: int) -> None:
    """Remove what was not used for longest, of all but `key`, until `excess` bytes are free."""
    going: list[tuple[int]] = []
    for row, size in base.execute("SELECT rowid, size FROM answers1 WHERE key <> ? ORDER BY used_at", (key,)):
        if excess <= 0:
            break
        going.append((row,))
        excess -= size
    base.executemany("DELETE FROM answers1 WHERE rowid = ?", going)


def take_claim(base: sqlite3.Connection, key: str, owner: str, now: float, until: float) -> bool:
    """Claim the key in one statement, unless another's claim lives. One from the future does not: a clock went back."""
    row = base.execute(
        "INSERT INTO claims1 VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE "
        "SET owner = excluded.owner, at = excluded.at, until = excluded.until "
        "WHERE owner = excluded.owner OR until <= excluded.at OR at > excluded.at + ? RETURNING 1",
        (key, owner, now, until, CLOCK_TOLERANCE_S),
    ).fetchall()
    return bool(row)


def drop_claim(base: sqlite3.Connection, key: str, owner: str, now: float) -> None:
    """Give a claim back, and clear away those of processes that died."""
    base.execute("DELETE FROM claims1 WHERE (key = ? AND owner = ?) OR until < ?", (key, owner, now - 3600.0))


def add_counts(base: sqlite3.Connection, counts: CacheCounts, used: frozenset[str], now: float) -> None:
    """Add to the counts, and note that answers were used."""
    changes = [(getattr(counts, name), name) for name in COUNT_NAMES]
    base.executemany("UPDATE numbers1 SET value = value + ? WHERE name = ?", changes)
    base.executemany("UPDATE answers1 SET used_at = ? WHERE key = ?", [(now, key) for key in used])


def read_counts(base: sqlite3.Connection) -> CacheCounts:
    """The counts so far."""
    return CacheCounts(*(number(base, name) for name in COUNT_NAMES))


def wipe(base: sqlite3.Connection) -> int:
    """Remove all answers and counts, and tell other processes to forget theirs; how many answers there were."""
    count = base.execute("DELETE FROM answers1").rowcount
    base.execute("UPDATE numbers1 SET value = 0 WHERE name <> 'generation'")
    base.execute("UPDATE numbers1 SET value = value + 1 WHERE name = 'generation'")
    return count
