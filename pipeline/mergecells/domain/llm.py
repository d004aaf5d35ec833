"""One call of a language model as values: what a provider is asked, what it answered, what came of it and what it cost.

Money is in US dollars; in ledgers it is counted in whole nano-dollars (1e-9), so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from mergecells.domain.messages import Message
from mergecells.domain.prompts import ModelOptions
from mergecells.domain.revision import Revision
from mergecells.domain.routing import Provider

NANO = 1_000_000_000
"""Nano-dollars in a dollar."""

ErrorKind = Literal[
    "timeout",
    "connection",
    "rate_limit",
    "overloaded",
    "server_error",
    "truncated",
    "content_filter",
    "invalid_output",
    "bad_request",
    "auth",
    "not_found",
    "circuit_open",
    "budget",
    "cancelled",
]
"""How one try failed: the classes of `routing.ERROR_CLASSES`, and those after which no other model is tried."""

Outcome: TypeAlias = Literal["ok"] | ErrorKind
Finish = Literal["stop", "length", "content_filter", "other"]
CostSource = Literal["precise", "heuristic", "unknown"]
"""`precise`: tokens that the provider reported, times a known price. `heuristic`: tokens of our own count. `unknown`:
no price; the cost is then None, never 0."""

TokenSource = Literal["provider", "exact", "calibrated", "heuristic"]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What one provider is asked, whole. `max_output_tokens` is always set: the worst case must be known before."""

    provider_name: str
    provider: Provider
    model: str
    """Our name of the model, a key of `routing.yaml`."""
    model_id: str
    """What the provider calls it."""
    messages: tuple[Message, ...]
    max_output_tokens: int
    timeout_s: float
    options: ModelOptions = field(default_factory=ModelOptions)
    output_schema: Mapping[str, Any] | None = None
    """JSON Schema that the answer is asked to fit; None for text."""
    json_schema: bool = False
    """Whether the model can be held to the schema; else it is told in words."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent along, and no part of what is asked: the trace that the call is of."""


@dataclass(frozen=True, slots=True)
class ReportedUsage:
    """Tokens as the provider reported them; None for what it left out or what made no sense.

    `cached_input_tokens` are part of `input_tokens`, `reasoning_tokens` part of `output_tokens`, whatever the provider
    calls them: OpenAI counts so, Anthropic and Gemini are added up to it.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_written_tokens: int = 0
    """Part of `input_tokens` too: what the provider put into its own cache, at a price of its own (Anthropic)."""
    cost: float | None = None
    """Dollars, where the provider itself says what it took (Perplexity, OpenRouter)."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One answer of a provider, complete."""

    text: str
    finish: Finish
    usage: ReportedUsage = ReportedUsage()
    provider_request_id: str = ""
    """What the provider calls this request, for its support."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The contract's usage. `cost_est` is None when no price is known."""

    input_tokens: int
    output_tokens: int
    cost_est: float | None
    truncated: bool
    cached_input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one model, in the order of trying. A rung that was skipped is one too, with no seconds."""

    provider: str
    model: str
    outcome: Outcome
    status: int | None = None
    """The HTTP status, where there was one."""
    started_at: float = 0.0
    """Unix time."""
    seconds: float = 0.0
    cost_est: float | None = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One budget as it stands. Dollars; `remaining` is what may still be reserved, never below 0.

    `key` is what is counted: `run:R`, `node:R/N` (a node of one run; `node:N` without a run), `persona:P`,
    `day:YYYY-MM-DD` (UTC), `total`.
    """

    key: str
    warn: float
    halt: float
    spent: float
    reserved: float = 0.0
    lapsed: float = 0.0
    """Part of `spent`: the worst cases of calls whose process ended without saying what they cost."""

    @property
    def remaining(self) -> float:
        return max(0.0, self.halt - self.spent - self.reserved)

    @property
    def warned(self) -> bool:
        return self.spent >= self.warn

    @property
    def halted(self) -> bool:
        return self.spent >= self.halt


@dataclass(frozen=True, slots=True)
class CallContext:
    """Who calls, and for what. All of it is the caller's; nothing of it is a metric label but persona and node."""

    persona: str = ""
    run_id: str = ""
    node: str = ""
    workflow: str = ""
    """The stage or workflow that a run is of, for reports."""
    user: str = ""
    job_id: str = ""
    request_id: str = ""
    trace_id: str = ""
    """32 hex digits; made up by the client when empty."""
    parent_span_id: str = ""
    """16 hex digits of an inbound W3C traceparent, or empty."""
    session_id: str = ""
    """The thread of a conversation."""


@dataclass(frozen=True, slots=True)
class LlmResult:
    """What a call gives back. `parsed` is the JSON answer of a prompt with `outputs`, else None.

    `fallback` is true only when another model than the first of the ladder gave this answer. `confidence` is 0..1.
    """

    text: str
    usage: Usage
    cost_source: CostSource
    token_source: TokenSource
    cached: bool
    attempts: tuple[Attempt, ...]
    revision: Revision
    prompt_slug: str
    prompt_sha: str
    trace_id: str
    call_id: str
    provider: str
    model: str
    fallback: bool
    intent: str
    confidence: float
    intent_reason: str
    seconds: float
    parsed: Any = None
    repaired: bool = False
    """The answer was JSON only after something harmless was taken off: a code fence, words around it."""
    budgets: tuple[BudgetState, ...] = ()
    context: CallContext = CallContext()
    """Who called, for what; scores of the answer are remembered with it."""

    @property
    def truncated(self) -> bool:
        return self.usage.truncated

    @property
    def asked_seconds(self) -> float:
        """Seconds of all tries: without pauses between them, and without the import of the provider's library, which a
        program's first call waits for."""
        return sum(attempt.seconds for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Turn:
    """One call as it is remembered, whether it was answered or failed. `at` is the Unix time of its start.

    `outcome` is `ok` or how it failed in the end; `safety_flags` are those of the answer (`content_filter`, …).
    """

    call_id: str
    at: float
    seconds: float
    context: CallContext
    revision: Revision
    prompt_slug: str
    prompt_sha: str
    intent: str
    confidence: float
    intent_reason: str
    provider: str
    model: str
    outcome: Outcome
    usage: Usage
    cost_source: CostSource
    token_source: TokenSource
    cached: bool
    fallback: bool
    streamed: bool
    attempts: tuple[Attempt, ...]
    characters: int = 0
    """Of the rendered messages, for calibrating tokens."""
    first_token_seconds: float | None = None
    saved_cost: float | None = None
    """What an answer from the cache would have cost; None when it is not known."""
    safety_flags: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A complete answer, as a cache keeps it. `cost` is what it cost when it was made, None when unknown."""

    text: str
    finish: Finish
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    token_source: TokenSource
    cost: float | None
    revision: Revision
    made_at: float


@dataclass(frozen=True, slots=True)
class CacheStats:
    """`hits` and `misses` since the cache was made or emptied; `saved_cost` in dollars, `bytes` as kept."""

    entries: int
    hits: int
    misses: int
    saved_tokens: int
    saved_cost: float
    bytes: int

    @property
    def hit_rate(self) -> float:
        """0..1; 0 when nothing was asked."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


@dataclass(frozen=True, slots=True)
class Cap:
    """What one reservation must fit under. Nano-dollars."""

    key: str
    halt: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one key of a ledger holds. Nano-dollars; `reserved` is that of calls which are not settled yet, `lapsed` the
    part of `spent` that was reserved by calls which never said what they cost."""

    key: str
    spent: int
    reserved: int
    lapsed: int = 0


@dataclass(frozen=True, slots=True)
class Reserved:
    """The answer to a reservation. `refused` are the keys whose cap it would have passed; empty when it was made."""

    entries: tuple[LedgerEntry, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityRecord:
    """How good a result was, each score 0..1. None where nothing was there to judge: an empty result is not 1.0."""

    at: float
    revision: Revision
    prompt_slug: str
    prompt_sha: str
    overall: float | None
    completeness: float | None = None
    clarity: float | None = None
    testability: float | None = None
    traceability: float | None = None
    validation_passed: bool | None = None
    iterations: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was counted to come to the scores: items, missing, vague …"""
    call_id: str = ""
    run_id: str = ""
    persona: str = ""
    workflow: str = ""
    model: str = ""
    judge: str = ""
    """Who scored: `rules`, a model's name, or a person."""


@dataclass(frozen=True, slots=True)
class JudgedScores:
    """What a judge said: each dimension 0..1, None where nothing was there to judge.

    `judge` is the name that its scores are recorded under; scores of different judges are never compared. `call` is the
    judge's own call, if it made one.
    """

    scores: Mapping[str, float | None]
    judge: str
    reason: str = ""
    call: LlmResult | None = None
