"""The tables of history and how they came to be: one step forward for each version, each within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mergecells.domain.errors import MergecellsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Types that SQLite and PostgreSQL read alike. Steps are never edited once released: a new one is added.
_FIRST: Final = (
    """CREATE TABLE turns (
  call_id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION NOT NULL,
  revision TEXT NOT NULL, prompt_slug TEXT NOT NULL, prompt_sha TEXT NOT NULL,
  persona TEXT NOT NULL, run_id TEXT NOT NULL, node TEXT NOT NULL, workflow TEXT NOT NULL,
  user_name TEXT NOT NULL, job_id TEXT NOT NULL, request_id TEXT NOT NULL, trace_id TEXT NOT NULL,
  parent_span_id TEXT NOT NULL, session_id TEXT NOT NULL,
  intent TEXT NOT NULL, confidence DOUBLE PRECISION NOT NULL, intent_reason TEXT NOT NULL,
  provider TEXT NOT NULL, model TEXT NOT NULL, outcome TEXT NOT NULL,
  input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, cached_input_tokens BIGINT NOT NULL,
  cost BIGINT, cost_source TEXT NOT NULL, token_source TEXT NOT NULL,
  cached BOOLEAN NOT NULL, fallback BOOLEAN NOT NULL, streamed BOOLEAN NOT NULL, truncated BOOLEAN NOT NULL,
  saved BIGINT, characters BIGINT NOT NULL, first_token_seconds DOUBLE PRECISION,
  tries INTEGER NOT NULL, safety_flags TEXT NOT NULL, error TEXT NOT NULL)""",
    "CREATE INDEX turns_at ON turns (at)",
    """CREATE TABLE attempts (
  call_id TEXT NOT NULL, number INTEGER NOT NULL, at DOUBLE PRECISION NOT NULL,
  provider TEXT NOT NULL, model TEXT NOT NULL, outcome TEXT NOT NULL, status INTEGER,
  started_at DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION NOT NULL, cost BIGINT, message TEXT NOT NULL,
  PRIMARY KEY (call_id, number))""",
    "CREATE INDEX attempts_at ON attempts (at)",
    """CREATE TABLE quality (
  record_id TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL, revision TEXT NOT NULL,
  prompt_slug TEXT NOT NULL, prompt_sha TEXT NOT NULL, persona TEXT NOT NULL, run_id TEXT NOT NULL,
  workflow TEXT NOT NULL, model TEXT NOT NULL, judge TEXT NOT NULL,
  overall DOUBLE PRECISION, completeness DOUBLE PRECISION, clarity DOUBLE PRECISION,
  testability DOUBLE PRECISION, traceability DOUBLE PRECISION,
  validation_passed BOOLEAN, iterations INTEGER NOT NULL, counts TEXT NOT NULL, call_id TEXT NOT NULL)""",
    "CREATE INDEX quality_at ON quality (at)",
    """CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, workflow TEXT NOT NULL, persona TEXT NOT NULL, revision TEXT NOT NULL,
  calls BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
  cost BIGINT NOT NULL, unknown_costs BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
  first_at DOUBLE PRECISION NOT NULL, last_at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX runs_at ON runs (last_at)",
    """CREATE TABLE node_costs (
  run_id TEXT NOT NULL, node TEXT NOT NULL, revision TEXT NOT NULL, prompt_sha TEXT NOT NULL,
  workflow TEXT NOT NULL, persona TEXT NOT NULL,
  calls BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
  cost BIGINT NOT NULL, unknown_costs BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
  first_at DOUBLE PRECISION NOT NULL, last_at DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (run_id, node, revision, prompt_sha))""",
    "CREATE INDEX node_costs_at ON node_costs (last_at)",
    """CREATE TABLE messages (
  thread TEXT NOT NULL, number BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL, role TEXT NOT NULL,
  content TEXT NOT NULL, call_id TEXT NOT NULL, PRIMARY KEY (thread, number))""",
    "CREATE INDEX messages_at ON messages (at)",
)
STEPS: Final[tuple[tuple[str, ...], ...]] = (_FIRST,)
"""`STEPS[n]` brings version n to n + 1."""

_LOCK: Final = 0x6D636869  # "mchi": the number of an advisory lock in PostgreSQL


class NewerHistoryError(MergecellsError):
    """The database was made by a newer mergecells; this one does not touch it."""


def bring_up_to_date(connection: Connection, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Carry out the steps that are missing, within the transaction of `connection`; the version then.

    Several processes may do so at once: one works, the others find it done. Raises NewerHistoryError.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS history_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    version = schema_version(connection)
    if version > len(steps):
        raise NewerHistoryError(
            f"The history has version {version}; this mergecells knows {len(steps)}.",
            "Update mergecells here, or give it another history with MERGECELLS_HISTORY_URL.",
        )
    for step in steps[version:]:
        for statement in step:
            connection.exec_driver_sql(statement)
    if version < len(steps):
        connection.exec_driver_sql("DELETE FROM history_facts WHERE name = 'version'")
        connection.exec_driver_sql(f"INSERT INTO history_facts VALUES ('version', '{len(steps)}')")  # noqa: S608
    return len(steps)


def schema_version(connection: Connection) -> int:
    """0 for a new database."""
    row = connection.exec_driver_sql("SELECT value FROM history_facts WHERE name = 'version'").fetchone()
    return int(row[0]) if row else 0
