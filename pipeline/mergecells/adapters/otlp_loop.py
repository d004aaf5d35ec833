"""The steps of a change, from submission to the first score, as spans of one trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from opentelemetry import context as otel_context
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context

from mergecells._version import __version__
from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.otlp_provider import GivenIds, close_within_a_second, make_provider, nanoseconds
from mergecells.domain.loop_trace import split_traceparent

logger = logging.getLogger("mergecells.telemetry")


class OtlpLoop:
    """Implements `ports.LoopTracer`."""

    def __init__(self, backends: Sequence[Backend], service: str) -> None:
        self._ids = GivenIds()
        self._provider = make_provider(backends, service, self._ids)
        self._tracer = self._provider.get_tracer("mergecells.loop", __version__)

    def span(
        self,
        name: str,
        traceparent: str,
        started: float,
        ended: float,
        attributes: Mapping[str, str],
        *,
        root: bool = False,
        failed: str = "",
    ) -> None:
        """See `ports.LoopTracer`."""
        try:
            self._span(name, traceparent, (started, ended), attributes, root, failed)
        except Exception:  # telemetry must never break what it watches
            logger.exception("telemetry: a step could not be recorded", extra={"event": "otlp.failure"})

    def close(self) -> None:
        """See `ports.LoopTracer`."""
        close_within_a_second(self._provider.shutdown)

    def _span(
        self,
        name: str,
        traceparent: str,
        times: tuple[float, float],
        attributes: Mapping[str, str],
        root: bool,
        failed: str,
    ) -> None:
        ids = split_traceparent(traceparent)
        if ids is None:
            return
        trace, span_id = ids
        around = otel_context.Context()
        if root:
            self._ids.give(trace, span_id)
        else:
            parent = SpanContext(int(trace, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(1))
            around = set_span_in_context(NonRecordingSpan(parent), around)
        stated = {key: value for key, value in attributes.items() if value}
        span = self._tracer.start_span(
            name, around, SpanKind.INTERNAL, attributes=stated, start_time=nanoseconds(times[0])
        )
        if failed:
            span.set_status(StatusCode.ERROR, failed[:500])
        span.end(nanoseconds(max(times)))
