"""The tables of history for SQLAlchemy. A test holds them to what the steps of `sql_history_schema` make."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, MetaData, Table, Text

METADATA = MetaData()


def _table(name: str, keys: str = "", texts: str = "", **columns: type) -> Table:
    named = [Column(each, Text, primary_key=True) for each in keys.split()]
    named += [Column(each, Text) for each in texts.split()]
    named += [Column(each, kind) for each, kind in columns.items()]
    return Table(name, METADATA, *named)


_SUMS = {
    "calls": BigInteger,
    "input_tokens": BigInteger,
    "output_tokens": BigInteger,
    "cost": BigInteger,
    "unknown_costs": BigInteger,
    "seconds": Double,
    "first_at": Double,
    "last_at": Double,
}
FACTS = _table("history_facts", "name", "value")
TURNS = _table(
    "turns",
    "call_id",
    "revision prompt_slug prompt_sha persona run_id node workflow user_name job_id request_id trace_id parent_span_id "
    "session_id intent intent_reason provider model outcome cost_source token_source safety_flags error",
    at=Double,
    seconds=Double,
    confidence=Double,
    input_tokens=BigInteger,
    output_tokens=BigInteger,
    cached_input_tokens=BigInteger,
    cost=BigInteger,
    cached=Boolean,
    fallback=Boolean,
    streamed=Boolean,
    truncated=Boolean,
    saved=BigInteger,
    characters=BigInteger,
    first_token_seconds=Double,
    tries=Integer,
)
ATTEMPTS = _table(
    "attempts",
    "call_id",
    "provider model outcome message",
    number=Integer,
    at=Double,
    status=Integer,
    started_at=Double,
    seconds=Double,
    cost=BigInteger,
)
QUALITY = _table(
    "quality",
    "record_id",
    "revision prompt_slug prompt_sha persona run_id workflow model judge counts call_id",
    at=Double,
    overall=Double,
    completeness=Double,
    clarity=Double,
    testability=Double,
    traceability=Double,
    validation_passed=Boolean,
    iterations=Integer,
)
RUNS = _table("runs", "run_id", "workflow persona revision", **_SUMS)
NODE_COSTS = _table("node_costs", "run_id node revision prompt_sha", "workflow persona", **_SUMS)
MESSAGES = _table("messages", "thread", "role content call_id", number=BigInteger, at=Double)
