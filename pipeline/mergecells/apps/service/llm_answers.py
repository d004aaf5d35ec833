"""What LLM calls answer over HTTP: results as JSON, failures as problem details."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel, Field

from mergecells.apps.service.problems import ProblemError
from mergecells.domain.errors import (
    BudgetExceededError,
    InvalidAnswerError,
    LlmCallError,
    MergecellsError,
    PromptInputError,
    PromptRenderError,
    UnknownPromptError,
    UsageError,
)
from mergecells.domain.llm import BudgetState, ErrorKind, LlmResult

_FAILURES: dict[ErrorKind, tuple[int, str]] = {
    "timeout": (504, "provider-timeout"),
    "connection": (502, "provider-unreachable"),
    "rate_limit": (503, "provider-rate-limit"),
    "overloaded": (503, "provider-overloaded"),
    "server_error": (502, "provider-error"),
    "circuit_open": (503, "provider-circuit-open"),
    "truncated": (502, "answer-truncated"),
    "content_filter": (422, "content-filtered"),
    "invalid_output": (502, "answer-invalid"),
    # The config or a key is at fault, and only an operator can mend it: not the caller's 4xx.
    "bad_request": (500, "provider-refused-request"),
    "auth": (500, "provider-refused-key"),
    "not_found": (500, "provider-unknown-model"),
    "budget": (402, "budget-exceeded"),
    "cancelled": (499, "cancelled"),
}
_RETRY_SECONDS = "5"


class UsageAnswer(BaseModel):
    input_tokens: int
    output_tokens: int
    cost_est: float | None = Field(description="US dollars; null when no price is known, never 0 instead.")
    truncated: bool
    cached_input_tokens: int


class CompletionAnswer(BaseModel):
    """One answer of a model, and what it took."""

    text: str
    parsed: Any = Field(description="The JSON answer of a prompt with outputs.")
    usage: UsageAnswer
    cost_source: str = Field(description="precise, heuristic or unknown.")
    token_source: str = Field(description="provider, exact, calibrated or heuristic.")
    cached: bool
    attempts: list[dict[str, Any]] = Field(description="Every try in order, with its outcome.")
    revision: str
    prompt: str
    prompt_sha: str
    revisions: dict[str, str] = Field(description="`config`: the git SHA; `prompt`: the SHA of its text.")
    trace_id: str
    call_id: str
    provider: str
    model: str
    fallback: bool = Field(description="Another model than the first of the ladder gave the answer.")
    intent: str
    confidence: float
    intent_reason: str
    repaired: bool
    seconds: float
    budgets: list[dict[str, Any]]


def result_document(result: LlmResult) -> dict[str, Any]:
    """The body of a good answer."""
    return {
        "text": result.text,
        "parsed": result.parsed,
        "usage": dataclasses.asdict(result.usage),
        "cost_source": result.cost_source,
        "token_source": result.token_source,
        "cached": result.cached,
        "attempts": [dataclasses.asdict(attempt) for attempt in result.attempts],
        "revision": result.revision,
        "prompt": result.prompt_slug,
        "prompt_sha": result.prompt_sha,
        "revisions": {"config": result.revision, "prompt": result.prompt_sha},
        "trace_id": result.trace_id,
        "call_id": result.call_id,
        "provider": result.provider,
        "model": result.model,
        "fallback": result.fallback,
        "intent": result.intent,
        "confidence": result.confidence,
        "intent_reason": result.intent_reason,
        "repaired": result.repaired,
        "seconds": round(result.seconds, 6),
        "budgets": [budget_document(state) for state in result.budgets],
    }


def budget_document(state: BudgetState) -> dict[str, Any]:
    """One budget, with what follows from its numbers."""
    flags = {"remaining": state.remaining, "warned": state.warned, "halted": state.halted}
    return {**dataclasses.asdict(state), **flags}


def call_problem(error: MergecellsError) -> ProblemError:
    """A call that failed, as this service answers it: what, and what to do next; whose fault, by the status."""
    if isinstance(error, UnknownPromptError):
        return ProblemError(404, "unknown-prompt", error.message, hint=error.hint or None)
    if isinstance(error, PromptInputError):
        return ProblemError(422, "wrong-inputs", error.message, hint=error.hint or None)
    if isinstance(error, PromptRenderError):
        return ProblemError(500, "prompt-render", error.message, hint=error.hint or None)
    if isinstance(error, LlmCallError):
        status, slug = _FAILURES[error.kind]
        if error.kind == "budget" and not isinstance(error, BudgetExceededError):
            status, slug = 503, "budgets-unknown"  # nobody can say what is left: not a budget's fault, and to be told
        headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else {}
        return ProblemError(status, slug, error.message, headers=headers, hint=error.hint or None, extra=_facts(error))
    status, slug = (422, "wrong-request") if isinstance(error, UsageError) else (500, "call-failed")
    return ProblemError(status, slug, error.message, hint=error.hint or None)


def _facts(error: LlmCallError) -> dict[str, Any]:
    facts: dict[str, Any] = {"attempts": [dataclasses.asdict(attempt) for attempt in error.attempts]}
    if isinstance(error, BudgetExceededError):
        facts["budgets"] = [budget_document(state) for state in error.budgets]
    if isinstance(error, InvalidAnswerError):
        facts["text"] = error.text  # it was paid for
    return facts
