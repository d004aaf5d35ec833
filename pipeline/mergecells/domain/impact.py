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


class Estimate(ImpactValue):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def measurable(self) -> bool:
        """Whether a difference is one: its interval does not hold 0."""
        return not self.low <= 0.0 <= self.high


class PointsDrive(ImpactValue):
    """What one component, or one factor (`component.factor`), did over all measured leads, in points a lead.

    `mean_absolute` says how strongly it moved scores, `mean` which way on the whole, `leads` how many it moved.
    """

    name: str
    mean_absolute: float
    mean: float
    leads: int


class Drive(ImpactValue):
    """Which components moved the scores of all leads, and which factors those of `sampled` leads, strongest first."""

    components: tuple[PointsDrive, ...]
    factors: tuple[PointsDrive, ...]
    sampled: int


class Segment(ImpactValue):
    """The leads with one value of a field. `up` and `down` count those that change to a better or a worse tier."""

    value: str
    leads: int
    changed_tiers: int
    up: int
    down: int
    mean_before: float
    mean_after: float
    known: int = 0
    converted: int = 0


class Segments(ImpactValue):
    """The largest segments of the field `by`; the leads of further values are counted in `others`."""

    by: str
    rows: tuple[Segment, ...]
    others: int = 0


class FactorShift(ImpactValue):
    """By how many points one factor (`component.factor`), or a component by its formula or weight, moved a score.

    `before` and `after` are its points on both sides; None where a formula does not add factors up, and `change` is the
    factor's Shapley value of the move.
    """

    factor: str
    change: float
    before: float | None = None
    after: float | None = None


class Mover(ImpactValue):
    """One of the leads whose score moved furthest; `line` is its line in the file of leads."""

    line: int
    score_before: float
    score_after: float
    tier_before: str
    tier_after: str
    vertical: str | None = None
    factors: tuple[FactorShift, ...] = ()


class TierConversion(ImpactValue):
    """`low` to `high` is the 95 % interval of the conversion (Wilson)."""

    tier: str
    leads: int
    converted: int
    low: float = 0.0
    high: float = 1.0


class DecileLift(ImpactValue):
    """`decile` 1 holds the best tenth by score; `lift` is its conversion over that of all leads.

    `low` to `high`: the 95 % interval of the lift, that of all leads taken for known.
    """

    decile: int
    leads: int
    conversion: float
    lift: float
    low: float = 0.0
    high: float = 0.0


class CalibrationBin(ImpactValue):
    """Leads with scores of `low` to `high`: mean score in 0..1, and the share that converted with its interval."""

    low: float
    high: float
    leads: int
    mean_score: float
    conversion: float
    conversion_low: float = 0.0
    conversion_high: float = 1.0


class OutcomeSide(ImpactValue):
    """How well one revision's scores tell who converts. `auc` is None when nobody or everybody did.

    `calibration_error` is the mean distance between score / 100 and conversion over the bins, weighted by leads.
    """

    auc: float | None
    auc_interval: Estimate | None = None
    calibration_error: float
    tiers: tuple[TierConversion, ...]
    deciles: tuple[DecileLift, ...]
    calibration: tuple[CalibrationBin, ...]


class OutcomeImpact(ImpactValue):
    """Both sides over the `known` leads whose outcome is not blank. `auc_difference`: after less before (DeLong)."""

    field: str
    known: int
    converted: int
    auc_difference: Estimate | None = None
    before: OutcomeSide
    after: OutcomeSide


class Impact(ImpactValue):
    """Both revisions scored the same `leads`, on the same date. Tiers stand from the best down.

    `notes` say what a reader must know: a vertical that one side does not have, a field without a column in the file.
    """

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
    drive: Drive | None = None
    segments: tuple[Segments, ...] = ()
    notes: tuple[str, ...] = ()
    outcome: OutcomeImpact | None = None

    @property
    def changed_tier_share(self) -> float:
        """0..1; 0 without leads."""
        return self.changed_tiers / self.leads if self.leads else 0.0
