"""Ports with nobody behind them: what the client uses where a program wants no metrics, no traces and no history."""

from __future__ import annotations

from collections.abc import Sequence

from mergecells.domain.llm import Attempt, BudgetState, QualityRecord, Turn
from mergecells.domain.messages import Message


class NoLlmMetrics:
    """Implements `ports.LlmMetrics` by telling nobody."""

    def turn_finished(self, turn: Turn) -> None:
        """Counts nothing."""

    def attempt_finished(self, attempt: Attempt) -> None:
        """Counts nothing."""

    def cache_asked(self, result: str) -> None:
        """Counts nothing."""

    def budgets_seen(self, budgets: Sequence[BudgetState]) -> None:
        """Counts nothing."""

    def breaker_changed(self, provider: str, state: str) -> None:
        """Tells nobody."""

    def quality_recorded(self, quality: QualityRecord) -> None:
        """Counts nothing."""


class NoTracer:
    """Implements `ports.Tracer` by telling nobody."""

    def turn_finished(self, turn: Turn, messages: Sequence[Message], text: str) -> None:
        """Tells nobody."""

    def close(self) -> None:
        """Nothing runs."""


class NoTurnLog:
    """Implements `ports.TurnLog` by forgetting."""

    def record_turn(self, turn: Turn) -> None:
        """Keeps nothing."""

    def record_quality(self, quality: QualityRecord) -> None:
        """Keeps nothing."""

    def close(self) -> None:
        """Nothing is open."""
