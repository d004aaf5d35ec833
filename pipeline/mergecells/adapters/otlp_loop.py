"""The steps of a change, from submission to the first score, as spans of one trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from mergecells.adapters.otlp_backends import Backend
from mergecells.adapters.otlp_provider import SpanSender, close_within_a_second, nanoseconds, resource_of, span_ids
from mergecells.domain.loop_trace import split_traceparent
from mergecells.transforms.otlp_spans import INTERNAL, encode_attributes, encode_span

logger = logging.getLogger("mergecells.telemetry")


class OtlpLoop:
    """Implements `ports.LoopTracer`."""

    def __init__(self, backends: Sequence[Backend], service: str) -> None:
        self._sender = SpanSender(backends, resource_of(service), "mergecells.loop")

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
            self._span(name, traceparent, (started, max(started, ended)), attributes, root, failed)
        except Exception:  # telemetry must never break what it watches
            logger.exception("telemetry: a step could not be recorded", extra={"event": "otlp.failure"})

    def close(self) -> None:
        """See `ports.LoopTracer`."""
        close_within_a_second(self._sender)

    def _span(
        self,
        name: str,
        traceparent: str,
        times: tuple[float, float],
        attributes: Mapping[str, str],
        root: bool,
        failed: str,
    ) -> None:
        found = split_traceparent(traceparent)
        if found is None:
            return
        trace, span = found
        ids = span_ids(trace, span_id=span) if root else span_ids(trace, span)
        if self._sender.wants(ids, name, lambda: attributes):
            ends = nanoseconds(times[0]), nanoseconds(times[1])
            told = failed[:500] if failed else None
            self._sender.send(encode_span(ids, name, INTERNAL, ends, encode_attributes(attributes), told))
