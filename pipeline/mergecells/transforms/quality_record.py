"""Answers and scores → quality records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mergecells.domain.errors import UsageError
from mergecells.domain.llm import CallContext, LlmResult, QualityRecord
from mergecells.domain.prompts import Prompt
from mergecells.domain.quality import Quality
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
    schema = prompt.front.outputs
    parsed, valid = None, None
    if schema is not None and text.strip():
        found = read_json_answer(text, None)
        parsed = found.value
        valid = not (found.problem or _misfit(schema, parsed))
    return score_answer(
        text, parsed=parsed, schema=schema, expected=expected, inputs=inputs, truncated=truncated, valid=valid
    )


def _misfit(schema: Mapping[str, Any], value: Any) -> str:
    from mergecells.transforms.json_answers import schema_problem

    return schema_problem(schema, value)


def evaluated_record(
    scores: QualityScores, quality: Quality, result: LlmResult, context: CallContext, at: float
) -> QualityRecord:
    """The record of a call's result that the rules judged."""
    return QualityRecord(
        at=at,
        revision=result.revision,
        prompt_slug=result.prompt_slug,
        prompt_sha=result.prompt_sha,
        overall=overall_score(scores.by_dimension, quality),
        completeness=scores.completeness,
        clarity=scores.clarity,
        testability=scores.testability,
        traceability=scores.traceability,
        validation_passed=scores.valid,
        iterations=1,
        counts=scores.counts,
        call_id=result.call_id,
        run_id=context.run_id,
        persona=context.persona,
        workflow=context.workflow,
        model=result.model,
        judge=RULES,
    )


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
    return replace(
        about,
        overall=overall,
        completeness=dimensions.get("completeness"),
        clarity=dimensions.get("clarity"),
        testability=dimensions.get("testability"),
        traceability=dimensions.get("traceability"),
    )
