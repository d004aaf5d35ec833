"""`quality record --answer`: a model judges the answer of a remembered call; its cost is shown before it is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mergecells.apps.cli.prompt_run import Case, Pinned, dearest, offers
from mergecells.apps.cli.prompt_run_output import offer_lines
from mergecells.apps.prompting import open_llm
from mergecells.apps.quality import open_judge
from mergecells.domain.configset import ConfigSet
from mergecells.domain.errors import UsageError
from mergecells.domain.llm import JudgedScores, Turn
from mergecells.domain.quality import Quality
from mergecells.prompting.judge import judge_inputs, judge_of
from mergecells.prompting.plan import find_prompt
from mergecells.transforms.quality_gate import overall_score, passes
from mergecells.transforms.report_words import score

PERSON = "person"
"""What `--judge` is when it is left out: no prompt can have scored by itself."""


def with_judge(config: ConfigSet, name: str) -> ConfigSet:
    """The config with this prompt as its judge, where one is named. Raises UsageError for what is no prompt."""
    if name in ("", PERSON):
        return config
    if name not in config.prompts:
        known = config.quality.judge or "none"
        raise UsageError(f"--judge {name!r} is no prompt that could judge an answer.", f"quality.yaml names {known}.")
    return replace(config, quality=config.quality.model_copy(update={"judge": name}))


def judge_offer(pinned: Pinned, turn: Turn, inputs: Mapping[str, Any] | None, answer: str) -> list[str]:
    """What asking the judge would cost, in lines for a person."""
    slug = judge_of(pinned)
    case = Case(slug, judge_inputs(pinned, turn.prompt_slug, inputs, answer))
    found = offers(pinned, find_prompt(pinned, slug), case)
    return offer_lines(slug, found, 1, [dearest(found)])


def judge_turn(pinned: Pinned, turn: Turn, inputs: Mapping[str, Any] | None, answer: str) -> JudgedScores:
    """Ask the judge, in the budgets of the run and the persona that the call was of. Raises what a call raises."""
    context = replace(turn.context, trace_id="", parent_span_id="")
    with open_llm(pinned) as llm:
        return llm.work(open_judge(llm).judge(turn.prompt_slug, inputs, answer, context))


def judged_line(said: JudgedScores, quality: Quality) -> str:
    """What a judge said of one answer, for a person."""
    overall = overall_score(said.scores, quality)
    shown = ", ".join(f"{name} {score(value)}" for name, value in said.scores.items())
    verdict = {True: "passes", False: "fails", None: "nothing to judge"}[passes(overall, said.scores, None, quality)]
    return f"{said.judge}: {score(overall)} overall ({verdict}); {shown}. {said.reason}"
