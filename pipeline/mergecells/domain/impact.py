"""What a change of rules does to real leads: scores, tiers and, where it is known, who converted."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ImpactValue(BaseModel):
    """Frozen, so that one Impact can be rendered many times."""

    model_config = ConfigDict(frozen=True)


class TierMove(ImpactValue):
    """One cell of the tier transition matrix: `leads` were in `before` and are in `after`."""

    before: str
    after: str
    leads: int


class ScoreBin(ImpactValue):
    """Leads with a score of at least `low` and below `high` (the last bin includes 100)."""

    low: float
    high: float
    before: int
    after: int


class FactorShift(ImpactValue):
    """Points that one factor (`component.factor`, or a component with a formula of its own) adds to the score."""

    factor: str
    before: float
    after: float


class Mover(ImpactValue):
    """One of the leads whose score moved furthest; `line` is its line in the file of leads."""

    line: int
    score_before: float
    score_after: float
    tier_before: str
    tier_after: str
    factors: tuple[FactorShift, ...] = ()


class TierConversion(ImpactValue):
    tier: str
    leads: int
    converted: int


class DecileLift(ImpactValue):
    """`decile` 1 holds the best tenth by score; `lift` is its conversion over that of all leads."""

    decile: int
    leads: int
    conversion: float
    lift: float


class CalibrationBin(ImpactValue):
    """Leads with scores of `low` to `high`: their mean score in 0..1, and the share that converted."""

    low: float
    high: float
    leads: int
    mean_score: float
    conversion: float


class OutcomeSide(ImpactValue):
    """How well one revision's scores tell who converts. `auc` is None when nobody or everybody did.

    `calibration_error` is the mean distance between score / 100 and conversion over the bins, weighted by leads.
    """

    auc: float | None
    calibration_error: float
    tiers: tuple[TierConversion, ...]
    deciles: tuple[DecileLift, ...]
    calibration: tuple[CalibrationBin, ...]


class OutcomeImpact(ImpactValue):
    """Both sides over the `known` leads whose outcome is not blank."""

    field: str
    known: int
    converted: int
    before: OutcomeSide
    after: OutcomeSide


class Impact(ImpactValue):
    """Both revisions scored the same `leads`, on the same date. Tiers stand from the best down."""

    base: str
    head: str
    date: str
    vertical: str | None = None
    leads: int
    unreadable: int = 0
    changed_scores: int
    changed_tiers: int
    mean_before: float
    mean_after: float
    tiers: tuple[str, ...]
    matrix: tuple[TierMove, ...]
    histogram: tuple[ScoreBin, ...]
    movers: tuple[Mover, ...] = ()
    outcome: OutcomeImpact | None = None

    @property
    def changed_tier_share(self) -> float:
        """0..1; 0 without leads."""
        return self.changed_tiers / self.leads if self.leads else 0.0
