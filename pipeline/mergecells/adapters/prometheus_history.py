"""How the writer of history fares, for Prometheus: recording itself never fails, so only its counts tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mergecells.adapters.metric_catalogue import METRICS
from mergecells.adapters.metric_instruments import metrics_namespace
from mergecells.domain.history import LogCounts


class HistoryMetrics(Collector):
    """Asks `counts` at every scrape. Make one for each registry."""

    def __init__(
        self, counts: Callable[[], LogCounts], registry: CollectorRegistry, namespace: str | None = None
    ) -> None:
        self._counts, self._namespace = counts, namespace or metrics_namespace()
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """Names only: nothing is asked before the first scrape."""
        return [self._records(), self._failures(0), self._waiting(0)]

    def collect(self) -> Iterable[Metric]:
        counts = self._counts()
        records = self._records()
        records.add_metric(["written"], counts.written)
        records.add_metric(["dropped"], counts.dropped)
        return [records, self._failures(counts.failures), self._waiting(counts.waiting)]

    def _records(self) -> CounterMetricFamily:
        name = "history_records"
        return CounterMetricFamily(f"{self._namespace}_{name}", METRICS[name].text, labels=tuple(METRICS[name].labels))

    def _failures(self, value: float) -> CounterMetricFamily:
        return CounterMetricFamily(f"{self._namespace}_history_failures", METRICS["history_failures"].text, value)

    def _waiting(self, value: float) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"{self._namespace}_history_waiting", METRICS["history_waiting"].text, value)
