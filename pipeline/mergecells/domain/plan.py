"""The one object that the terminal, the pull request and the web all render."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from mergecells.domain.changes import ChangeSet
from mergecells.domain.evaluation import Evaluation
from mergecells.domain.findings import Finding
from mergecells.domain.impact import Impact


class ExampleImpact(BaseModel):
    """What a change does to one golden lead (or to the sample lead); None where that side could not be scored."""

    model_config = ConfigDict(frozen=True)

    name: str
    score_before: float | None
    score_after: float | None
    tier_before: str | None
    tier_after: str | None


class PromptPreview(BaseModel):
    """One prompt that changes: `words` is its text compared word by word, empty when only a partial or its front matter
    changes; `before` and `after` are its messages with the inputs of `example` (of the samples, when that is empty),
    None where that side has no such prompt or does not render."""

    model_config = ConfigDict(frozen=True)

    slug: str
    example: str = ""
    words: str = ""
    before: str | None = None
    after: str | None = None


class Plan(BaseModel):
    """ChangeSet + impact + findings + base revision + who asked for it."""

    model_config = ConfigDict(frozen=True)

    changes: ChangeSet
    findings: tuple[Finding, ...] = ()
    impact: tuple[ExampleImpact, ...] = ()
    leads: Impact | None = None
    prompts: tuple[PromptPreview, ...] = ()
    evaluation: Evaluation | None = None
    base_revision: str
    author: str = ""
    title: str = ""
    workbook: str = ""
