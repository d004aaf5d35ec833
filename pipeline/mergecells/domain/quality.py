"""`prompts/quality.yaml`: how the four dimensions of quality weigh, and what a result must reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from mergecells.domain.prompts import Slug
from mergecells.domain.scoring import ConfigModel

QUALITY_FILE = "prompts/quality.yaml"
Dimension = Literal["completeness", "clarity", "testability", "traceability"]
DIMENSIONS: Final[Mapping[Dimension, str]] = {
    "completeness": "What was asked for is there",
    "clarity": "Short sentences without vague words",
    "testability": "Statements that somebody can check",
    "traceability": "Statements that lead back to the inputs",
}
"""The dimensions, and what each of them means where a config does not say it."""

JUDGE_INPUTS: Final = ("task", "answer", "dimensions")
"""What a prompt that judges is called with, as far as it declares them: texts."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class QualityDimension(ConfigModel):
    weight: float = Field(default=1, ge=0, le=1_000, allow_inf_nan=False, description="Its part in the overall score.")
    minimum: Share = Field(default=0, description="Below it a result fails the gate, whatever the others are.")
    description: str = ""


def _defaults() -> dict[Dimension, QualityDimension]:
    return {
        "completeness": QualityDimension(weight=0.4, minimum=0.6),
        "clarity": QualityDimension(weight=0.2),
        "testability": QualityDimension(weight=0.2),
        "traceability": QualityDimension(weight=0.2),
    }


class Quality(ConfigModel):
    """`prompts/quality.yaml`. A dimension that is not listed has no weight; what could not be judged neither."""

    gate: Share = Field(default=0.7, description="The overall score that a result must reach.")
    valid: bool = Field(default=True, description="A result whose form is wrong fails, whatever its scores are.")
    judge: Slug | None = Field(
        default=None, description="The prompt that scores answers where a model is asked to; its cost is a call's."
    )
    dimensions: dict[Dimension, QualityDimension] = Field(default_factory=_defaults)
