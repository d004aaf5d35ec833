"""Old rows of history: counted, and deleted when asked."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, func, select

from mergecells.adapters.sql_history_tables import ATTEMPTS, MESSAGES, NODE_COSTS, QUALITY, RUNS, TURNS
from mergecells.domain.history import Pruned

_AGES = {
    "turns": TURNS.c.at,
    "attempts": ATTEMPTS.c.at,
    "quality": QUALITY.c.at,
    "runs": RUNS.c.last_at,
    "node_costs": NODE_COSTS.c.last_at,
    "messages": MESSAGES.c.at,
}


def prune(connection: Connection, before: float, *, apply: bool) -> Pruned:
    """What ended before then. Runs go by their last call, each message by its own time."""
    counts: dict[str, int] = {}
    for name, age in _AGES.items():
        if apply:
            counts[name] = connection.execute(delete(age.table).where(age < before)).rowcount
        else:
            counts[name] = connection.execute(select(func.count()).where(age < before)).scalar_one()
    return Pruned(**counts)


def compact(engine: Engine) -> None:
    """Give the space of deleted rows back. PostgreSQL does so by itself."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
