"""Answers and scores → quality records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext, JudgedScores, LlmResult, QualityRecord, Turn
from mergecells.domain.prompts import ExpectedAnswer, Prompt
from mergecells.domain.quality import DIMENSIONS, Quality
from mergecells.transforms.json_answers import read_json_answer
from mergecells.transforms.quality_gate import overall_score
from mergecells.transforms.quality_score import QualityScores, score_answer

RULES = "rules"
"""The judge of `evaluate_answer`."""


def evaluate_answer(
    text: str,
    prompt: Prompt,
    inputs: Mapping[str, Any] | None = None,
    example: str | None = None,
    *,
    truncated: bool = False,
) -> QualityScores:
    """An answer by the fixed rules, against the prompt's `outputs` and what its example expects. Raises UsageError.

    Without jsonschema-rs the form of a JSON answer is not judged.
    """
    if example is not None and example not in prompt.front.examples:
        known = ", ".join(prompt.front.examples) or "none"
        raise UsageError(f"{prompt.slug} has no example {example!r}.", f"Examples are: {known}.")
    expected = prompt.front.examples[example].expected if example is not None else None
    return score_prompt_answer(text, prompt, inputs, expected, truncated=truncated)


def score_prompt_answer(
    text: str,
    prompt: Prompt,
    inputs: Mapping[str, Any] | None,
    expected: ExpectedAnswer | None,
    *,
    truncated: bool = False,
) -> QualityScores:
    """An answer by the fixed rules, against the prompt's `outputs` and what is expected of it."""
    schema = prompt.front.outputs
    parsed, valid = None, None
    if schema is not None and text.strip():
        found = read_json_answer(text, None)
        parsed = found.value
        misfit = _misfit(schema, parsed) if not found.problem else found.problem
        valid = None if misfit is None else not misfit
    return score_answer(
        text, parsed=parsed, schema=schema, expected=expected, inputs=inputs, truncated=truncated, valid=valid
    )


def _misfit(schema: Mapping[str, Any], value: Any) -> str | None:
    """Where the value does not fit, empty when it does; None where nothing is installed that could tell."""
    if find_spec("jsonschema_rs") is None:
        return None
    from mergecells.transforms.json_answers import schema_problem

    return schema_problem(schema, value)


def about_call(
    call: LlmResult | Turn,
    context: CallContext,
    *,
    at: float,
    judge: str,
    valid: bool | None = None,
    iterations: int = 1,
    counts: Mapping[str, int] | None = None,
) -> QualityRecord:
    """The one place where a record is begun: what its scores are about, before there are any. `at` is Unix time."""
    return QualityRecord(
        at=at,
        revision=call.revision,
        prompt_slug=call.prompt_slug,
        prompt_sha=call.prompt_sha,
        overall=None,
        validation_passed=valid,
        iterations=iterations,
        counts=dict(counts or {}),
        call_id=call.call_id,
        run_id=context.run_id,
        persona=context.persona,
        workflow=context.workflow,
        model=call.model,
        judge=judge,
    )


def evaluated_record(
    scores: QualityScores, quality: Quality, result: LlmResult, context: CallContext, at: float
) -> QualityRecord:
    """The record of a call's result that the rules judged."""
    about = about_call(result, context, at=at, judge=RULES, valid=scores.valid, counts=scores.counts)
    return _with_scores(about, scores.by_dimension, overall_score(scores.by_dimension, quality))


def scored_record(about: QualityRecord, given: Mapping[str, float | None], quality: Quality) -> QualityRecord:
    """`about` with the scores that somebody gave. `overall` is weighed from the others where it is not given.

    Raises UsageError for a score outside 0..1, and for no score at all where nothing else is told.
    """
    for name, score in given.items():
        if score is not None and not 0 <= score <= 1:
            raise UsageError(f"{name} is {score:g}.", "A score is between 0 and 1.")
    dimensions = {name: score for name, score in given.items() if name != "overall"}
    if all(score is None for score in given.values()) and about.validation_passed is None:
        raise UsageError("There is nothing to record.", "Give at least one score, or --valid or --invalid.")
    stated = given.get("overall")
    overall = stated if stated is not None else overall_score(dimensions, quality)
    return _with_scores(about, dimensions, overall)


def judged_record(about: QualityRecord, judged: JudgedScores, quality: Quality) -> QualityRecord:
    """`about` with what a judge said, who is named in it. Where nothing was judged, overall is None and never 1.0."""
    named = replace(about, judge=judged.judge)
    return _with_scores(named, judged.scores, overall_score(judged.scores, quality))


def dimensions_of(record: QualityRecord) -> dict[str, float | None]:
    """The four scores by name."""
    return {name: getattr(record, name) for name in DIMENSIONS}


def _with_scores(about: QualityRecord, scores: Mapping[str, float | None], overall: float | None) -> QualityRecord:
    return replace(
        about,
        overall=overall,
        completeness=scores.get("completeness"),
        clarity=scores.get("clarity"),
        testability=scores.get("testability"),
        traceability=scores.get("traceability"),
    )
