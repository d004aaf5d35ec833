"""Builds instruments of prometheus_client from the catalogue, and says how a scrape is answered."""

from __future__ import annotations

import os
from itertools import product
from typing import Final, TypeVar

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from mergecells._version import __version__
from mergecells.adapters.metric_catalogue import METRICS, Kind, Metric
from mergecells.adapters.span_counts import SpanMetrics
from mergecells.adapters.tallies import CountTallies, SpreadTallies

NAMESPACE_VARIABLE: Final = "MERGECELLS_METRICS_NAMESPACE"
DEFAULT_NAMESPACE: Final = "mergecells"


def metrics_namespace() -> str:
    """`mergecells`, or what the environment says."""
    return os.environ.get(NAMESPACE_VARIABLE) or DEFAULT_NAMESPACE


def program_registry() -> CollectorRegistry:
    """A registry for one of our programs, with what every one exports: process, platform, garbage collector, build."""
    # In OpenMetrics each counter would be a second series that nobody asks for.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    Info("build", METRICS["build_info"].text, namespace=metrics_namespace(), registry=registry).info(
        {"version": __version__}
    )
    SpanMetrics(registry, metrics_namespace())
    return registry


Made = TypeVar("Made", Counter, Histogram, CountTallies, SpreadTallies)


class Instruments:
    """The metrics of one registry. Each can be had once: Prometheus refuses the same name twice."""

    def __init__(self, registry: CollectorRegistry = REGISTRY, namespace: str | None = None) -> None:
        self._registry, self._namespace = registry, namespace or metrics_namespace()

    def counter(self, name: str) -> Counter:
        """One of which all label values are known starts with all of them at 0: an increase from nothing is none."""
        metric = _of_kind(name, "counter")
        labels = tuple(metric.labels)
        return _begun(Counter(name, metric.text, labels, namespace=self._namespace, registry=self._registry), metric)

    def gauge(self, name: str) -> Gauge:
        metric = _of_kind(name, "gauge")
        return Gauge(
            name,
            metric.text,
            tuple(metric.labels),
            namespace=self._namespace,
            registry=self._registry,
            multiprocess_mode=metric.combine,
        )

    def histogram(self, name: str) -> Histogram:
        metric = _of_kind(name, "histogram")
        made = Histogram(
            name,
            metric.text,
            tuple(metric.labels),
            namespace=self._namespace,
            registry=self._registry,
            buckets=metric.buckets,
        )
        return _begun(made, metric)

    def busy_counter(self, name: str) -> Counter | CountTallies:
        """One that every request moves: `adapters.tallies` wherever they will do."""
        if _files_shared():
            return self.counter(name)
        metric = _of_kind(name, "counter")
        return _begun(CountTallies(metric, self._namespace, self._registry), metric)

    def busy_histogram(self, name: str) -> Histogram | SpreadTallies:
        """As `busy_counter`."""
        if _files_shared():
            return self.histogram(name)
        metric = _of_kind(name, "histogram")
        return _begun(SpreadTallies(metric, self._namespace, self._registry), metric)


def _files_shared() -> bool:
    """Whether other processes must find our numbers in files, as prometheus_client decides it."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ or "prometheus_multiproc_dir" in os.environ


def exemplar(trace_id: str | None) -> dict[str, str] | None:
    """What ties a number to the trace that last moved it. Only OpenMetrics shows it: see `exposition`."""
    return {"trace_id": trace_id} if trace_id else None


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The metrics and their content type: OpenMetrics, with exemplars, for a scraper that accepts it."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _begun(made: Made, metric: Metric) -> Made:
    """With every series that is known beforehand."""
    for values in _known(metric):
        made.labels(*values)
    return made


def _known(metric: Metric) -> list[tuple[str, ...]]:
    """Every combination of label values, where the catalogue lists them; none without labels."""
    listed = [values for values in metric.labels.values() if not isinstance(values, str)]
    return list(product(*listed)) if listed and len(listed) == len(metric.labels) else []


def _of_kind(name: str, kind: Kind) -> Metric:
    metric = METRICS[name]
    if metric.kind != kind:
        raise ValueError(f"{name} is a {metric.kind}")
    return metric
