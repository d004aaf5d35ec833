"""What every maker of spans shares: exporters with queues of their own, given ids, a quiet log, a bounded end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from mergecells._version import __version__
from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.span_counts import SPANS, SpanCounts

logger = logging.getLogger("mergecells.telemetry")

EXPORT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
QUEUE = 4_096
_TALKATIVE = (
    "opentelemetry.exporter.otlp.proto.http._common",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.metrics._internal.export",
)


class GivenIds(RandomIdGenerator):
    """Random ids, but those that were given for the span that this thread starts next: they stand elsewhere already,
    in logs, headers and commits."""

    def __init__(self) -> None:
        self._given = threading.local()

    def give(self, trace_id: str, span_id: str = "") -> None:
        """Ids in hex; empty for random ones."""
        self._given.trace, self._given.span = trace_id, span_id

    def generate_trace_id(self) -> int:
        given = getattr(self._given, "trace", "")
        return int(given, 16) if given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        given, self._given.span = getattr(self._given, "span", ""), ""
        return int(given, 16) if given else super().generate_span_id()


def resource_of(service: str) -> Resource:
    return Resource.create({"service.name": service, "service.version": __version__})


def make_provider(backends: Sequence[Backend], service: str, ids: GivenIds) -> TracerProvider:
    """Spans to every backend, each with a queue that drops what the backend does not take."""
    provider = TracerProvider(resource=resource_of(service), id_generator=ids, shutdown_on_exit=False)
    for backend in backends:
        exporter = OTLPSpanExporter(backend.traces, headers=dict(backend.headers), timeout=EXPORT_SECONDS)
        provider.add_span_processor(_CountedQueue(backend.name, exporter, SPANS))
    _quieten()
    return provider


class _CountedQueue(BatchSpanProcessor):
    """The SDK's queue drops in silence; this one lets nothing in that it would have to drop, and counts it."""

    def __init__(self, backend: str, exporter: SpanExporter, counts: SpanCounts) -> None:
        self._backend, self._counts = backend, counts
        counts.watch(backend)
        super().__init__(_CountedExporter(backend, exporter, counts), max_queue_size=QUEUE)

    def on_end(self, span: ReadableSpan) -> None:
        sampled = span.context is not None and span.context.trace_flags.sampled
        if sampled and self._counts.enter(self._backend, QUEUE):
            super().on_end(span)


class _CountedExporter(SpanExporter):
    def __init__(self, backend: str, exporter: SpanExporter, counts: SpanCounts) -> None:
        self._backend, self._exporter, self._counts = backend, exporter, counts

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        sent = False
        try:
            result = self._exporter.export(spans)
            sent = result is SpanExportResult.SUCCESS
        finally:
            self._counts.leave(self._backend, len(spans), sent=sent)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def close_within_a_second(shut_down: Callable[[], None]) -> None:
    """What a dead backend has not taken after a second is lost, and the log says so."""
    closing = threading.Thread(target=shut_down, name="mergecells-otlp-close", daemon=True)
    closing.start()
    closing.join(CLOSE_SECONDS)
    if closing.is_alive():
        logger.warning(
            "telemetry: the last spans were not taken within %g s", CLOSE_SECONDS, extra={"event": "otlp.close"}
        )


def nanoseconds(unix: float) -> int:
    return int(unix * 1_000_000_000)


def _quieten() -> None:
    """The exporter logs every failed batch, some with a traceback; once a minute without one is enough."""
    for name in _TALKATIVE:
        talkative = logging.getLogger(name)
        if not any(isinstance(each, _OnceAMinute) for each in talkative.filters):
            talkative.addFilter(_OnceAMinute())


class _OnceAMinute(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._last < 60 and self._last:
            return False
        self._last = now
        record.exc_info = record.exc_text = None
        return True
