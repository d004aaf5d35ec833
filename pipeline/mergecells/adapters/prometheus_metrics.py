"""The reload metrics of the contract, for Prometheus."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry

from mergecells.adapters.metric_instruments import (
    DEFAULT_NAMESPACE,
    NAMESPACE_VARIABLE,
    Instruments,
    metrics_namespace,
)
from mergecells.domain.revision import Revision

__all__ = ["DEFAULT_NAMESPACE", "NAMESPACE_VARIABLE", "PrometheusMetrics", "metrics_namespace"]


class PrometheusMetrics:
    """Implements `ports.Metrics`. Make one for each registry: Prometheus refuses the same name twice."""

    def __init__(self, registry: CollectorRegistry = REGISTRY, namespace: str | None = None) -> None:
        made = Instruments(registry, namespace)
        self._reloads = made.counter("config_reload")
        self._seconds = made.histogram("config_reload_duration_seconds")
        self._successful = made.gauge("config_last_reload_successful")
        self._success_at = made.gauge("config_last_reload_success_timestamp_seconds")
        self._info = made.gauge("config_info")
        self._revision: Revision | None = None

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        """See `ports.Metrics`."""
        self._reloads.labels(config_type, status).inc()
        self._seconds.labels(config_type).observe(seconds)
        self._successful.set(1 if status == "success" else 0)

    def revision_live(self, revision: Revision, at: float) -> None:
        """See `ports.Metrics`. One revision at a time has a series: every revision ever would grow without end."""
        if self._revision is not None and self._revision != revision:
            # Where several processes share files (PROMETHEUS_MULTIPROC_DIR) a series cannot be removed: it says 0 then.
            self._info.labels(self._revision).set(0)
            self._info.remove(self._revision)
        self._revision = revision
        self._info.labels(revision).set(1)
        self._success_at.set(at)
