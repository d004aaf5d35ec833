"""Connections to the database of history: SQLite in a file, or PostgreSQL. Nothing waits without a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from mergecells.adapters.sql_history_schema import bring_up_to_date
from mergecells.adapters.sqlite_file import Identity, create_private, identity
from mergecells.domain.errors import MergecellsError, UsageError

BUSY_SECONDS: Final = 5.0
"""How long a connection waits for another's lock, and for PostgreSQL to answer a new one."""

_SLOWEST_MS: Final = 60_000
_POSTGRES = {
    "connect_timeout": int(BUSY_SECONDS),
    # A server that vanished without a word is given up on, in place of waiting for the system's two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": f"-c statement_timeout={_SLOWEST_MS} -c lock_timeout={int(BUSY_SECONDS * 1000)} "
    f"-c idle_in_transaction_session_timeout={_SLOWEST_MS}",
    "application_name": "mergecells-history",
}


def parse_url(text: str) -> URL:
    """A URL that history can be kept at. Raises UsageError."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise _bad_url("This is no URL of a database") from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"postgresql+psycopg", "sqlite"}:
        raise _bad_url(f"History is not kept in {url.drivername}")
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        raise _bad_url("A history in memory would be gone with the process")
    return url


def _bad_url(problem: str) -> UsageError:
    return UsageError(
        f"{problem}.", "Use sqlite:////absolute/path.sqlite3 or postgresql+psycopg://user:password@host/database."
    )


def describe(url: URL) -> str:
    """Where the database is, without a password."""
    return str(url.database) if url.drivername == "sqlite" else url.render_as_string(hide_password=True)


def open_engine(url: URL, *, writes: bool) -> Engine:
    """An engine; nothing is connected yet. Raises UsageError when a package is missing.

    With `writes`, a transaction in SQLite takes the file's lock at once: the driver would begin late, and find the file
    locked when it is too late to wait. Readers read what was there when they began, beside a writer.
    """
    try:
        engine = create_engine(url, **_settings(url))
    except (ImportError, NoSuchModuleError):
        raise UsageError(
            "PostgreSQL needs a package that is not installed: psycopg.",
            "Install the extra: pip install 'mergecells[postgres]'.",
        ) from None
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _dress_sqlite)
        begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin) and None)
    return engine


def _settings(url: URL) -> dict[str, Any]:
    if url.drivername == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    return {"connect_args": _POSTGRES, "pool_size": 2, "max_overflow": 2, "pool_timeout": BUSY_SECONDS}


def _dress_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    # With WAL a power cut can take the last commits, and never harms the file.
    connection.execute("PRAGMA synchronous=NORMAL")


def make_place(url: URL) -> None:
    """The folder and the file of SQLite, for this user alone: persons and errors are named in it."""
    if url.drivername != "sqlite":
        return
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_private(path)
    except OSError as error:
        raise MergecellsError(
            f"The history {path} cannot be made: {error.strerror}.",
            "Name a place that can be written in MERGECELLS_HISTORY_URL or MERGECELLS_STATE_DIR.",
        ) from error


def place_of(engine: Engine) -> Identity | None:
    """Which file an SQLite engine works on; None for a server. A file that was deleted or replaced under an open
    connection takes writes without a word, and they are gone."""
    return identity(Path(str(engine.url.database))) if engine.dialect.name == "sqlite" else None


def prepare(engine: Engine) -> None:
    """Make or update the tables. Raises MergecellsError or SQLAlchemyError."""
    make_place(engine.url)
    with engine.begin() as connection:
        bring_up_to_date(connection)


@contextmanager
def told(url: URL) -> Iterator[None]:
    """What the database complains of, as a MergecellsError without secrets."""
    try:
        yield
    except SQLAlchemyError as error:
        raise MergecellsError(
            f"The history {describe(url)} cannot be used: {reason(error)}.",
            "Is the database running, and may this user write to it?",
        ) from error


def reason(error: BaseException) -> str:
    """One line of what the driver said; SQLAlchemy's own text would hold the statement and its values."""
    said = str(getattr(error, "orig", None) or error)
    line = re.sub(r"\s+", " ", said).strip().rstrip(".")
    return re.sub(r"://[^/@\s]+@", "://…@", line)[:300] or type(error).__name__


def open_existing(text: str) -> Engine:
    """The engine of a history that is there, for reports. Raises UsageError, or MergecellsError for none."""
    url = parse_url(text)
    if url.drivername == "sqlite" and not Path(str(url.database)).is_file():
        raise MergecellsError(
            f"There is no history at {url.database} yet.",
            "Calls are remembered from the first on; name another place with --history or MERGECELLS_HISTORY_URL.",
        )
    with told(url):
        writer = open_engine(url, writes=True)
        prepare(writer)
        writer.dispose()
    return open_engine(url, writes=False)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees one moment."""
    with told(engine.url), engine.begin() as connection:
        yield connection
