"""How many spans each tracing backend took, and how many were lost: sending fails no caller, so only counts tell."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from mergecells.adapters.metric_catalogue import METRICS

_NAME = "telemetry_spans"


class SpanCounts:
    """Of one process, by backend. What waits is neither sent nor lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._waiting: Counter[str] = Counter()

    def watch(self, backend: str) -> None:
        """Count from nothing: Prometheus sees no increase in a series that begins with a loss."""
        with self._lock:
            for result in ("sent", "lost"):
                self._counts[backend, result] += 0

    def enter(self, backend: str, room: int) -> bool:
        """A span wants to wait where `room` may; false, and lost, when that many do."""
        with self._lock:
            if self._waiting[backend] >= room:
                self._counts[backend, "lost"] += 1
                return False
            self._waiting[backend] += 1
            return True

    def leave(self, backend: str, spans: int, *, sent: bool) -> None:
        """So many wait no more: the backend took them, or refused them."""
        with self._lock:
            self._waiting[backend] -= spans
            self._counts[backend, "sent" if sent else "lost"] += spans

    def read(self) -> dict[tuple[str, str], int]:
        """(backend, `sent` or `lost`) → spans."""
        with self._lock:
            return dict(self._counts)


SPANS = SpanCounts()
"""Of this process: several tracers send to the same backends."""


class SpanMetrics(Collector):
    """Tells a registry what `SPANS` has counted."""

    def __init__(self, registry: CollectorRegistry, namespace: str, counts: SpanCounts = SPANS) -> None:
        self._namespace, self._counts = namespace, counts
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """The name only."""
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        family = self._family()
        for labels, spans in sorted(self._counts.read().items()):
            family.add_metric(labels, spans)
        return [family]

    def _family(self) -> CounterMetricFamily:
        metric = METRICS[_NAME]
        return CounterMetricFamily(f"{self._namespace}_{_NAME}", metric.text, labels=tuple(metric.labels))
