"""`prompts/smoke.yaml`: labelled cases, one at least for each intent and each type of prompt, asked of what runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from mergecells.domain.json_values import JsonAny
from mergecells.domain.manifest import Whole
from mergecells.domain.prompts import ExpectedAnswer, Slug
from mergecells.domain.routing import IntentName
from mergecells.domain.scoring import ConfigModel, Name

CaseName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$")]


class SmokeCase(ConfigModel):
    """A message with the intent that it must be told by, or a prompt with inputs; and what the answer must be like."""

    message: Annotated[str, StringConstraints(min_length=1, max_length=20_000)] | None = None
    intent: IntentName | None = Field(default=None, description="What the message is about.")
    prompt: Slug | None = None
    inputs: dict[Name, JsonAny] = Field(default_factory=dict, description="What is left out has its sample's value.")
    status: Whole = Field(default=200, ge=200, le=599, description="The HTTP status that the answer must have.")
    expected: ExpectedAnswer = Field(default_factory=ExpectedAnswer)
    description: str = ""

    @property
    def problem(self) -> str:
        """What is wrong with the case itself; empty when nothing is. JSON Schema could say it only at length."""
        if (self.message is None) == (self.prompt is None):
            return "It must have either a message or a prompt."
        if self.message is None and self.intent is not None:
            return "An intent belongs to a message."
        return ""


class Smoke(ConfigModel):
    """`prompts/smoke.yaml`."""

    cases: dict[CaseName, SmokeCase] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """What came back for one case. `error` says why there is no answer; `cost` is None when it is not known."""

    status: int
    text: str = ""
    intent: str = ""
    revision: str = ""
    model: str = ""
    seconds: float = 0.0
    cost: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case, judged; it passed when there are no `problems`."""

    name: str
    case: SmokeCase
    observed: Observed
    problems: tuple[str, ...]
