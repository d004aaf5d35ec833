"""Counts of requests and scores for Prometheus. Every label is bounded: a route's template, never a path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry

from mergecells.adapters.metric_instruments import Instruments, exemplar
from mergecells.apps.service.live import LiveConfig

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """What every program that answers over HTTP counts."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        made = Instruments(registry, namespace)
        self._requests = made.counter("http_requests")
        self._seconds = made.histogram("http_request_duration_seconds")

    def observe(self, method: str, route: str, status: int, seconds: float, trace_id: str | None = None) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds, exemplar(trace_id))


class RequestMetrics(HttpMetrics):
    """The service's own metrics, in the same registry and namespace as those of the config reloads."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        super().__init__(registry, namespace)
        made = Instruments(registry, namespace)
        self._scores = made.counter("scores")
        self._points = made.histogram("score_points")
        self._issues = made.counter("score_issues")
        self._ready, self._refused = made.gauge("config_ready"), made.gauge("config_head_refused")

    def watch(self, live: LiveConfig) -> None:
        """Whose state is asked when somebody reads the metrics."""
        self._ready.set_function(lambda: int(live.snapshot is not None))
        self._refused.set_function(lambda: int(live.report()["unpublished"] is not None))

    def count_scores(self, answers: Iterable[Mapping[str, Any]]) -> None:
        """`answers` as they are sent: tier, score, issues."""
        tiers: Counter[str] = Counter()
        for answer in answers:
            tiers[answer["tier"]] += 1
            self._points.observe(answer["score"])
            if answer["issues"]:
                self._issues.inc()
        for tier, count in tiers.items():
            self._scores.labels(tier).inc(count)
