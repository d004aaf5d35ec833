"""What every maker of spans shares: who they are from, which are kept, a queue for each backend, a bounded end."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from opentelemetry import context as otel_context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, DEFAULT_ON, Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

from mergecells._version import __version__
from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.otlp_outbox import Outbox
from mergecells.adapters.span_counts import SPANS
from mergecells.transforms.otlp_spans import SpanIds, encode_origin

logger = logging.getLogger("mergecells.telemetry")

CLOSE_SECONDS = 1.0
QUEUE = 4_096


def resource_of(service: str) -> Resource:
    return Resource.create({"service.name": service, "service.version": __version__})


class SpanSender:
    """Spans of one scope to every backend, each with a queue that drops what the backend does not take."""

    def __init__(self, backends: Sequence[Backend], resource: Resource, scope: str) -> None:
        stated = {
            key: value for key, value in resource.attributes.items() if isinstance(value, str | bool | int | float)
        }
        origin = encode_origin(stated, scope, __version__)
        self._outboxes = [Outbox(backend, origin, SPANS, QUEUE) for backend in backends]
        # The SDK reads OTEL_TRACES_SAMPLER, also for samplers of other packages.
        self._sampler = TracerProvider(resource=resource, shutdown_on_exit=False).sampler
        self._all = self._sampler in (ALWAYS_ON, DEFAULT_ON)

    def wants(self, ids: SpanIds, name: str, attributes: Callable[[], Mapping[str, object]]) -> bool:
        """Whether the spans of this trace are kept, as the sampler says of the first of them here."""
        if self._all:
            return True
        around = otel_context.Context()
        if ids.parent:
            trace, parent = (int.from_bytes(each, "big") for each in (ids.trace, ids.parent))
            above = SpanContext(trace, parent, is_remote=True, trace_flags=TraceFlags(1))
            around = set_span_in_context(NonRecordingSpan(above), around)
        stated = {key: value for key, value in attributes().items() if value is not None and value != ""}
        asked = self._sampler.should_sample(
            around,
            int.from_bytes(ids.trace, "big"),
            name,
            SpanKind.INTERNAL,
            stated,  # type: ignore[arg-type]
        )
        return asked.decision is Decision.RECORD_AND_SAMPLE

    def send(self, span: bytes) -> None:
        """Of `encode_span`. Does not wait."""
        for outbox in self._outboxes:
            outbox.put(span)

    def end(self) -> None:
        """Take no more, and send what waits; `join` waits for that."""
        for outbox in self._outboxes:
            outbox.end()

    def join(self, seconds: float) -> bool:
        """Whether all is done within so many seconds."""
        end = time.monotonic() + seconds
        return all(outbox.join(max(0.0, end - time.monotonic())) for outbox in self._outboxes)


class Ending(Protocol):
    """What sends in the background."""

    def end(self) -> None: ...

    def join(self, seconds: float) -> bool: ...


def close_within_a_second(*parts: Ending) -> None:
    """What a dead backend has not taken after a second is lost, and the log says so."""
    end = time.monotonic() + CLOSE_SECONDS
    for part in parts:
        part.end()
    if not all(part.join(max(0.0, end - time.monotonic())) for part in parts):
        logger.warning(
            "telemetry: the last spans were not taken within %g s", CLOSE_SECONDS, extra={"event": "otlp.close"}
        )


def span_ids(trace_id: str, parent_id: str = "", span_id: str = "") -> SpanIds:
    """From hex; random ones where they are empty. Raises ValueError for what is no id."""
    trace = int(trace_id, 16).to_bytes(16, "big") if trace_id else os.urandom(16)
    span = int(span_id, 16).to_bytes(8, "big") if span_id else os.urandom(8)
    parent = int(parent_id, 16).to_bytes(8, "big") if parent_id and trace_id else b""
    return SpanIds(trace, span, parent, bool(parent))


def nanoseconds(unix: float) -> int:
    return int(unix * 1_000_000_000)
