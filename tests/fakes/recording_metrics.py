"""Metrics that a test can look at."""

from __future__ import annotations


class RecordingMetrics:
    """Implements `ports.Metrics`."""

    def __init__(self) -> None:
        self.reloads: list[tuple[str, str]] = []
        self.live: list[str] = []

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        assert seconds >= 0
        self.reloads.append((config_type, status))

    def revision_live(self, revision: str, at: float) -> None:
        self.live.append(revision)
