"""Conversations in the database of history: the messages of each thread in their order."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mergecells.domain.errors import MergecellsError
from mergecells.domain.messages import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MOST_KEPT: Final = 1_000
"""Messages of one thread; the oldest go."""

MOST_CHARACTERS: Final = 30_000_000
"""Of one message with its images."""

_TRIES: Final = 5
LONGEST_NAME: Final = 200


class SqlThreadStore:
    """A ThreadStore. Each call is one short transaction; safe from any thread. Connects with the first call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._file: tuple[int, int] | None = None

    def messages(self, thread: str, limit: int) -> tuple[Message, ...]:
        """The newest `limit` messages, oldest first; empty for a new thread. Raises MergecellsError."""
        from sqlalchemy import select

        from mergecells.adapters.sql_history_engine import reading
        from mergecells.adapters.sql_history_rows import parse_message
        from mergecells.adapters.sql_history_tables import MESSAGES

        newest = (
            select(MESSAGES.c.role, MESSAGES.c.content)
            .where(MESSAGES.c.thread == _checked(thread))
            .order_by(MESSAGES.c.number.desc())
            .limit(max(0, limit))
        )
        with reading(self._opened()) as connection:
            rows = connection.execute(newest).all()
        return tuple(parse_message(role, content) for role, content in reversed(rows))

    def append(self, thread: str, messages: Sequence[Message], call_id: str) -> None:
        """Add all of them or none. Raises MergecellsError."""
        from sqlalchemy.exc import IntegrityError

        from mergecells.adapters.sql_history_engine import told

        engine, rows = self._opened(), _rows(_checked(thread), messages, call_id)
        if not rows:
            return
        with told(engine.url):
            for left in reversed(range(_TRIES)):
                try:
                    with engine.begin() as connection:
                        _append(connection, thread, rows)
                    return
                except IntegrityError:
                    # Another process took the same numbers; the next try sees its messages.
                    if not left:
                        raise

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _opened(self) -> Engine:
        from mergecells.adapters.sql_history_engine import open_engine, parse_url, place_of, prepare, told

        with self._lock:
            if self._engine is not None and place_of(self._engine) == self._file:
                return self._engine
            url = parse_url(self._url)
            engine = open_engine(url, writes=True)
            with told(url):
                prepare(engine)
            self._engine, self._file = engine, place_of(engine)
            return engine


def _checked(thread: str) -> str:
    if not 1 <= len(thread) <= LONGEST_NAME or not thread.isprintable():
        raise MergecellsError("This is no name of a thread.", f"Use 1 to {LONGEST_NAME} printable characters.")
    return thread


def _rows(thread: str, messages: Sequence[Message], call_id: str) -> list[dict[str, object]]:
    from mergecells.adapters.sql_history_rows import clean, dump_message

    now, rows = time.time(), []
    for message in messages:
        content = clean(dump_message(message), MOST_CHARACTERS + 1)
        if len(content) > MOST_CHARACTERS:
            raise MergecellsError(f"A message has more than {MOST_CHARACTERS:,} characters.", "Make it shorter.")
        row = {"thread": thread, "at": now, "role": message.role, "content": content, "call_id": clean(call_id)}
        rows.append(row)
    return rows[-MOST_KEPT:]


def _append(connection: Connection, thread: str, rows: Sequence[dict[str, object]]) -> None:
    from sqlalchemy import delete, func, insert, select

    from mergecells.adapters.sql_history_tables import MESSAGES

    last = connection.execute(select(func.max(MESSAGES.c.number)).where(MESSAGES.c.thread == thread)).scalar() or 0
    numbered = [row | {"number": number} for number, row in enumerate(rows, last + 1)]
    connection.execute(insert(MESSAGES), numbered)
    oldest = last + len(rows) - MOST_KEPT
    if oldest > 0:
        connection.execute(delete(MESSAGES).where(MESSAGES.c.thread == thread, MESSAGES.c.number <= oldest))
