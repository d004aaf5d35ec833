"""A history of made-up records. The database says so, and every report of it does."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import QualityRecord, Turn

_BATCH: Final = 2_000


def write_synthetic(url: str, records: Iterable[Turn | QualityRecord]) -> int:
    """Into a new database; how many records. Raises UsageError for one that holds anything."""
    from sqlalchemy import func, insert, select

    from mergecells.adapters.sql_history_batch import write_batch
    from mergecells.adapters.sql_history_engine import describe, open_engine, parse_url, prepare, told
    from mergecells.adapters.sql_history_records import NamedQuality
    from mergecells.adapters.sql_history_tables import FACTS, TURNS

    place, count = parse_url(url), 0
    engine = open_engine(place, writes=True)
    with told(place):
        prepare(engine)
        with engine.begin() as connection:
            if connection.execute(select(func.count()).select_from(TURNS)).scalar_one():
                raise UsageError(
                    f"{describe(place)} holds calls already.",
                    "Made-up records only go into a new history: name another.",
                )
            connection.execute(insert(FACTS), [{"name": "synthetic", "value": "yes"}])
        waiting = iter(records)
        while batch := list(islice(waiting, _BATCH)):
            named = [
                NamedQuality(f"synthetic-{count + number}", each) if isinstance(each, QualityRecord) else each
                for number, each in enumerate(batch)
            ]
            with engine.begin() as connection:
                write_batch(connection, named)
            count += len(batch)
    engine.dispose()
    return count
