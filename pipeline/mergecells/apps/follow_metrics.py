"""What `follow` tells Prometheus, and the small server that it tells it with."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server

from mergecells.adapters.metric_instruments import Instruments, program_registry
from mergecells.domain.errors import MergecellsError
from mergecells.serving.follow import FollowStep


class FollowMetrics:
    """Counts the steps of one follower. `now` gives Unix time."""

    def __init__(
        self, registry: CollectorRegistry, namespace: str | None = None, now: Callable[[], float] = time.time
    ) -> None:
        made = Instruments(registry, namespace)
        self._now = now
        self._steps = made.counter("follow_steps")
        self._rejected = made.counter("follow_rejected_revisions")
        self._seconds = made.histogram("follow_publish_duration_seconds")
        self._looked_at = made.gauge("follow_last_success_timestamp_seconds")
        self._refused = made.gauge("follow_head_refused")
        self._published = made.gauge("follow_revision_published_timestamp_seconds")
        self._behind_since: float | None = None
        self._revision: str | None = None
        made.gauge("follow_lag_seconds").set_function(self._lag)

    def stepped(self, step: FollowStep) -> None:
        """A look that could be done."""
        now = self._now()
        self._steps.labels(step.kind).inc()
        self._looked_at.set(now)
        self._rejected.inc(len(step.rejected))
        if step.kind != "unchanged":
            self._seconds.observe(step.seconds)
        behind = step.revision != step.head
        self._refused.set(int(behind))
        self._behind_since = (self._behind_since or now) if behind else None
        if step.revision and step.revision != self._revision:
            if self._revision:
                self._published.remove(self._revision)
            self._published.labels(step.revision).set(now)
            self._revision = step.revision

    def failed(self) -> None:
        """A look that could not be done: the repository or the folder cannot be reached."""
        self._steps.labels("failed").inc()

    def _lag(self) -> float:
        since = self._behind_since
        return self._now() - since if since is not None else 0.0


def serve_metrics(host: str, port: int) -> tuple[FollowMetrics, str]:
    """Metrics of this process at the address that is returned; port 0 takes a free one. Ends with the process.

    Raises MergecellsError when the address cannot be had.
    """
    registry = program_registry()
    metrics = FollowMetrics(registry)
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise MergecellsError(
            f"Metrics cannot be served on {host}:{port}: {error.strerror or error}.",
            "Choose another --metrics-port, or 0 for any free one.",
        ) from None
    return metrics, f"http://{host}:{server.server_port}/metrics"
