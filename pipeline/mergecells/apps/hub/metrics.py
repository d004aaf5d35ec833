"""The hub's own numbers for Prometheus. Labels are bounded: never a person, a submission or a delivery."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from mergecells.adapters.metric_catalogue import EVENTS, STATES
from mergecells.adapters.metric_instruments import Instruments
from mergecells.adapters.sqlite_hub import RUNNING, StoredSubmission

_IN_REVIEW = frozenset({"proposed", "approved"})
_MERGED = frozenset({"merged", "releasing", "live", "stuck"})


class HubMetrics:
    """Make one for each registry."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        made = Instruments(registry, namespace)
        self._submissions = made.counter("hub_submissions")
        self._seconds = made.histogram("hub_submission_duration_seconds")
        self._findings = made.counter("hub_findings")
        self._pulls = made.counter("hub_pull_requests")
        self._sign_ins = made.counter("hub_sign_ins")
        self._deliveries = made.counter("hub_deliveries")
        self._waiting, self._sessions = made.gauge("hub_waiting"), made.gauge("hub_sessions")

    def watch(self, waiting: Callable[[], float], sessions: Callable[[], float]) -> None:
        """What is asked when somebody reads the metrics."""
        self._waiting.set_function(waiting)
        self._sessions.set_function(sessions)

    def submission(self, former: StoredSubmission, now: StoredSubmission) -> None:
        """A submission went from one state to another."""
        if now.state in STATES:
            self._submissions.labels(now.state).inc()
        if former.state in RUNNING and now.state not in RUNNING:
            self._settled(now)
        if former.state in _IN_REVIEW and now.state in _MERGED | {"refused"}:
            merged = now.state in _MERGED
            self._pulls.labels("merged" if merged else "closed").inc()
            if merged:
                self._took("merged", now)
        if now.state == "live":
            self._took("live", now)

    def sign_in(self, result: str) -> None:
        self._sign_ins.labels(result).inc()

    def delivery(self, event: str, result: str) -> None:
        self._deliveries.labels(event if event in EVENTS else "other", result).inc()

    def _settled(self, row: StoredSubmission) -> None:
        """Whoever waited meanwhile shares the result; the turn is counted once."""
        self._took("settled", row)
        for finding in row.document.get("findings", []):
            self._findings.labels(finding["code"], finding["severity"]).inc()
        pull = row.document.get("pull_request") if row.state == "proposed" else None
        if pull:
            self._pulls.labels("updated" if pull.get("updated") else "opened").inc()

    def _took(self, until: str, row: StoredSubmission) -> None:
        began, ended = (datetime.datetime.fromisoformat(at) for at in (row.created_at, row.updated_at))
        self._seconds.labels(until).observe(max(0.0, (ended - began).total_seconds()))
