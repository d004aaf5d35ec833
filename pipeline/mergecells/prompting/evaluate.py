"""Examples of changed prompts, answered by the text before and after: from recordings, and by models where allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from mergecells.domain.errors import BudgetExceededError, LlmCallError, MergecellsError
from mergecells.domain.evaluation import Evaluation, ExampleRun, PromptEvaluation, SideAnswer
from mergecells.domain.llm import CachedAnswer, CallContext, LlmResult, ModelRequest
from mergecells.domain.quality import Quality
from mergecells.ports import QualityJudge
from mergecells.prompting.answer_cache import answer_key
from mergecells.prompting.client import Llm
from mergecells.prompting.evaluation_plan import ChangedPrompt, ExampleCases, Recordings, SideCase, find_recorded, sides
from mergecells.prompting.plan import PinnedConfig
from mergecells.transforms.answer_check import check_answer
from mergecells.transforms.plan_words import counted
from mergecells.transforms.quality_gate import overall_score, passes
from mergecells.transforms.quality_record import score_prompt_answer
from mergecells.transforms.word_diff import diff_words, show_words

AT_ONCE = 4
"""Calls under way: a provider's limit of the rate is nearer than a person's patience."""

MISSING = "no recorded answer for this text"
_NOT_LIVE = "no model was asked"
_TOLD = {"failed": "no model answered", "refused": "not asked, for the cap"}
HOW = "`mergecells prompts run --against BASE --record --yes` asks the models for what is missing, and records it."


@dataclass(frozen=True, slots=True)
class Live:
    """What asking needs. `closed` says why a case may not be sent to any model, empty when it may; `pinned` is the
    config to ask it with. The judge scores what was answered, and costs too. `cache` false: models are asked in any
    case."""

    llm: Llm
    context: CallContext
    closed: Callable[[SideCase], str] = lambda _: ""
    pinned: Callable[[SideCase], PinnedConfig] = lambda case: case.pinned
    judge: Callable[[SideCase], QualityJudge] | None = None
    cache: bool = True


def evaluate(
    changed: Sequence[ChangedPrompt],
    quality: Quality,
    recordings: Recordings | None,
    live: Live | None = None,
    progress: Callable[[SideCase], None] = lambda _: None,
) -> Evaluation:
    """Every example of every prompt, on both sides. Equal requests are answered once. Raises nothing for an answer that
    cannot be had: that is part of the result, and never counts as good."""
    wanted = list(sides(changed))

    def answer(case: SideCase) -> SideAnswer:
        made = _answer(case, quality, recordings, live)
        progress(case)
        return made

    with ThreadPoolExecutor(AT_ONCE if live else 1) as pool:
        answers = dict(zip((case.sent for case in wanted), pool.map(answer, wanted), strict=True))
    made = Evaluation(prompts=tuple(_prompt(each, answers) for each in changed))
    return made.model_copy(update={"notes": (HOW,)}) if made.missing and live is None else made


def _prompt(changed: ChangedPrompt, answers: Mapping[tuple[str, ...], SideAnswer]) -> PromptEvaluation:
    if changed.reason == "removed":
        return PromptEvaluation(slug=changed.slug, reason="removed", notes=("The prompt goes; nothing is asked.",))
    if _sends_the_same(changed) and changed.reason != "unchanged":
        note = "What is sent stays the same, so its answers do not change."
        return PromptEvaluation(slug=changed.slug, reason=changed.reason, notes=(note,))
    runs = tuple(_run(both, answers) for both in changed.cases)
    made = PromptEvaluation(slug=changed.slug, reason=changed.reason, runs=runs)
    return made.model_copy(update={"notes": tuple(_notes(made))})


def _sends_the_same(changed: ChangedPrompt) -> bool:
    pairs = [(both.before, both.after) for both in changed.cases]
    return bool(pairs) and all(old is not None and new is not None and old.sent == new.sent for old, new in pairs)


def _run(both: ExampleCases, answers: Mapping[tuple[str, ...], SideAnswer]) -> ExampleRun:
    before, after = (_of(case, answers) for case in (both.before, both.after))
    words = ""
    if before and after and before.answers and after.answers and before.text != after.text:
        words = show_words(diff_words(before.text, after.text))
    return ExampleRun(example=both.example, before=before, after=after, words=words)


def _of(case: SideCase | None, answers: Mapping[tuple[str, ...], SideAnswer]) -> SideAnswer | None:
    if case is None:
        return None
    if case.problem:
        return SideAnswer(status="unsent", why=case.problem)
    return answers[case.sent]


def _notes(made: PromptEvaluation) -> Iterator[str]:
    """What is missing, in words: never a silent pass."""
    sides: dict[str, list[str]] = {}
    for side in ("before", "after"):
        given = [one for one in (getattr(run, side) for run in made.runs) if one is not None]
        reasons = [_TOLD.get(one.status, one.why) for one in given if not one.answers and one.status != "unsent"]
        for why in dict.fromkeys(reasons):
            told = f"{reasons.count(why)} of {counted(len(given), 'example')}: {why}"
            sides.setdefault(told, []).append(side)
    yield from (f"{told} ({' and '.join(where)} the change)." for told, where in sides.items())


def _answer(case: SideCase, quality: Quality, recordings: Recordings | None, live: Live | None) -> SideAnswer:
    found = find_recorded(case, recordings)
    if found is not None:
        made = _recorded(case, quality, *found, recordings)
    elif live is None:
        return SideAnswer(status="missing", why=MISSING if recordings is not None else _NOT_LIVE)
    elif closed := live.closed(case):
        return SideAnswer(status="missing", why=closed)
    else:
        made = _asked(case, quality, recordings, live)
    if live is None or live.judge is None or not made.answers:
        return made
    return _judged(case, quality, made, live, live.judge(case))


def _recorded(
    case: SideCase, quality: Quality, request: ModelRequest, key: str, kept: CachedAnswer, recordings: Recordings | None
) -> SideAnswer:
    facts = SideAnswer(
        status="recorded",
        model=request.model,
        text=kept.text,
        input_tokens=kept.input_tokens,
        output_tokens=kept.output_tokens,
        token_source=kept.token_source,
        cost=kept.cost,
        seconds=recordings.seconds(key) if recordings else None,
    )
    return _scored(case, quality, facts, kept.finish == "length")


def _asked(case: SideCase, quality: Quality, recordings: Recordings | None, live: Live) -> SideAnswer:
    if recordings is not None:
        for request, key in zip(case.requests, case.keys, strict=True):
            recordings.same(answer_key(request, case.prompt.sha), key)
    try:
        result = live.llm.call(
            case.slug, case.inputs, context=live.context, snapshot=live.pinned(case), cache=live.cache
        )
    except BudgetExceededError as error:
        return SideAnswer(status="refused", why=error.message)
    except LlmCallError as error:
        text = getattr(error, "text", "") or ""
        return SideAnswer(status="failed", why=error.message, text=text, valid=False if text else None)
    except MergecellsError as error:
        return SideAnswer(status="unsent", why=error.message)
    return _scored(case, quality, _facts(result), result.truncated)


def _facts(result: LlmResult) -> SideAnswer:
    usage = result.usage
    return SideAnswer(
        status="answered",
        model=result.model,
        text=result.text,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        token_source=result.token_source,
        cost=usage.cost_est,
        seconds=None if result.cached else result.asked_seconds,
        why="from the cache" if result.cached else "",
    )


def _scored(case: SideCase, quality: Quality, facts: SideAnswer, truncated: bool) -> SideAnswer:
    problems = [
        *check_answer(case.expected, facts.text),
        *(["It was cut at its limit of tokens."] if truncated else []),
    ]
    scores = score_prompt_answer(facts.text, case.prompt, case.inputs, case.expected, truncated=truncated)
    overall = overall_score(scores.by_dimension, quality)
    return facts.model_copy(
        update={
            "valid": scores.valid,
            "problems": tuple(problems),
            "scores": scores.by_dimension,
            "overall": overall,
            "passed": passes(overall, scores.by_dimension, scores.valid, quality),
        }
    )


def _judged(case: SideCase, quality: Quality, made: SideAnswer, live: Live, judge: QualityJudge) -> SideAnswer:
    context = replace(live.context, trace_id="", parent_span_id="")
    try:
        said = live.llm.work(judge.judge(case.slug, case.inputs, made.text, context))
    except MergecellsError as error:
        return made.model_copy(update={"judge_note": f"The judge gave no scores: {error.message}"})
    return made.model_copy(
        update={
            "judge": said.judge,
            "judged": dict(said.scores),
            "judged_overall": overall_score(said.scores, quality),
            "judge_note": said.reason,
        }
    )
