"""Ports with nobody behind them: the defaults of a program that wants no metrics or no events."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.domain.revision import Revision


class NoMetrics:
    """Implements `ports.Metrics` by telling nobody."""

    def reload_finished(self, config_type: str, status: str, seconds: float) -> None:
        """Counts nothing."""

    def revision_live(self, revision: Revision, at: float) -> None:
        """Tells nobody."""


class NoLoopTracer:
    """Implements `ports.LoopTracer` by telling nobody."""

    def span(
        self,
        name: str,
        traceparent: str,
        started: float,
        ended: float,
        attributes: Mapping[str, str],
        *,
        root: bool = False,
        failed: str = "",
    ) -> None:
        """Tells nobody."""

    def close(self) -> None:
        """Nothing runs."""


class NoWatcher:
    """Implements `ports.Watcher` without events: what changes is noticed by polling. `why` goes into the status."""

    def __init__(self, why: str) -> None:
        self._why = why

    def tend(self) -> str:
        """See `ports.Watcher`."""
        return self._why

    def close(self) -> None:
        """Nothing runs."""
