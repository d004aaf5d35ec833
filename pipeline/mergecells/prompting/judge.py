"""Answers scored by a model, with a prompt like any other: reviewed, routed, cached, metered, kept within budget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from mergecells.domain.errors import InvalidAnswerError, UsageError
from mergecells.domain.llm import CallContext, JudgedScores, LlmResult
from mergecells.domain.quality import DIMENSIONS, Quality
from mergecells.prompting.plan import PinnedConfig, find_prompt
from mergecells.transforms.prompt_messages import messages_text

JUDGE_PROMPT = "quality_judge"
JUDGE_NODE = "quality_judge"
"""The node that its calls count for: what judging costs can be told from what was judged."""

_SHOWN_SHA = 8
Ask = Callable[[str, Mapping[str, Any], CallContext], Awaitable[LlmResult]]


class PromptJudge:
    """Asks the prompt that quality.yaml names as `judge` with `task`, `answer` and `dimensions` (texts). Its `outputs`
    must have the four dimensions, each 0 to 1 or null. Implements `ports.QualityJudge`."""

    def __init__(self, ask: Ask, pinned: Callable[[], PinnedConfig]) -> None:
        self._ask, self._pinned = ask, pinned

    async def judge(
        self, slug: str, inputs: Mapping[str, object] | None, text: str, context: CallContext
    ) -> JudgedScores:
        """See `ports.QualityJudge`. An empty answer is not asked about: there is nothing to judge."""
        pinned = self._pinned()
        judge = judge_of(pinned)
        if not text.strip():
            return JudgedScores(dict.fromkeys(DIMENSIONS, None), judge, "The answer is empty.")
        asked = judge_inputs(pinned, slug, inputs, text)
        result = await self._ask(judge, asked, replace(context, node=JUDGE_NODE, parent_span_id=""))
        scores = read_scores(judge, result.parsed)
        name = f"{judge}@{result.prompt_sha[:_SHOWN_SHA]} {result.model}"
        said = result.parsed.get("reason") if isinstance(result.parsed, dict) else ""
        return JudgedScores(scores, name, str(said or "")[:600], result)


def judge_of(pinned: PinnedConfig) -> str:
    """The slug of the judge. Raises UsageError where none is configured, UnknownPromptError for one that is gone."""
    slug = pinned.config.quality.judge
    if not slug:
        raise UsageError(
            "prompts/quality.yaml names no judge.", f"Write `judge: {JUDGE_PROMPT}` there, or any prompt of that form."
        )
    return find_prompt(pinned, slug).slug


def judge_inputs(pinned: PinnedConfig, slug: str, inputs: Mapping[str, object] | None, text: str) -> dict[str, Any]:
    """What the judge is called with. Without the inputs of the call, the task is the prompt's text as it stands."""
    given = {
        "task": _task(pinned, slug, inputs),
        "answer": text,
        "dimensions": dimension_lines(pinned.config.quality),
    }
    declared = find_prompt(pinned, judge_of(pinned)).front.inputs
    return {name: value for name, value in given.items() if name in declared}


def _task(pinned: PinnedConfig, slug: str, inputs: Mapping[str, object] | None) -> str:
    if not slug:
        return "A conversation; answer it helpfully."
    prompt = find_prompt(pinned, slug)
    if inputs is None:
        return prompt.body
    from mergecells.transforms.prompt_render import render_prompt

    return messages_text(render_prompt(prompt, pinned.config.partials, inputs))


def dimension_lines(quality: Quality) -> str:
    """What each dimension means in this config, one a line."""
    told = {name: one.description for name, one in quality.dimensions.items()}
    return "\n".join(f"{name}: {told.get(name) or meaning}" for name, meaning in DIMENSIONS.items())


def read_scores(judge: str, parsed: Any) -> dict[str, float | None]:
    """The four scores of a judge's answer. Raises InvalidAnswerError for what is no such form: it is never scored."""
    said = parsed if isinstance(parsed, dict) else {}
    for name in DIMENSIONS:
        score = said.get(name, "missing")
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if score is not None and not (number and 0 <= score <= 1):
            raise InvalidAnswerError(
                f"The judge {judge} gave no scores: {name} is {str(score)[:40]!r}, no number from 0 to 1 and not null.",
                f"Give the prompt {judge} `outputs` with {', '.join(DIMENSIONS)}.",
            )
    return {name: None if said[name] is None else float(said[name]) for name in DIMENSIONS}
