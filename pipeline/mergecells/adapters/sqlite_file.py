"""SQLite files that several processes share: opened in WAL mode, private to the user, set aside when damaged."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BROKEN: Final = ".broken"
_COMPANIONS: Final = ("-wal", "-shm")

Identity = tuple[int, int]
"""Device and inode: tells a file from another one under its name."""


def open_sqlite(path: Path, schema: str, busy_s: float) -> sqlite3.Connection:
    """A connection in autocommit that any thread may use, one at a time. Creates folder (0700) and file (0600).

    A commit survives the death of the process at once; after a power cut the last moments may be missing, and the file
    is sound (https://sqlite.org/pragma.html#pragma_synchronous, NORMAL with WAL). Raises sqlite3.Error, OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_private(path)
    base = sqlite3.connect(path, timeout=busy_s, check_same_thread=False, isolation_level=None, cached_statements=64)
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute(f"PRAGMA journal_size_limit={16 * 1024 * 1024}")
        if not _has(base, schema):
            base.executescript(f"BEGIN IMMEDIATE; {schema} COMMIT;")
    except BaseException:
        base.close()
        raise
    return base


def create_private(path: Path) -> None:
    """An empty file for this user alone where there is none. Raises OSError, also for one that cannot be written.

    One that is there is not opened: to close it would drop the locks of every connection that this process has to it
    (https://sqlite.org/howtocorrupt.html, 2.2), and another process that ends then takes their journal away.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        problem = errno.EISDIR if path.is_dir() else 0 if os.access(path, os.R_OK | os.W_OK) else errno.EACCES
        if problem:
            raise OSError(problem, os.strerror(problem), str(path)) from None


def _has(base: sqlite3.Connection, schema: str) -> bool:
    """Whether all tables are there, so that opening writes nothing."""
    wanted = {line.split("(")[0].split()[-1] for line in schema.splitlines() if line.startswith("CREATE TABLE")}
    return wanted <= {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextlib.contextmanager
def changing(base: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the write lock from its begin, so that what it reads is what it changes."""
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")


def identity(path: Path) -> Identity | None:
    """Which file has the name now; None when none has."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_busy(error: BaseException) -> bool:
    """Whether another one writes."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_damaged(error: BaseException) -> bool:
    """Whether the file is no database, or one that is not whole."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _DAMAGED


def set_aside(path: Path, opened: Identity | None) -> Path | None:
    """Rename a damaged file and its journal to `….broken`, in the place of an earlier one. None when another process
    did so already: what has the name now is not what was `opened`. Raises OSError."""
    with open(f"{path}.lock", "a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if opened is not None and identity(path) != opened:
            return None
        aside = path.with_name(path.name + _BROKEN)
        os.replace(path, aside)
        for companion in _COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}{companion}", f"{aside}{companion}")
        return aside
