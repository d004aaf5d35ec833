"""LLM calls as OpenTelemetry spans and metrics, sent in the background to every backend that is configured.

A call that has ended becomes the bytes of its spans at once, in the caller's thread: that takes less than to hand it
over, and nothing of it is held meanwhile. Sending has queues of its own, which drop what a dead backend does not take.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mergecells.adapters import genai_names as names
from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.otlp_meters import Meters
from mergecells.adapters.otlp_provider import SpanSender, close_within_a_second, nanoseconds, resource_of, span_ids
from mergecells.domain.llm import Attempt, Turn
from mergecells.domain.messages import ImagePart, Message
from mergecells.domain.routing import Provider
from mergecells.transforms.otlp_spans import CLIENT, INTERNAL, SpanIds, encode_attributes, encode_span

logger = logging.getLogger("mergecells.telemetry")

_MOST_CONTENT = 32_000
"""Characters of content on one span: backends refuse or cut larger attributes."""


class OtlpTracer:
    """Implements `ports.Tracer`. `redact` is applied to content, which is left out unless `content` is true."""

    def __init__(
        self,
        backends: Sequence[Backend],
        service: str = "mergecells",
        *,
        content: bool = False,
        redact: Callable[[str], str] = str,
        providers: Callable[[str], Provider | None] = lambda _: None,
    ) -> None:
        self._content, self._redact, self._kinds = content, redact, providers
        resource = resource_of(service)
        self._sender = SpanSender(backends, resource, "mergecells")
        self._meters = [Meters(backend, resource) for backend in backends if backend.metrics]

    def turn_finished(self, turn: Turn, messages: Sequence[Message], text: str) -> None:
        """See `ports.Tracer`."""
        try:
            self._record(turn, self._contents(messages, text))
        except Exception:  # telemetry must never break what it watches
            logger.exception("telemetry: a call could not be recorded", extra={"event": "otlp.failure"})

    def close(self) -> None:
        """See `ports.Tracer`."""
        close_within_a_second(self._sender, *self._meters)

    def _record(self, turn: Turn, content: Mapping[str, str]) -> None:
        """The spans of a call that has ended: one for the call, one below it for each try."""
        context = turn.context
        # An inbound span is the parent; an id without a span makes this call the root of that trace.
        ids = span_ids(context.trace_id, context.parent_span_id)
        name = f"prompt {turn.prompt_slug or 'conversation'}"
        if self._sender.wants(ids, name, lambda: _shared(turn) | _of_turn(turn)):
            shared = encode_attributes(_shared(turn))
            for attempt in turn.attempts:
                self._sender.send(self._attempt(attempt, ids, shared))
            times = nanoseconds(turn.at), nanoseconds(turn.at + turn.seconds)
            failed = None if turn.outcome == "ok" else turn.error[:500]
            said = shared + encode_attributes(_of_turn(turn)) + encode_attributes(content)
            self._sender.send(encode_span(ids, name, INTERNAL, times, said, failed))
        if self._meters and not turn.cached:
            kind = self._kind(turn.provider)
            for meters in self._meters:
                meters.record(turn, kind)

    def _attempt(self, attempt: Attempt, above: SpanIds, shared: bytes) -> bytes:
        good = attempt.outcome == "ok"
        own = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: self._kind(attempt.provider),
            names.REQUEST_MODEL: attempt.model,
            names.OUTCOME: attempt.outcome,
            names.HTTP_STATUS: attempt.status,
            names.COST: attempt.cost_est,
            names.ERROR_TYPE: None if good else attempt.outcome,
        }
        ids = span_ids("", "")._replace(trace=above.trace, parent=above.span)
        times = nanoseconds(attempt.started_at), nanoseconds(attempt.started_at + attempt.seconds)
        failed = None if good else attempt.message[:500]
        said = shared + encode_attributes(own)
        return encode_span(ids, f"{names.CHAT} {attempt.model}", CLIENT, times, said, failed)

    def _kind(self, provider: str) -> str:
        known = self._kinds(provider)
        name = names.PROVIDER_NAMES.get(known.kind, provider) if known else provider
        return provider if name == "_OTHER" else name

    def _contents(self, messages: Sequence[Message], text: str) -> dict[str, str]:
        """What was said, where it may be recorded: without secrets, and cut."""
        if not self._content:
            return {}
        sent = [{"role": each.role, "parts": [_part(part) for part in each.parts]} for each in messages]
        answered = [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]
        shown = {names.INPUT_MESSAGES: sent, names.OUTPUT_MESSAGES: answered}
        return {
            key: self._redact(json.dumps(value, ensure_ascii=False)[:_MOST_CONTENT]) for key, value in shown.items()
        }


def _shared(turn: Turn) -> dict[str, Any]:
    """What stands on every span, where it is not empty: Langfuse takes the user and the session from whichever comes
    first."""
    context = turn.context
    return {
        names.REVISION: turn.revision,
        names.LANGFUSE_VERSION: turn.revision,
        # The persona is the user of a trace; who pressed the button is `mergecells.user`.
        names.USER_ID: context.persona,
        names.SESSION_ID: context.session_id,
        names.CONVERSATION_ID: context.session_id,
        names.PROMPT_NAME: turn.prompt_slug,
        names.PROMPT_SHA: turn.prompt_sha,
        names.RUN_ID: context.run_id,
        names.NODE: context.node,
        names.WORKFLOW: context.workflow,
        names.JOB_ID: context.job_id,
        names.REQUEST_ID: context.request_id,
        names.CALLER: context.user,
    }


def _of_turn(turn: Turn) -> dict[str, Any]:
    return {
        names.CALL_ID: turn.call_id,
        names.LANGFUSE_TRACE_NAME: turn.prompt_slug or "conversation",
        names.RESPONSE_MODEL: turn.model,
        names.INPUT_TOKENS: turn.usage.input_tokens,
        names.OUTPUT_TOKENS: turn.usage.output_tokens,
        names.CACHED_TOKENS: turn.usage.cached_input_tokens,
        names.COST: turn.usage.cost_est,
        names.COST_SOURCE: turn.cost_source,
        names.TOKEN_SOURCE: turn.token_source,
        names.CACHED: turn.cached,
        names.FALLBACK: turn.fallback,
        names.TRUNCATED: turn.usage.truncated,
        names.INTENT: turn.intent,
        names.CONFIDENCE: turn.confidence,
        names.OUTCOME: turn.outcome,
        names.LANGSMITH_KIND: "chain",
    }


def _part(part: object) -> dict[str, str]:
    if isinstance(part, ImagePart):
        # The bytes of an image would be most of what is stored, and cannot be redacted.
        return {"type": "uri", "uri": part.source if part.source.startswith("https:") else "data:…"}
    return {"type": "text", "content": getattr(part, "text", "")}
