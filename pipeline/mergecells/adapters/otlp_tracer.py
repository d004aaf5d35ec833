"""LLM calls as OpenTelemetry spans and metrics, sent in the background to every backend that is configured.

A span is made when its call has ended: nothing is held meanwhile, and a call pays some 0.1 ms. Sending has queues of
its own, which drop what a dead backend does not take.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context

from mergecells._version import __version__
from mergecells.adapters import genai_names as names
from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.otlp_provider import (
    CLOSE_SECONDS,
    EXPORT_SECONDS,
    GivenIds,
    close_within_a_second,
    make_provider,
    nanoseconds,
    resource_of,
)
from mergecells.domain.llm import Attempt, CallContext, Turn
from mergecells.domain.messages import ImagePart, Message
from mergecells.domain.routing import Provider

logger = logging.getLogger("mergecells.telemetry")

_METRICS_EVERY_MS = 15_000
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
        self._ids = GivenIds()
        self._provider = make_provider(backends, service, self._ids)
        self._tracer = self._provider.get_tracer("mergecells", __version__)
        self._meters = _Meters([backend for backend in backends if backend.metrics], service)

    def turn_finished(self, turn: Turn, messages: Sequence[Message], text: str) -> None:
        """See `ports.Tracer`."""
        try:
            self._record(turn, self._contents(messages, text))
        except Exception:  # telemetry must never break what it watches
            logger.exception("telemetry: a call could not be recorded", extra={"event": "otlp.failure"})

    def close(self) -> None:
        """See `ports.Tracer`."""
        close_within_a_second(self._shut_down)

    def _shut_down(self) -> None:
        self._meters.close()
        self._provider.shutdown()

    def _record(self, turn: Turn, content: Mapping[str, str]) -> None:
        """The spans of a call that has ended: one for the call, one below it for each try."""
        shared = _shared(turn)
        parent = self._parent(turn.context)
        end = nanoseconds(turn.at + turn.seconds)
        span = self._tracer.start_span(
            f"prompt {turn.prompt_slug or 'conversation'}",
            context=parent,
            kind=SpanKind.INTERNAL,
            attributes=shared | _of_turn(turn) | dict(content),
            start_time=nanoseconds(turn.at),
        )
        if turn.outcome != "ok":
            span.set_status(StatusCode.ERROR, turn.error[:500])
        inside = set_span_in_context(span, parent)
        for attempt in turn.attempts:
            self._record_attempt(attempt, inside, shared)
        span.end(end)
        self._meters.record(turn, self._kind(turn.provider))

    def _record_attempt(self, attempt: Attempt, inside: Any, shared: Mapping[str, Any]) -> None:
        attributes = {
            **shared,
            names.OPERATION: names.CHAT,
            names.PROVIDER: self._kind(attempt.provider),
            names.REQUEST_MODEL: attempt.model,
            names.OUTCOME: attempt.outcome,
        }
        if attempt.status is not None:
            attributes[names.HTTP_STATUS] = attempt.status
        if attempt.cost_est is not None:
            attributes[names.COST] = attempt.cost_est
        span = self._tracer.start_span(
            f"{names.CHAT} {attempt.model}",
            inside,
            SpanKind.CLIENT,
            attributes,
            start_time=nanoseconds(attempt.started_at),
        )
        if attempt.outcome != "ok":
            span.set_attribute(names.ERROR_TYPE, attempt.outcome)
            span.set_status(StatusCode.ERROR, attempt.message[:500])
        span.end(nanoseconds(attempt.started_at + attempt.seconds))

    def _parent(self, context: CallContext) -> otel_context.Context:
        """An inbound span is the parent; an id without a span makes this call the root of that trace."""
        self._ids.give(context.trace_id)
        if not (context.trace_id and context.parent_span_id):
            return otel_context.Context()
        remote = SpanContext(
            int(context.trace_id, 16), int(context.parent_span_id, 16), is_remote=True, trace_flags=TraceFlags(1)
        )
        return set_span_in_context(NonRecordingSpan(remote), otel_context.Context())

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


class _Meters:
    """OpenTelemetry's GenAI metrics, for the backends that take metrics."""

    def __init__(self, backends: Sequence[Backend], service: str) -> None:
        readers = [
            PeriodicExportingMetricReader(
                OTLPMetricExporter(each.metrics, headers=dict(each.headers), timeout=EXPORT_SECONDS),
                export_interval_millis=_METRICS_EVERY_MS,
                export_timeout_millis=EXPORT_SECONDS * 1000,
            )
            for each in backends
        ]
        views = [
            _buckets(names.METRIC_DURATION, names.DURATION_BOUNDS),
            _buckets(names.METRIC_FIRST_CHUNK, names.DURATION_BOUNDS),
            _buckets(names.METRIC_TOKENS, names.TOKEN_BOUNDS),
        ]
        self._on = bool(readers)
        self._provider = MeterProvider(readers, resource_of(service), shutdown_on_exit=False, views=views)
        meter = self._provider.get_meter("mergecells", __version__)
        self._duration = meter.create_histogram(names.METRIC_DURATION, "s", "Duration of an operation.")
        self._first = meter.create_histogram(names.METRIC_FIRST_CHUNK, "s", "Time to the first chunk.")
        self._tokens = meter.create_histogram(names.METRIC_TOKENS, "{token}", "Tokens used.")

    def record(self, turn: Turn, provider: str) -> None:
        if not self._on or turn.cached:
            return
        labels = {names.OPERATION: names.CHAT, names.PROVIDER: provider, names.REQUEST_MODEL: turn.model}
        ended = labels if turn.outcome == "ok" else {**labels, names.ERROR_TYPE: turn.outcome}
        self._duration.record(turn.seconds, ended)
        if turn.first_token_seconds is not None:
            self._first.record(turn.first_token_seconds, labels)
        for kind, tokens in (("input", turn.usage.input_tokens), ("output", turn.usage.output_tokens)):
            if tokens:
                self._tokens.record(tokens, {**labels, names.TOKEN_TYPE: kind})

    def close(self) -> None:
        self._provider.shutdown(int(CLOSE_SECONDS * 1000))


def _buckets(name: str, bounds: Sequence[float]) -> View:
    return View(instrument_name=name, aggregation=ExplicitBucketHistogramAggregation(boundaries=bounds))


def _shared(turn: Turn) -> dict[str, Any]:
    """What stands on every span: Langfuse takes the user and the session from whichever comes first."""
    context = turn.context
    stated = {
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
    return {key: value for key, value in stated.items() if value}


def _of_turn(turn: Turn) -> dict[str, Any]:
    stated = {
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
    return {key: value for key, value in stated.items() if value is not None and value != ""}


def _part(part: object) -> dict[str, str]:
    if isinstance(part, ImagePart):
        # The bytes of an image would be most of what is stored, and cannot be redacted.
        return {"type": "uri", "uri": part.source if part.source.startswith("https:") else "data:…"}
    return {"type": "text", "content": getattr(part, "text", "")}
