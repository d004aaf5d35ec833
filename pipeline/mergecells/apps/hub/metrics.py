"""The hub's own numbers for Prometheus. Labels are bounded: never a person, a sheet, a submission or a delivery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from mergecells.apps.hub.webhooks import EVENTS

_ENDS: Final = frozenset({"proposed", "unchanged", "refused", "conflict", "merged", "live", "stuck", "failed"})


class HubMetrics:
    """Make one for each registry."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        self._submissions = Counter(
            "hub_submissions", "Submissions that reached a state.", ("state",), namespace=namespace, registry=registry
        )
        self._sign_ins = Counter(
            "hub_sign_ins", "Identity tokens, accepted or refused.", ("result",), namespace=namespace, registry=registry
        )
        self._deliveries = Counter(
            "hub_deliveries", "Webhook deliveries.", ("event", "result"), namespace=namespace, registry=registry
        )
        self._waiting = Gauge("hub_waiting", "Submissions that wait.", namespace=namespace, registry=registry)
        self._sessions = Gauge("hub_sessions", "Sessions kept.", namespace=namespace, registry=registry)

    def watch(self, waiting: Callable[[], float], sessions: Callable[[], float]) -> None:
        """What is asked when somebody reads the metrics."""
        self._waiting.set_function(waiting)
        self._sessions.set_function(sessions)

    def submission(self, state: str) -> None:
        if state in _ENDS:
            self._submissions.labels(state).inc()

    def sign_in(self, result: str) -> None:
        self._sign_ins.labels(result).inc()

    def delivery(self, event: str, result: str) -> None:
        self._deliveries.labels(event if event in EVENTS or event == "ping" else "other", result).inc()
