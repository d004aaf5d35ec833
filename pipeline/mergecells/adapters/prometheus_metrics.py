"""The reload metrics of the contract, for Prometheus."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from mergecells.domain.revision import Revision

NAMESPACE_VARIABLE = "MERGECELLS_METRICS_NAMESPACE"
DEFAULT_NAMESPACE = "mergecells"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def metrics_namespace() -> str:
    """`mergecells`, or what the environment says."""
    return os.environ.get(NAMESPACE_VARIABLE) or DEFAULT_NAMESPACE


class PrometheusMetrics:
    """Implements `ports.Metrics`. Make one for each registry: Prometheus refuses the same name twice."""

    def __init__(self, registry: CollectorRegistry = REGISTRY, namespace: str | None = None) -> None:
        name = namespace or metrics_namespace()
        self._reloads = Counter(
            "config_reload_total",
            "Attempts to load a config.",
            ("config_type", "status"),
            namespace=name,
            registry=registry,
        )
        self._seconds = Histogram(
            "config_reload_duration_seconds",
            "From the reading of a config to its serving, or to its rejection.",
            ("config_type",),
            buckets=_SECONDS,
            namespace=name,
            registry=registry,
        )
        self._successful = Gauge(
            "config_last_reload_successful",
            "1 when the newest config serves, 0 when an older one had to stay.",
            namespace=name,
            registry=registry,
        )
        self._success_at = Gauge(
            "config_last_reload_success_timestamp_seconds",
            "Unix time of the last config that was loaded.",
            namespace=name,
            registry=registry,
        )
        self._info = Gauge(
            "config_info",
            "Always 1; the label names the revision that serves.",
            ("revision",),
            namespace=name,
            registry=registry,
        )
        self._revision: Revision | None = None

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        """See `ports.Metrics`."""
        self._reloads.labels(config_type, status).inc()
        self._seconds.labels(config_type).observe(seconds)
        self._successful.set(1 if status == "success" else 0)

    def revision_live(self, revision: Revision, at: float) -> None:
        """See `ports.Metrics`. One revision at a time has a series: every revision ever would grow without end."""
        if self._revision is not None and self._revision != revision:
            self._info.remove(self._revision)
        self._revision = revision
        self._info.labels(revision).set(1)
        self._success_at.set(at)
