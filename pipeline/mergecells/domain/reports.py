"""What reports say of calls, costs and quality. Money in whole nano-dollars, times in Unix seconds, days in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mergecells.domain.llm import BudgetState
from mergecells.domain.revision import Revision

Grouping = Literal["subsystem", "persona", "model", "prompt", "revision", "workflow", "node", "intent"]
Measure = Literal["cost per call", "quality"]


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, and not with, `until`; the period before has the same length."""

    since: float
    until: float
    days: int
    """UTC days that it touches, the last of them perhaps not over."""

    @property
    def before(self) -> Period:
        span = self.days * 86_400.0
        return Period(self.since - span, self.until - span, self.days)


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Many calls together.

    `cost` is what is known; `unknown_costs` counts the calls that are not in it. `saved` is what answers from the cache
    would have cost, `unknown_saved` those of them for which that is not known. `p50`, `p95`: seconds of the calls that
    a provider answered, by nearest rank; None without any.
    """

    calls: int = 0
    failed: int = 0
    cached: int = 0
    fallback: int = 0
    truncated: int = 0
    flagged: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    unknown_costs: int = 0
    saved: int = 0
    unknown_saved: int = 0
    saved_tokens: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def answered(self) -> int:
        return self.calls - self.failed

    @property
    def cost_per_call(self) -> int | None:
        """Of the calls whose cost is known; None without any."""
        known = self.calls - self.unknown_costs
        return round(self.cost / known) if known else None

    @property
    def cache_hit_rate(self) -> float | None:
        return self.cached / self.calls if self.calls else None

    @property
    def fallback_rate(self) -> float | None:
        """Of the answers."""
        return self.fallback / self.answered if self.answered else None

    @property
    def error_rate(self) -> float | None:
        return self.failed / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class CostRow:
    """One group. `daily` are the known costs of each day of the period; `before` is the period before."""

    key: str
    figures: CallFigures
    before: CallFigures
    daily: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PullRef:
    """How a revision came to the branch. `number` is 0 where no pull request is known."""

    number: int = 0
    title: str = ""
    author: str = ""
    merged_by: str = ""
    url: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A measure that moved when a revision came. Costs in nano-dollars, quality 0..1; `before`, `after` are medians.

    `revisions` holds more than one where the first ones had too few calls to be told apart.
    """

    measure: Measure
    subject: str
    """The prompt; `intent NAME` for calls without one."""
    revisions: tuple[Revision, ...]
    at: float
    before: float
    after: float
    count_before: int
    count_after: int
    chance: float
    """How likely so large a difference is by chance, before the number of comparisons is allowed for."""
    previous: Revision = ""
    """The last revision before."""
    pulls: tuple[PullRef, ...] = ()
    """What came between the two, as far as it is known."""


@dataclass(frozen=True, slots=True)
class DayRevisionCost:
    """What one revision cost on one day, for the chart."""

    day: str
    revision: Revision
    cost: int


@dataclass(frozen=True, slots=True)
class CostReport:
    period: Period
    by: Grouping
    total: CallFigures
    before: CallFigures
    rows: tuple[CostRow, ...]
    days: tuple[str, ...]
    daily: tuple[int, ...]
    by_revision: tuple[DayRevisionCost, ...]
    shifts: tuple[Shift, ...] = ()
    compared: int = 0
    """How many comparisons the search for shifts made."""
    budgets: tuple[BudgetState, ...] = ()
    notes: tuple[str, ...] = ()


DIMENSIONS = ("completeness", "clarity", "testability", "traceability")


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """Many records together. Means are over what was judged; None where nothing was.

    `vacuous` records had nothing to judge and are in no mean. `passed` of `gated` passed the gate as it is now.
    """

    records: int = 0
    vacuous: int = 0
    overall: float | None = None
    dimensions: Mapping[str, float | None] = field(default_factory=dict)
    validated: int = 0
    valid: int = 0
    iterations: float | None = None
    gated: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One group. `daily` are mean overall scores by day, None without any."""

    key: str
    figures: QualityFigures
    before: QualityFigures
    daily: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class QualityReport:
    period: Period
    by: Grouping
    total: QualityFigures
    before: QualityFigures
    rows: tuple[QualityRow, ...]
    days: tuple[str, ...]
    daily: tuple[float | None, ...]
    shifts: tuple[Shift, ...] = ()
    compared: int = 0
    gate: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageRow:
    """One workflow (stage) of one persona. Durations in seconds from the first call of a run to its last answer."""

    persona: str
    workflow: str
    runs: int
    figures: CallFigures
    duration_p50: float | None
    duration_p95: float | None
    quality: QualityFigures = QualityFigures()


@dataclass(frozen=True, slots=True)
class PersonaRow:
    """One persona over all its stages. `budget` is None where none is set or no ledger could be read."""

    persona: str
    runs: int
    figures: CallFigures
    before: CallFigures
    daily: tuple[int, ...]
    budget: BudgetState | None
    quality: QualityFigures
    stages: tuple[StageRow, ...]


@dataclass(frozen=True, slots=True)
class PersonaReport:
    period: Period
    rows: tuple[PersonaRow, ...]
    gate: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """The rollup. `intents` are calls by intent; `revisions`, `prompts`, `models` the ones with the most calls."""

    period: Period
    total: CallFigures
    before: CallFigures
    intents: tuple[CostRow, ...]
    revisions: tuple[CostRow, ...]
    prompts: tuple[CostRow, ...]
    models: tuple[CostRow, ...]
    days: tuple[str, ...]
    daily_calls: tuple[int, ...]
    daily_cost: tuple[int, ...]
    quality: QualityFigures = QualityFigures()
    quality_before: QualityFigures = QualityFigures()
    shifts: tuple[Shift, ...] = ()
    pulls: Mapping[Revision, PullRef | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
