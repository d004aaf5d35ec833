"""One batch of records into the database, within one transaction: whatever stops it, all of it is there or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, func, select

from mergecells.adapters.sql_history_records import NamedQuality, Record
from mergecells.adapters.sql_history_rows import Row, attempt_rows, node_sums, quality_row, turn_row
from mergecells.adapters.sql_history_tables import ATTEMPTS, NODE_COSTS, QUALITY, RUNS, TURNS
from mergecells.domain.llm import Turn

_SUMMED = ("calls", "input_tokens", "output_tokens", "cost", "unknown_costs", "seconds")


def write_batch(connection: Connection, records: Sequence[Record]) -> None:
    """Calls that are there already are left out, also of the sums: the answer to a commit may have been lost."""
    turns = {turn.call_id: turn for turn in records if isinstance(turn, Turn)}
    if turns:
        for known in connection.execute(select(TURNS.c.call_id).where(TURNS.c.call_id.in_(list(turns)))):
            del turns[known.call_id]
    rows = [turn_row(turn) for turn in turns.values()]
    runs, nodes = node_sums(rows)
    _insert(connection, TURNS, rows)
    _insert(connection, ATTEMPTS, [row for turn in turns.values() for row in attempt_rows(turn)])
    _insert(connection, QUALITY, [quality_row(*record) for record in records if isinstance(record, NamedQuality)])
    _add_up(connection, RUNS, runs)
    _add_up(connection, NODE_COSTS, nodes)


def _insert(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Past SQLAlchemy's handling of each value, which takes three quarters of the time and changes none of ours."""
    if not rows:
        return
    _send(connection, table, lambda: _statement(connection, table).on_conflict_do_nothing(), rows)


_TEXTS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}


def _send(connection: Connection, table: Table, make: Callable[[], Any], rows: list[Row]) -> None:
    """The one statement of each table, made once: in the driver's own words, with the names of its values in their
    order, none where it goes by name."""
    key = connection.dialect.name, table.name
    if key not in _TEXTS:
        compiled = make().compile(dialect=connection.dialect)
        _TEXTS[key] = str(compiled), tuple(compiled.positiontup or ())
    text, order = _TEXTS[key]
    values: Any = list(map(itemgetter(*order), rows)) if order else rows
    connection.exec_driver_sql(text, values)


def _add_up(connection: Connection, table: Table, rows: list[Row]) -> None:
    if rows:
        _send(connection, table, lambda: _adding(connection, table), rows)


def _adding(connection: Connection, table: Table) -> Any:
    """INSERT that adds to the sums that are there already."""
    statement = _statement(connection, table)
    new, keys = statement.excluded, [column.name for column in table.primary_key]
    lowest, highest = (func.min, func.max) if connection.dialect.name == "sqlite" else (func.least, func.greatest)
    changes: dict[str, Any] = {name: table.c[name] + new[name] for name in _SUMMED}
    changes |= {
        "first_at": lowest(table.c.first_at, new.first_at),
        "last_at": highest(table.c.last_at, new.last_at),
    }
    texts = [column.name for column in table.columns if column.name not in {*changes, *keys}]
    changes |= {name: new[name] for name in texts}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _statement(connection: Connection, table: Table) -> Any:
    """INSERT of the database's own kind: both have ON CONFLICT, SQLAlchemy has it for neither in common."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        return insert_sqlite(table)
    from sqlalchemy.dialects.postgresql import insert as insert_postgresql

    return insert_postgresql(table)
