"""Turns of LLM calls for tests; every number is made up."""

from __future__ import annotations

import dataclasses
from typing import Any

from mergecells.domain.llm import Attempt, CallContext, Turn, Usage

REVISION = "0123456789abcdef0123456789abcdef01234567"


def sample_turn(**changes: Any) -> Turn:
    """An answered call of the prompt `hook` with one try, changed as stated."""
    turn = Turn(
        call_id="call-1",
        at=1_790_000_000.0,
        seconds=0.5,
        context=CallContext(
            persona="sales", run_id="run-7", node="draft", workflow="outreach", session_id="thread-3", user="ann"
        ),
        revision=REVISION,
        prompt_slug="hook",
        prompt_sha="ab" * 32,
        intent="editing_writing",
        confidence=0.75,
        intent_reason="Rules that match: words.",
        provider="openai",
        model="gpt-4.1-mini",
        outcome="ok",
        usage=Usage(100, 40, 0.000104, truncated=False, cached_input_tokens=60),
        cost_source="precise",
        token_source="provider",
        cached=False,
        fallback=False,
        streamed=False,
        attempts=(Attempt("openai", "gpt-4.1-mini", "ok", 200, 1_790_000_000.1, 0.4, 0.000104),),
    )
    return dataclasses.replace(turn, **changes)
