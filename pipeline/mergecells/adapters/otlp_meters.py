"""OpenTelemetry's GenAI metrics for one backend: counted here, sent every 15 seconds by the SDK's exporter.

An instrument of the SDK takes 25 µs for each number; these are told four of each call.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from opentelemetry.sdk.resources import Resource

from mergecells._version import __version__
from mergecells.adapters import genai_names as names
from mergecells.adapters.otlp_backends import Backend
from mergecells.domain.llm import Turn

logger = logging.getLogger("mergecells.telemetry")

EVERY_SECONDS: Final = 15.0
_SEND_SECONDS: Final = 5.0

Labels = tuple[tuple[str, str], ...]
_KINDS: Final = {
    names.METRIC_DURATION: ("s", "Duration of an operation.", names.DURATION_BOUNDS),
    names.METRIC_FIRST_CHUNK: ("s", "Time to the first chunk.", names.DURATION_BOUNDS),
    names.METRIC_TOKENS: ("{token}", "Tokens used.", names.TOKEN_BOUNDS),
}


class _Series:
    """One histogram with one set of labels."""

    __slots__ = ("bounds", "buckets", "highest", "lowest", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds, self.buckets = bounds, [0] * (len(bounds) + 1)
        self.total, self.lowest, self.highest = 0.0, float("inf"), float("-inf")

    def add(self, value: float) -> None:
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.total += value
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)


class Meters:
    """Safe from any thread. Its own thread starts with the first call, and ends with `end`."""

    def __init__(self, backend: Backend, resource: Resource) -> None:
        self._backend, self._resource = backend, resource
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._series: dict[tuple[str, Labels], _Series] = {}
        self._begun = time.time_ns()
        # As OpenTelemetry's variable has it; `lowmemory` means the same for histograms.
        wanted = os.environ.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "").strip().lower()
        self._delta = wanted in {"delta", "lowmemory"}
        self._thread: threading.Thread | None = None

    def record(self, turn: Turn, provider: str) -> None:
        """A call that asked a provider, whose well-known name is `provider`."""
        labels = ((names.OPERATION, names.CHAT), (names.PROVIDER, provider), (names.REQUEST_MODEL, turn.model))
        ended = labels if turn.outcome == "ok" else (*labels, (names.ERROR_TYPE, turn.outcome))
        with self._lock:
            self._add(names.METRIC_DURATION, ended, turn.seconds)
            if turn.first_token_seconds is not None:
                self._add(names.METRIC_FIRST_CHUNK, labels, turn.first_token_seconds)
            for kind, tokens in (("input", turn.usage.input_tokens), ("output", turn.usage.output_tokens)):
                if tokens:
                    self._add(names.METRIC_TOKENS, (*labels, (names.TOKEN_TYPE, kind)), tokens)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mergecells-otlp-metrics", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Send what is left, without waiting for it."""
        self._closing.set()

    def join(self, seconds: float) -> bool:
        """Whether that was done within so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _add(self, name: str, labels: Labels, value: float) -> None:
        series = self._series.get((name, labels))
        if series is None:
            series = self._series[name, labels] = _Series(_KINDS[name][2])
        series.add(value)

    def _run(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        _quieten()
        exporter = OTLPMetricExporter(self._backend.metrics, headers=dict(self._backend.headers), timeout=_SEND_SECONDS)
        closing = False
        while not closing:
            closing = self._closing.wait(EVERY_SECONDS)
            try:
                exporter.export(self._collect())
            except Exception:  # the next may go through
                logger.exception("telemetry: metrics could not be sent", extra={"event": "otlp.failure"})
        exporter.shutdown()

    def _collect(self) -> Any:
        """All that was counted, as the SDK's exporter takes it."""
        from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        with self._lock:
            found = list(self._metrics(time.time_ns()))
            if self._delta:
                self._series, self._begun = {}, time.time_ns()
        scope = ScopeMetrics(InstrumentationScope("mergecells", __version__), found, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], self._resource.schema_url)])

    def _metrics(self, now: int) -> Iterator[Any]:
        from opentelemetry.sdk.metrics.export import AggregationTemporality, Histogram, HistogramDataPoint, Metric

        kind = AggregationTemporality.DELTA if self._delta else AggregationTemporality.CUMULATIVE
        for name, group in groupby(sorted(self._series), lambda key: key[0]):
            points = []
            for _, labels in group:
                one = self._series[name, labels]
                points.append(
                    HistogramDataPoint(
                        dict(labels), self._begun, now, sum(one.buckets), one.total, tuple(one.buckets),
                        one.bounds, one.lowest, one.highest,
                    )
                )  # fmt: skip
            unit, text, _ = _KINDS[name]
            yield Metric(name, text, unit, Histogram(points, kind))


def _quieten() -> None:
    """The exporter logs each failure: one line a minute is enough, which the spans' sender writes."""
    for name in ("_common", "metric_exporter"):
        talkative = logging.getLogger(f"opentelemetry.exporter.otlp.proto.http.{name}")
        if talkative.level == logging.NOTSET:
            talkative.setLevel(logging.CRITICAL)
