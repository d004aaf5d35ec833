"""Counts of requests and scores for Prometheus. Every label is bounded: a route's template, never a path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry

from mergecells.adapters.metric_instruments import Instruments, exemplar
from mergecells.adapters.tallies import Count, Spread
from mergecells.apps.service.live import LiveConfig

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """What every program that answers over HTTP counts."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        made = Instruments(registry, namespace)
        self._requests = made.busy_counter("http_requests")
        self._seconds = made.busy_histogram("http_request_duration_seconds")
        # Finding a series by its labels costs more than counting: each is found once. As many as there are series.
        self._found: dict[tuple[str, str, int], tuple[Count, Spread]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float, trace_id: str | None = None) -> None:
        key = (method if method in _METHODS else "other", route, status)
        found = self._found.get(key)
        if found is None:
            found = self._requests.labels(*map(str, key)), self._seconds.labels(route)
            self._found[key] = found
        found[0].inc()
        found[1].observe(seconds, exemplar(trace_id))


class RequestMetrics(HttpMetrics):
    """The service's own metrics, in the same registry and namespace as those of the config reloads."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        super().__init__(registry, namespace)
        made = Instruments(registry, namespace)
        self._scores = made.busy_counter("scores")
        self._tiers: dict[str, Count] = {}
        self._points = made.busy_histogram("score_points")
        self._issues = made.busy_counter("score_issues")
        self._ready, self._refused = made.gauge("config_ready"), made.gauge("config_head_refused")

    def watch(self, live: LiveConfig) -> None:
        """Whose state is asked when somebody reads the metrics."""
        self._ready.set_function(lambda: int(live.snapshot is not None))
        self._refused.set_function(lambda: int(live.report()["unpublished"] is not None))

    def count_scores(self, answers: Iterable[Mapping[str, Any]]) -> None:
        """`answers` as they are sent: tier, score, issues."""
        tiers: dict[str, int] = {}
        for answer in answers:
            tier = answer["tier"]
            tiers[tier] = tiers.get(tier, 0) + 1
            self._points.observe(answer["score"])
            if answer["issues"]:
                self._issues.inc()
        for tier, count in tiers.items():
            found = self._tiers.get(tier)
            if found is None:
                found = self._tiers[tier] = self._scores.labels(tier)
            found.inc(count)
