"""What the hub must not forget, in one SQLite file: submissions, webhook deliveries, acknowledgements, releases.

One process has the file at a time; a second one is refused before it reads anything. Every change is committed to disk
before the answer that speaks of it is given.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final

from mergecells.adapters.sqlite_file import create_private
from mergecells.domain.errors import MergecellsError

RUNNING: Final = ("reading", "checking", "proposing")
WAITING: Final = "queued"
FINAL: Final = ("unchanged", "refused", "conflict", "live", "failed")
MOST_KEPT: Final = 2_000
"""Submissions of one sheet; the oldest of those that ended go."""
MOST_DELIVERIES: Final = 10_000
MOST_SERVICES: Final = 1_000

_SCHEMA: Final = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
CREATE TABLE IF NOT EXISTS submissions (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sheet TEXT NOT NULL, person TEXT NOT NULL,
  author TEXT NOT NULL, title TEXT NOT NULL, request_id TEXT, allow_large INTEGER NOT NULL, state TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, pull INTEGER, revision TEXT, document TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_click ON submissions (sheet, person, request_id) WHERE request_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS of_a_sheet ON submissions (sheet, state, number);
CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
DROP TABLE IF EXISTS acknowledgements;
CREATE TABLE IF NOT EXISTS services (
  sheet TEXT NOT NULL, service TEXT NOT NULL, revision TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  runs TEXT NOT NULL, loaded_at TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (sheet, service)
);
CREATE TABLE IF NOT EXISTS releases (sheet TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS written (sheet TEXT PRIMARY KEY, status TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """One row. `document` holds what the answer shows beyond the columns."""

    id: str
    sheet: str
    person: str
    author: str
    title: str
    allow_large: bool
    state: str
    created_at: str
    updated_at: str
    pull: int | None = None
    revision: str | None = None
    request_id: str | None = None
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a service said of itself; `sheet` tells which config it runs.

    `status` ok: it runs `revision`; rejected: it refused that, and goes on with `runs`; not-ready: it has nothing yet.
    What is not known is empty.
    """

    sheet: str
    service: str
    revision: str
    status: str
    reason: str
    runs: str
    loaded_at: str
    at: str


_TOLD: Final = "sheet, service, revision, status, reason, runs, loaded_at, at"
_COLUMNS: Final = (
    "id, sheet, person, author, title, allow_large, state, created_at, updated_at, pull, revision, request_id, document"
)


class HubStore:
    """The open file. Safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._guard = _take(path)
        try:
            self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._base.executescript(_SCHEMA)
        except sqlite3.Error as error:
            os.close(self._guard)
            raise MergecellsError(
                f"The hub's state {path} cannot be used: {error}.",
                "Name another file in MERGECELLS_HUB_STATE, or move this one away: what it holds is in progress only.",
            ) from error

    def close(self) -> None:
        with self._lock:
            self._base.close()
            os.close(self._guard)

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def enter(self, new: StoredSubmission) -> tuple[StoredSubmission, bool]:
        """Keep a new submission, or give the one that it repeats: of the same click, or of the same person while that
        one has not been begun. Without a click to tell by, one that runs counts as the same too; with it, what was
        typed since the sheet was read gets a turn of its own. The second value says whether it is a repetition."""
        with self._change() as base:
            busy = (WAITING,) if new.request_id else (WAITING, *RUNNING)
            query = (
                f"SELECT {_COLUMNS} FROM submissions WHERE sheet = ? AND person = ? "  # noqa: S608 - our own words
                f"AND (request_id = ? OR state IN ({_marks(busy)})) ORDER BY request_id IS ? DESC, number DESC LIMIT 1"
            )
            found = base.execute(query, (new.sheet, new.person, new.request_id, *busy, new.request_id)).fetchone()
            if found is not None:
                return _submission(found), True
            base.execute(
                f"INSERT INTO submissions ({_COLUMNS}) VALUES ({_marks(_COLUMNS.split(','))})",  # noqa: S608
                _values(new),
            )
            base.execute(
                f"DELETE FROM submissions WHERE sheet = ? AND state IN ({_marks(FINAL)}) AND number <= "  # noqa: S608
                "(SELECT number FROM submissions WHERE sheet = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (new.sheet, *FINAL, new.sheet, MOST_KEPT),
            )
        return new, False

    def save(self, changed: StoredSubmission) -> None:
        """Replace the row of the same id."""
        with self._change() as base:
            base.execute(
                "UPDATE submissions SET state = ?, updated_at = ?, pull = ?, revision = ?, document = ? WHERE id = ?",
                (
                    changed.state,
                    changed.updated_at,
                    changed.pull,
                    changed.revision,
                    json.dumps(changed.document),
                    changed.id,
                ),
            )

    def find(self, submission: str) -> StoredSubmission | None:
        rows = self._rows(f"SELECT {_COLUMNS} FROM submissions WHERE id = ?", submission)  # noqa: S608
        return _submission(rows[0]) if rows else None

    def newest(self, sheet: str) -> StoredSubmission | None:
        """The last submission of a sheet, whoever's."""
        query = f"SELECT {_COLUMNS} FROM submissions WHERE sheet = ? ORDER BY number DESC LIMIT 1"  # noqa: S608
        rows = self._rows(query, sheet)
        return _submission(rows[0]) if rows else None

    def in_states(self, states: Sequence[str], sheet: str | None = None) -> list[StoredSubmission]:
        """Oldest first."""
        one = " AND sheet = ?" if sheet is not None else ""
        query = f"SELECT {_COLUMNS} FROM submissions WHERE state IN ({_marks(states)}){one} ORDER BY number"  # noqa: S608
        return [_submission(row) for row in self._rows(query, *states, *([sheet] if sheet is not None else []))]

    def take_delivery(self, delivery: str) -> bool:
        """Whether this delivery is new; the newest are remembered."""
        with self._change() as base:
            done = base.execute("INSERT OR IGNORE INTO deliveries (id) VALUES (?)", (delivery,))
            base.execute(
                "DELETE FROM deliveries WHERE number <= (SELECT MAX(number) FROM deliveries) - ?", (MOST_DELIVERIES,)
            )
            return done.rowcount == 1

    def acknowledge(self, told: Acknowledgement) -> bool:
        """Keep what a service said; False when too many services are known already."""
        with self._change() as base:
            query = "SELECT COUNT(*), MAX(sheet = ? AND service = ?) FROM services"
            count, known = base.execute(query, (told.sheet, told.service)).fetchone()
            if count >= MOST_SERVICES and not known:
                return False
            base.execute(
                f"INSERT OR REPLACE INTO services ({_TOLD}) VALUES ({_marks(astuple(told))})",  # noqa: S608 - our own
                astuple(told),
            )
            return True

    def acknowledgements(self, sheet: str) -> list[Acknowledgement]:
        query = f"SELECT {_TOLD} FROM services WHERE sheet = ? ORDER BY service"  # noqa: S608 - our own column names
        return [Acknowledgement(*row) for row in self._rows(query, sheet)]

    def forget_services(self, before: str) -> None:
        """Drop those that have been silent since then."""
        with self._change() as base:
            base.execute("DELETE FROM services WHERE at < ?", (before,))

    def forget_service(self, sheet: str, service: str) -> bool:
        """Drop one that said that it ends; whether it was known."""
        with self._change() as base:
            query = "DELETE FROM services WHERE sheet = ? AND service = ?"
            return base.execute(query, (sheet, service)).rowcount > 0

    def release(self, sheet: str) -> dict[str, Any] | None:
        """What is known of the last release of a sheet's branch."""
        rows = self._rows("SELECT document FROM releases WHERE sheet = ?", sheet)
        return json.loads(rows[0][0]) if rows else None

    def save_release(self, sheet: str, document: dict[str, Any]) -> None:
        with self._change() as base:
            base.execute(
                "INSERT OR REPLACE INTO releases (sheet, document) VALUES (?, ?)", (sheet, json.dumps(document))
            )

    def written(self, sheet: str) -> str:
        """What a sheet was last told of its branch; empty before the first time."""
        rows = self._rows("SELECT status FROM written WHERE sheet = ?", sheet)
        return str(rows[0][0]) if rows else ""

    def save_written(self, sheet: str, status: str) -> None:
        with self._change() as base:
            base.execute("INSERT OR REPLACE INTO written (sheet, status) VALUES (?, ?)", (sheet, status))


def _take(path: Path) -> int:
    """A lock beside the file, held as long as the process lives."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        guard = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Names of people and of what they changed: for the hub's own user alone.
        create_private(path)
    except OSError as error:
        raise MergecellsError(
            f"The hub's state {path} cannot be made: {error.strerror}.", "Name a writable file in MERGECELLS_HUB_STATE."
        ) from error
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(guard)
        raise MergecellsError(
            f"Another hub uses {path}.", "Stop it first, or give this one a file of its own in MERGECELLS_HUB_STATE."
        ) from None
    return guard


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _values(row: StoredSubmission) -> tuple[object, ...]:
    return (
        row.id, row.sheet, row.person, row.author, row.title, int(row.allow_large), row.state, row.created_at,
        row.updated_at, row.pull, row.revision, row.request_id, json.dumps(row.document),
    )  # fmt: skip


def _submission(row: Sequence[Any]) -> StoredSubmission:
    given = list(row)
    given[5], given[12] = bool(given[5]), json.loads(given[12])
    return StoredSubmission(*given)
