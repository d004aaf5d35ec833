"""Calls and quality records for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mergecells.domain.llm import Attempt, CallContext, QualityRecord, Turn, Usage

REVISION = "a" * 40
PROMPT_SHA = "b" * 64
TURN = Turn(
    call_id="call-1",
    at=1_790_000_000.25,
    seconds=1.5,
    context=CallContext(
        persona="ada", run_id="run-1", node="draft", workflow="outreach/draft", user="u", job_id="j", request_id="r",
        trace_id="c" * 32, parent_span_id="d" * 16, session_id="s",
    ),
    revision=REVISION,
    prompt_slug="hook",
    prompt_sha=PROMPT_SHA,
    intent="editing_writing",
    confidence=0.75,
    intent_reason="Rules that match: words.",
    provider="openai",
    model="gpt-4.1-mini",
    outcome="ok",
    usage=Usage(1_000, 200, 0.00072, False, 100),
    cost_source="precise",
    token_source="provider",
    cached=False,
    fallback=False,
    streamed=False,
    attempts=(
        Attempt("anthropic", "claude-haiku-4-5", "overloaded", 529, 1_790_000_000.3, 0.2, None, "busy"),
        Attempt("openai", "gpt-4.1-mini", "ok", 200, 1_790_000_000.5, 1.25, 0.00072),
    ),
    characters=4_000,
    first_token_seconds=0.4,
    safety_flags=("content_filter",),
)  # fmt: skip
QUALITY = QualityRecord(
    at=1_790_000_001.0,
    revision=REVISION,
    prompt_slug="hook",
    prompt_sha=PROMPT_SHA,
    overall=0.8,
    completeness=1.0,
    clarity=0.7,
    testability=None,
    traceability=0.7,
    validation_passed=True,
    iterations=2,
    counts={"items": 4},
    call_id="call-1",
    run_id="run-1",
    persona="ada",
    workflow="outreach/draft",
    model="gpt-4.1-mini",
    judge="rules",
)


def turn(call_id: str, cost: float | None = 0.00072, context: dict[str, str] | None = None, **changed: Any) -> Turn:
    """`TURN` with changes; `context` changes its context, `usage` takes the place of the whole usage."""
    usage = changed.pop("usage", replace(TURN.usage, cost_est=cost))
    source = "precise" if cost is not None else "unknown"
    given = {"cost_source": source, **changed}
    return replace(TURN, call_id=call_id, usage=usage, context=replace(TURN.context, **(context or {})), **given)
