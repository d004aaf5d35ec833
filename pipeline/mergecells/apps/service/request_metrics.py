"""Counts of requests and scores for Prometheus. Every label is bounded: a route's template, never a path."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class HttpMetrics:
    """What every program that answers over HTTP counts."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        self._requests = Counter(
            "http_requests",
            "HTTP requests answered.",
            ("method", "route", "status"),
            namespace=namespace,
            registry=registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's headers to the end of its answer.",
            ("route",),
            namespace=namespace,
            registry=registry,
            buckets=_BUCKETS,
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class RequestMetrics(HttpMetrics):
    """The service's own metrics, in the same registry and namespace as those of the config reloads."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        super().__init__(registry, namespace)
        self._scores = Counter("scores", "Leads scored, by tier.", ("tier",), namespace=namespace, registry=registry)

    def count_scores(self, tiers: Iterable[str]) -> None:
        for tier in tiers:
            self._scores.labels(tier).inc()
