"""Why a lead has its score: what each component and factor added, from which formula, which cell, which line."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ValueKind = Literal["number", "text", "boolean", "date", "blank", "error", "array"]
InputKind = Literal["field", "intermediate", "list", "table", "factor", "unknown"]
Method = Literal["weighted", "shapley", "whole"]


class ExplanationValue(BaseModel):
    """Frozen: an explanation is shown in several forms."""

    model_config = ConfigDict(frozen=True)


class SourcePlace(ExplanationValue):
    """Where a weight or a formula is stated. `vertical` names the vertical whose file states it."""

    file: str
    line: int | None = None
    column: int | None = None
    cell: str | None = Field(default=None, description="In the workbook as `fill` lays it out.")
    vertical: str | None = None

    def __str__(self) -> str:
        """`scoring/rules.yaml:12:5 (Factors!D7)`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place} ({self.cell})" if self.cell else place


class ShownValue(ExplanationValue):
    """A value as JSON can hold it: a date as ISO text, an error by its code, an array by its size alone."""

    kind: ValueKind
    value: float | bool | str | None = None


class NamedInput(ExplanationValue):
    """A name that a formula reads, and what it stood for."""

    name: str
    source: InputKind
    value: ShownValue


class FormulaUse(ExplanationValue):
    """A formula, what it read and gave. `result` is untouched: it may lie outside 0..1, be a text or an error."""

    text: str
    inputs: tuple[NamedInput, ...]
    result: ShownValue
    place: SourcePlace | None = None


class FactorExplanation(ExplanationValue):
    """One factor. `formula` is None where the lead's `field` of the same name counts.

    `points` are None in a component that counts as a whole. `max_points` is what the factor is worth with value 1; None
    where the component has a formula of its own.
    """

    name: str
    points: float | None
    max_points: float | None
    share: float | None = Field(description="Of the score, 0..1; None without points or score.")
    weight: float
    weight_place: SourcePlace | None = None
    value: float = Field(description="What counted, 0..1.")
    formula: FormulaUse | None = None
    field: ShownValue | None = None


class ComponentExplanation(ExplanationValue):
    """One component. `points` are those of the score's `components`.

    `method` says how the factors' points were found: `weighted` (weight x value), `shapley` (a component with a formula
    of its own: each factor's Shapley value, from all factors 0 to what they are) or `whole` (too many factors for it).
    `own_points` are those that the formula gives with all factors 0. Factors and own points sum to `points`.
    """

    name: str
    points: float
    max_points: float
    share: float | None
    weight: float
    weight_place: SourcePlace | None = None
    value: float
    formula: FormulaUse | None = None
    method: Method
    own_points: float = 0.0
    factors: tuple[FactorExplanation, ...]


class TierExplanation(ExplanationValue):
    """A tier; `points_missing` is what a score lacks to reach it, 0 for the tier that it is in."""

    name: str
    label: str
    description: str
    min: float
    points_missing: float
    place: SourcePlace | None = None


class IntermediateExplanation(ExplanationValue):
    name: str
    formula: FormulaUse


class Explanation(ExplanationValue):
    """All of one score. `cells` says whose cells are named: those of the layout that `fill` writes.

    In billionths of a point every sum is exact: components sum to the score, factors and own points to their component.
    """

    score: float
    tier: TierExplanation
    next_tier: TierExplanation | None
    revision: str
    date: str
    vertical: str | None
    components: tuple[ComponentExplanation, ...]
    intermediates: tuple[IntermediateExplanation, ...]
    issues: tuple[str, ...] = ()
    cells: Literal["layout"] = "layout"
