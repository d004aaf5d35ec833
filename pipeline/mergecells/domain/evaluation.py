"""What a change does to the answers of prompts: each example answered by the text before and by the text after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

AnswerStatus = Literal["recorded", "answered", "missing", "failed", "refused", "unsent"]
"""`recorded`: found among the recorded answers. `answered`: asked for now. `missing`: not recorded, and nobody was
asked. `failed`: asked, without an answer. `refused`: it would have passed the cap. `unsent`: it does not render."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class SideAnswer(_Value):
    """The answer of one side. Scores are 0..1, None where nothing was there to judge; `overall` and `passed` are by the
    config after the change, for both sides. `seconds` is how long it took when it was made; dollars are what it cost
    then, None when no price is known."""

    status: AnswerStatus
    why: str = ""
    model: str = ""
    text: str = ""
    valid: bool | None = None
    problems: tuple[str, ...] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None
    token_source: str = ""
    cost: float | None = None
    seconds: float | None = None
    overall: float | None = None
    scores: dict[str, float | None] = {}
    passed: bool | None = None
    judge: str = ""
    judged: dict[str, float | None] = {}
    judged_overall: float | None = None
    judge_note: str = ""

    @property
    def answers(self) -> bool:
        return self.status in ("recorded", "answered")

    @property
    def good(self) -> bool:
        """Whether there is an answer as the example expects it, of the right form, that does not fail the gate."""
        return self.answers and not self.problems and self.valid is not False and self.passed is not False


class ExampleRun(_Value):
    """One example. A side is None where there is no such prompt. `words` compares the two answers; empty for equal."""

    example: str
    before: SideAnswer | None
    after: SideAnswer | None
    words: str = ""


class PromptEvaluation(_Value):
    """One prompt of which something else is sent than before. `reason` says through what."""

    slug: str
    reason: str
    runs: tuple[ExampleRun, ...] = ()
    notes: tuple[str, ...] = ()

    def answered(self, side: Literal["before", "after"]) -> int:
        return sum(one is not None and one.answers for one in (getattr(run, side) for run in self.runs))


class Evaluation(_Value):
    """`spent` is what asking cost now, in dollars; None when it is not known. `source` says where answers are from."""

    prompts: tuple[PromptEvaluation, ...] = ()
    notes: tuple[str, ...] = ()
    spent: float | None = 0.0
    source: str = ""

    @property
    def after(self) -> Iterable[SideAnswer]:
        return (run.after for prompt in self.prompts for run in prompt.runs if run.after is not None)

    @property
    def good(self) -> bool:
        """Whether every example was answered by the text after the change, and well. What is missing is not good."""
        return all(one.good for one in self.after)

    @property
    def missing(self) -> int:
        return sum(one.status == "missing" for one in self.after)
