"""Quality records counted up into figures."""

from __future__ import annotations

from collections.abc import Mapping

from mergecells.domain.history import QualityFacts
from mergecells.domain.quality import Quality
from mergecells.domain.reports import DIMENSIONS, QualityFigures
from mergecells.transforms.quality_gate import passes


def scores_of(facts: QualityFacts) -> dict[str, float | None]:
    return {
        "completeness": facts.completeness,
        "clarity": facts.clarity,
        "testability": facts.testability,
        "traceability": facts.traceability,
    }


class QualityTally:
    """Adds records up, and passes each through the gate as it is now."""

    def __init__(self, quality: Quality, days: int = 0) -> None:
        self._quality = quality
        self.records = self.vacuous = self.validated = self.valid = self.gated = self.passed = self.iterations = 0
        self._sums: dict[str, tuple[float, int]] = {}
        self._daily: list[tuple[float, int]] = [(0.0, 0)] * days

    def add(self, facts: QualityFacts, day: int | None = None) -> None:
        scores = scores_of(facts)
        self.records += 1
        self.iterations += facts.iterations
        self.vacuous += facts.overall is None
        for name, score in {"overall": facts.overall, **scores}.items():
            if score is not None:
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = total + score, count + 1
        if facts.validation_passed is not None:
            self.validated += 1
            self.valid += facts.validation_passed
        verdict = passes(facts.overall, scores, facts.validation_passed, self._quality)
        if verdict is not None:
            self.gated += 1
            self.passed += verdict
        if day is not None and facts.overall is not None:
            total, count = self._daily[day]
            self._daily[day] = total + facts.overall, count + 1

    @property
    def daily(self) -> tuple[float | None, ...]:
        """Mean overall score of each day."""
        return tuple(total / count if count else None for total, count in self._daily)

    def figures(self) -> QualityFigures:
        means = {name: total / count for name, (total, count) in self._sums.items()}
        dimensions: Mapping[str, float | None] = {name: means.get(name) for name in DIMENSIONS}
        return QualityFigures(
            records=self.records,
            vacuous=self.vacuous,
            overall=means.get("overall"),
            dimensions=dimensions,
            validated=self.validated,
            valid=self.valid,
            iterations=self.iterations / self.records if self.records else None,
            gated=self.gated,
            passed=self.passed,
        )
