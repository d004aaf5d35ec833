"""The tokens that providers report, each in its own words → ReportedUsage. What makes no sense is None, never 0.

Sources: the usage types of the libraries openai (`CompletionUsage`), anthropic (`Usage`, `MessageDeltaUsage`) and
google-genai (`GenerateContentResponseUsageMetadata`); Perplexity's and Moonshot's pages of their chat completions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mergecells.domain.llm import ReportedUsage

MOST_TOKENS = 100_000_000
"""Of one call; more is a mistake of the server."""

MOST_DOLLARS = 10_000.0


def read_openai_usage(usage: Any) -> ReportedUsage:
    """`usage` of a chat completion. Moonshot says `cached_tokens` beside the others, and Perplexity what it took."""
    found = _mapping(usage)
    details = _mapping(found.get("prompt_tokens_details"))
    cached = read_count(details.get("cached_tokens"))
    if cached is None:
        cached = read_count(found.get("cached_tokens"))
    thought = read_count(_mapping(found.get("completion_tokens_details")).get("reasoning_tokens"))
    return _usage(
        read_count(found.get("prompt_tokens")),
        read_count(found.get("completion_tokens")),
        cached=cached,
        thought=thought,
        cost=_dollars(found.get("cost")),
    )


def read_responses_usage(usage: Any) -> ReportedUsage:
    """`usage` of a response (Perplexity's Agent API), with what it took."""
    found = _mapping(usage)
    details = _mapping(found.get("input_tokens_details"))
    cached = read_count(details.get("cached_tokens"))
    if cached is None:
        cached = read_count(details.get("cache_read_input_tokens"))
    return _usage(
        read_count(found.get("input_tokens")),
        read_count(found.get("output_tokens")),
        cached=cached,
        written=read_count(details.get("cache_creation_input_tokens")) or 0,
        thought=read_count(_mapping(found.get("output_tokens_details")).get("reasoning_tokens")),
        cost=_dollars(found.get("cost")),
    )


def read_anthropic_usage(usage: Any) -> ReportedUsage:
    """`usage` of a message: what was read from and written to the cache comes on top of `input_tokens`."""
    found = _mapping(usage)
    fresh = read_count(found.get("input_tokens"))
    read = read_count(found.get("cache_read_input_tokens")) or 0
    written = read_count(found.get("cache_creation_input_tokens")) or 0
    whole = None if fresh is None else fresh + read + written
    thought = read_count(_mapping(found.get("output_tokens_details")).get("thinking_tokens"))
    return _usage(whole, read_count(found.get("output_tokens")), cached=read, written=written, thought=thought)


def read_gemini_usage(usage: Any) -> ReportedUsage:
    """`usageMetadata`: the prompt with what was cached, tools' prompts on top; thoughts on top of the candidates."""
    found = _mapping(usage)
    prompt = read_count(found.get("promptTokenCount"))
    if prompt is not None:
        prompt += read_count(found.get("toolUsePromptTokenCount")) or 0
    thought = read_count(found.get("thoughtsTokenCount")) or 0
    answer = read_count(found.get("candidatesTokenCount"))
    if answer is not None or thought:
        answer = (answer or 0) + thought
    return _usage(prompt, answer, cached=read_count(found.get("cachedContentTokenCount")), thought=thought)


def read_count(value: Any) -> int | None:
    """A number of tokens; None for what is missing, no whole number, negative or absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value) if 0 <= value <= MOST_TOKENS else None


def _usage(
    given: int | None,
    made: int | None,
    *,
    cached: int | None = 0,
    written: int = 0,
    thought: int | None = 0,
    cost: float | None = None,
) -> ReportedUsage:
    return ReportedUsage(
        input_tokens=given,
        output_tokens=made,
        cached_input_tokens=min(cached or 0, given or 0),
        reasoning_tokens=min(thought or 0, made or 0),
        cache_written_tokens=min(written, given or 0),
        cost=cost,
    )


def _dollars(cost: Any) -> float | None:
    """Perplexity: an object with `total_cost`; OpenRouter: a number."""
    value = _mapping(cost).get("total_cost") if isinstance(cost, Mapping) else cost
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 < value <= MOST_DOLLARS else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
