"""Metrics of LLM calls that a test can look at."""

from __future__ import annotations

from collections.abc import Sequence

from mergecells.domain.llm import Attempt, BudgetState, Turn


class RecordingLlmMetrics:
    """Implements `ports.LlmMetrics`."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.attempts: list[Attempt] = []
        self.cache: list[str] = []
        self.budgets: list[tuple[BudgetState, ...]] = []
        self.breakers: list[tuple[str, str]] = []

    def turn_finished(self, turn: Turn) -> None:
        self.turns.append(turn)

    def attempt_finished(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def cache_asked(self, result: str) -> None:
        self.cache.append(result)

    def budgets_seen(self, budgets: Sequence[BudgetState]) -> None:
        self.budgets.append(tuple(budgets))

    def breaker_changed(self, provider: str, state: str) -> None:
        self.breakers.append((provider, state))
