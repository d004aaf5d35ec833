"""The calls of `prompts run`, and how they are shown: one, or every example; judged where that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mergecells.apps.cli.console import CliContext, print_json
from mergecells.apps.cli.prompt_run import Case, judge
from mergecells.apps.cli.prompt_run_output import failure_lines, result_json, result_line, verdict_json, verdict_lines
from mergecells.apps.cli.quality_judging import judged_line
from mergecells.apps.quality import open_judge
from mergecells.domain.errors import LlmCallError, MergecellsError
from mergecells.domain.llm import CallContext, JudgedScores, LlmResult
from mergecells.domain.quality import Quality
from mergecells.prompting.client import Llm


@dataclass(frozen=True, slots=True)
class Calling:
    """How calls are made and shown. `judged`: the judge of quality.yaml scores each answer."""

    llm: Llm
    slug: str
    who: CallContext
    quality: Quality
    cache: bool
    judged: bool
    json: bool


def run_examples(calling: Calling, cases: Sequence[Case]) -> bool:
    """Whether every example is as expected."""
    verdicts = [judge(calling.llm, calling.slug, case, calling.who, calling.cache) for case in cases]
    said = [_said(calling, each.case, each.result.text) if each.result else None for each in verdicts]
    if calling.json:
        print_json([{**verdict_json(each), **_scores(one)} for each, one in zip(verdicts, said, strict=True)])
    else:
        print("\n".join(verdict_lines(verdicts)))
        for each, one in zip(verdicts, said, strict=True):
            if one is not None:
                print(f"{each.case.name}: {_line(one, calling.quality)}")
    return not any(each.problems for each in verdicts)


def run_one(calling: Calling, case: Case, context: CliContext, *, stream: bool) -> None:
    """The answer on stdout alone; what it took on stderr. The answer is shown before a judge is asked."""
    try:
        result = _answered(calling, case, stream)
    except LlmCallError as error:
        for line in failure_lines(error):
            context.say(line)
        raise
    said = _said(calling, case, result.text)
    if calling.json:
        print_json({**result_json(result), **_scores(said)})
    context.say(result_line(result))
    if said is not None:
        context.say(_line(said, calling.quality))


def _answered(calling: Calling, case: Case, stream: bool) -> LlmResult:
    if stream and not calling.json:
        pieces = calling.llm.stream(calling.slug, case.inputs, cache=calling.cache, context=calling.who)
        try:
            for piece in pieces:
                print(piece, end="", flush=True)
        finally:
            print(flush=True)
        return pieces.result
    result = calling.llm.call(calling.slug, case.inputs, cache=calling.cache, context=calling.who)
    if not calling.json:
        print(result.text, flush=True)
    return result


def _said(calling: Calling, case: Case, text: str) -> JudgedScores | MergecellsError | None:
    """What the judge said, or why it gave no scores: an answer that was paid for is shown in any case."""
    if not calling.judged:
        return None
    try:
        return calling.llm.work(open_judge(calling.llm).judge(calling.slug, case.inputs, text, calling.who))
    except MergecellsError as error:
        return error


def _scores(said: JudgedScores | MergecellsError | None) -> dict[str, Any]:
    if said is None:
        return {}
    if isinstance(said, MergecellsError):
        return {"judged": {"problem": str(said)}}
    return {"judged": {**said.scores, "judge": said.judge, "reason": said.reason}}


def _line(said: JudgedScores | MergecellsError, quality: Quality) -> str:
    return f"not judged: {said}" if isinstance(said, MergecellsError) else judged_line(said, quality)
