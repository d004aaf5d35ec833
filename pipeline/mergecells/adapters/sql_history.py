"""History in SQLite or PostgreSQL: a TurnLog that writes, and a History that reports read."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from mergecells.adapters.sql_history_writer import RefusedHistoryError, RefusedRecordError, Writer
from mergecells.domain.errors import MergecellsError
from mergecells.domain.history import LogCounts, NodeCost, Pruned, QualityFacts, TurnFacts
from mergecells.domain.llm import QualityRecord, Turn

# SQLAlchemy takes 0.2 s to import: in the writer's thread, not where a call is made.
if TYPE_CHECKING:
    from sqlalchemy import Engine, Table
    from sqlalchemy.engine import URL

_READ_AT_ONCE: Final = 2_000


class SqlTurnLog:
    """Remembers calls and quality. `record_` costs microseconds, whatever the database does."""

    def __init__(self, url: str, *, capacity: int = 10_000, keep_days: int = 0, close_seconds: float = 2.0) -> None:
        """`keep_days`: what is older is deleted from time to time; 0 keeps everything."""
        self._writer = Writer(
            lambda: _Sink(url),
            _shown(url),
            capacity=capacity,
            keep_days=keep_days,
            close_seconds=close_seconds,
        )

    def record_turn(self, turn: Turn) -> None:
        self._writer.put(turn)

    def record_quality(self, quality: QualityRecord) -> None:
        from mergecells.adapters.sql_history_records import NamedQuality

        self._writer.put(NamedQuality(uuid.uuid4().hex, quality))

    def counts(self) -> LogCounts:
        return self._writer.counts()

    def close(self) -> None:
        self._writer.close()


def _shown(url: str) -> str:
    """The URL without user and password, without importing what could parse it."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


class _Sink:
    """The database as the writer's thread sees it."""

    def __init__(self, url: str) -> None:
        # All that writing needs, so that whoever waits for the first record knows when it can be written.
        import mergecells.adapters.sql_history_batch
        import mergecells.adapters.sql_history_schema  # noqa: F401
        from mergecells.adapters.sql_history_engine import open_engine, parse_url

        self._engine = open_engine(parse_url(url), writes=True)
        self._ready = False
        self._file: tuple[int, int] | None = None

    def write(self, batch: Sequence[Any]) -> None:
        from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

        from mergecells.adapters.sql_history_batch import write_batch
        from mergecells.adapters.sql_history_engine import place_of, prepare, reason
        from mergecells.adapters.sql_history_schema import NewerHistoryError

        try:
            if self._ready and place_of(self._engine) != self._file:
                self._start_over()
            if not self._ready:
                prepare(self._engine)
                self._ready, self._file = True, place_of(self._engine)
            with self._engine.begin() as connection:
                write_batch(connection, batch)
        except NewerHistoryError as error:
            raise RefusedHistoryError(error.message, error.hint) from error
        except (DataError, IntegrityError) as error:
            raise RefusedRecordError(reason(error)) from error
        except SQLAlchemyError as error:
            self._start_over()
            raise MergecellsError(reason(error)) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise RefusedRecordError(f"{type(error).__name__}: {error}") from error

    def _start_over(self) -> None:
        """The file may have been moved away, the server replaced by an empty one."""
        self._ready = False
        self._engine.dispose()

    def prune(self, before: float) -> int:
        from mergecells.adapters.sql_history_engine import prepare
        from mergecells.adapters.sql_history_prune import prune

        prepare(self._engine)
        with self._engine.begin() as connection:
            return prune(connection, before, apply=True).total

    def close(self) -> None:
        self._engine.dispose()


class SqlHistory:
    """Reads what was remembered. Raises MergecellsError for a history that is not there or cannot be used."""

    def __init__(self, url: str) -> None:
        from mergecells.adapters.sql_history_engine import open_existing

        self._engine: Engine = open_existing(url)
        self._url: URL = self._engine.url

    def describe(self) -> str:
        from mergecells.adapters.sql_history_engine import describe

        return describe(self._url)

    @property
    def synthetic(self) -> bool:
        """Whether it was made up, to try reports."""
        with self._reading() as connection:
            query = "SELECT value FROM history_facts WHERE name = 'synthetic'"
            return connection.exec_driver_sql(query).fetchone() is not None

    def turns(self, since: float, until: float) -> Iterator[TurnFacts]:
        """Calls that started in the period, oldest first."""
        from mergecells.adapters.sql_history_tables import TURNS

        yield from map(TurnFacts._make, self._rows(TURNS, TurnFacts._fields, "at", since, until))

    def quality(self, since: float, until: float) -> Iterator[QualityFacts]:
        """Quality records of the period, oldest first."""
        from mergecells.adapters.sql_history_tables import QUALITY

        yield from map(QualityFacts._make, self._rows(QUALITY, QualityFacts._fields, "at", since, until))

    def node_costs(self, since: float, until: float) -> Iterator[NodeCost]:
        """Nodes whose last call was in the period, in the order of their last calls."""
        from mergecells.adapters.sql_history_tables import NODE_COSTS

        yield from map(NodeCost._make, self._rows(NODE_COSTS, NodeCost._fields, "last_at", since, until))

    def call(self, call_id: str) -> Turn | None:
        """One call with its attempts."""
        from sqlalchemy import select

        from mergecells.adapters.sql_history_rows import read_turn
        from mergecells.adapters.sql_history_tables import ATTEMPTS, TURNS

        with self._reading() as connection:
            row = connection.execute(select(TURNS).where(TURNS.c.call_id == call_id)).mappings().first()
            if row is None:
                return None
            query = select(ATTEMPTS).where(ATTEMPTS.c.call_id == call_id).order_by(ATTEMPTS.c.number)
            return read_turn(dict(row), [dict(each) for each in connection.execute(query).mappings()])

    def run(self, run_id: str) -> tuple[NodeCost, ...]:
        """What the nodes of one run cost, in the order of their first calls; empty for a run that is not known."""
        from sqlalchemy import select

        from mergecells.adapters.sql_history_tables import NODE_COSTS

        columns = [NODE_COSTS.c[name] for name in NodeCost._fields]
        query = select(*columns).where(NODE_COSTS.c.run_id == run_id).order_by(NODE_COSTS.c.first_at)
        with self._reading() as connection:
            return tuple(NodeCost._make(row) for row in connection.execute(query))

    def prune(self, before: float, *, apply: bool) -> Pruned:
        """Count what ended before then, and with `apply` delete it."""
        from mergecells.adapters.sql_history_engine import told
        from mergecells.adapters.sql_history_prune import compact, prune

        with told(self._url):
            with self._engine.begin() as connection:
                found = prune(connection, before, apply=apply)
            if apply and found.total:
                compact(self._engine)
        return found

    def close(self) -> None:
        self._engine.dispose()

    def _rows(self, table: Table, names: Sequence[str], time: str, since: float, until: float) -> Iterator[Any]:
        from sqlalchemy import select

        query = select(*(table.c[name] for name in names)).where(table.c[time] >= since, table.c[time] < until)
        with self._reading() as connection:
            streamed = connection.execution_options(yield_per=_READ_AT_ONCE)
            yield from streamed.execute(query.order_by(table.c[time], *table.primary_key))

    def _reading(self) -> Any:
        from mergecells.adapters.sql_history_engine import reading

        return reading(self._engine)
