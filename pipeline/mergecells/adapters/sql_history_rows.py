"""Turns, quality records and messages as rows of history, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mergecells.domain.llm import NANO, Attempt, CallContext, QualityRecord, Turn, Usage
from mergecells.domain.messages import ImagePart, Message, Part, TextPart

Row = dict[str, Any]
LONGEST: Final = 4_000
"""Characters of a message or error that are kept."""

MOST_TOKENS: Final = 2**62


def to_nano(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * NANO)


def to_dollars(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO


def clean(text: str, longest: int = LONGEST) -> str:
    """As both databases keep it: PostgreSQL refuses the character 0, both refuse half a surrogate pair."""
    if len(text) <= longest and text.isascii() and "\x00" not in text:
        return text
    return text[:longest].replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _cleaned(row: Row) -> Row:
    """The row itself, changed where a text has to be."""
    for key, value in row.items():
        if type(value) is str and not (value.isascii() and len(value) <= LONGEST and "\x00" not in value):
            row[key] = clean(value)
    return row


def turn_row(turn: Turn) -> Row:
    """The row of `turns`."""
    context, usage = turn.context, turn.usage
    return _cleaned(
        {
            "call_id": turn.call_id,
            "at": float(turn.at),
            "seconds": float(turn.seconds),
            "revision": turn.revision,
            "prompt_slug": turn.prompt_slug,
            "prompt_sha": turn.prompt_sha,
            "persona": context.persona,
            "run_id": context.run_id,
            "node": context.node,
            "workflow": context.workflow,
            "user_name": context.user,
            "job_id": context.job_id,
            "request_id": context.request_id,
            "trace_id": context.trace_id,
            "parent_span_id": context.parent_span_id,
            "session_id": context.session_id,
            "intent": turn.intent,
            "confidence": float(turn.confidence),
            "intent_reason": turn.intent_reason,
            "provider": turn.provider,
            "model": turn.model,
            "outcome": turn.outcome,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_input_tokens": usage.cached_input_tokens,
            "cost": to_nano(usage.cost_est),
            "cost_source": turn.cost_source,
            "token_source": turn.token_source,
            "cached": turn.cached,
            "fallback": turn.fallback,
            "streamed": turn.streamed,
            "truncated": usage.truncated,
            "saved": to_nano(turn.saved_cost),
            "characters": turn.characters,
            "first_token_seconds": turn.first_token_seconds,
            "tries": len(turn.attempts),
            "safety_flags": " ".join(turn.safety_flags),
            "error": turn.error,
        }
    )


def attempt_rows(turn: Turn) -> list[Row]:
    """The rows of `attempts`, numbered from 1."""
    return [
        _cleaned(
            {
                "call_id": turn.call_id,
                "number": number,
                "at": float(turn.at),
                "provider": attempt.provider,
                "model": attempt.model,
                "outcome": attempt.outcome,
                "status": attempt.status,
                "started_at": float(attempt.started_at),
                "seconds": float(attempt.seconds),
                "cost": to_nano(attempt.cost_est),
                "message": attempt.message,
            }
        )
        for number, attempt in enumerate(turn.attempts, 1)
    ]


def quality_row(record_id: str, quality: QualityRecord) -> Row:
    """The row of `quality`."""
    return _cleaned(
        {
            "record_id": record_id,
            "at": float(quality.at),
            "revision": quality.revision,
            "prompt_slug": quality.prompt_slug,
            "prompt_sha": quality.prompt_sha,
            "persona": quality.persona,
            "run_id": quality.run_id,
            "workflow": quality.workflow,
            "model": quality.model,
            "judge": quality.judge,
            "overall": quality.overall,
            "completeness": quality.completeness,
            "clarity": quality.clarity,
            "testability": quality.testability,
            "traceability": quality.traceability,
            "validation_passed": quality.validation_passed,
            "iterations": quality.iterations,
            "counts": json.dumps(dict(quality.counts)),
            "call_id": quality.call_id,
        }
    )


def node_sums(turns: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """What the turns add to `runs` and to `node_costs`: a row for each key, in the order of the keys, so that two
    writers never wait for one another in a circle."""
    runs: dict[tuple[str, ...], Row] = {}
    nodes: dict[tuple[str, ...], Row] = {}
    for turn in turns:
        if turn["run_id"]:
            _add(runs, turn, ("run_id",), ("workflow", "persona", "revision"))
        if turn["run_id"] or turn["node"]:
            _add(nodes, turn, ("run_id", "node", "revision", "prompt_sha"), ("workflow", "persona"))
    return [runs[key] for key in sorted(runs)], [nodes[key] for key in sorted(nodes)]


def _add(sums: dict[tuple[str, ...], Row], turn: Row, keys: Sequence[str], texts: Sequence[str]) -> None:
    key = tuple(turn[name] for name in keys)
    end = turn["at"] + turn["seconds"]
    row = sums.get(key)
    if row is None:
        row = sums[key] = {name: turn[name] for name in (*keys, *texts)}
        row |= dict.fromkeys(("calls", "input_tokens", "output_tokens", "cost", "unknown_costs"), 0)
        row |= {"seconds": 0.0, "first_at": turn["at"], "last_at": end}
    row |= {name: turn[name] for name in texts}
    row["calls"] += 1
    row["input_tokens"] += turn["input_tokens"]
    row["output_tokens"] += turn["output_tokens"]
    row["cost"] += turn["cost"] or 0
    row["unknown_costs"] += turn["cost"] is None
    row["seconds"] += turn["seconds"]
    row["first_at"], row["last_at"] = min(row["first_at"], turn["at"]), max(row["last_at"], end)


def read_turn(row: Mapping[str, Any], attempts: Iterable[Mapping[str, Any]]) -> Turn:
    """The Turn that a row of `turns` was made from."""
    return Turn(
        call_id=row["call_id"],
        at=row["at"],
        seconds=row["seconds"],
        context=CallContext(
            persona=row["persona"],
            run_id=row["run_id"],
            node=row["node"],
            workflow=row["workflow"],
            user=row["user_name"],
            job_id=row["job_id"],
            request_id=row["request_id"],
            trace_id=row["trace_id"],
            parent_span_id=row["parent_span_id"],
            session_id=row["session_id"],
        ),
        revision=row["revision"],
        prompt_slug=row["prompt_slug"],
        prompt_sha=row["prompt_sha"],
        intent=row["intent"],
        confidence=row["confidence"],
        intent_reason=row["intent_reason"],
        provider=row["provider"],
        model=row["model"],
        outcome=row["outcome"],
        usage=Usage(
            row["input_tokens"],
            row["output_tokens"],
            to_dollars(row["cost"]),
            row["truncated"],
            row["cached_input_tokens"],
        ),
        cost_source=row["cost_source"],
        token_source=row["token_source"],
        cached=row["cached"],
        fallback=row["fallback"],
        streamed=row["streamed"],
        attempts=tuple(map(_attempt, attempts)),
        characters=row["characters"],
        first_token_seconds=row["first_token_seconds"],
        saved_cost=to_dollars(row["saved"]),
        safety_flags=tuple(row["safety_flags"].split()),
        error=row["error"],
    )


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(
        row["provider"],
        row["model"],
        row["outcome"],
        row["status"],
        row["started_at"],
        row["seconds"],
        to_dollars(row["cost"]),
        row["message"],
    )


def dump_message(message: Message) -> str:
    """The parts of a message as JSON."""
    parts = [{"text": part.text} if isinstance(part, TextPart) else {"image": part.source} for part in message.parts]
    return json.dumps(parts, ensure_ascii=False)


def parse_message(role: Any, content: str) -> Message:
    """The message that `dump_message` made a text of."""
    parts: list[Part] = [
        TextPart(part["text"]) if "text" in part else ImagePart(part["image"]) for part in json.loads(content)
    ]
    return Message(role, tuple(parts))
