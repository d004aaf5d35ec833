"""The body of `POST /v1/quality`: scores of one call, or its answer for the judge of quality.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mergecells.apps.service.llm_requests import is_name, object_of, refuse
from mergecells.apps.service.problems import FieldError, pointer
from mergecells.domain.quality import DIMENSIONS
from mergecells.transforms.plain_text import unsendable

MOST_ANSWER_CHARACTERS = 500_000
_SCORES = ("overall", *DIMENSIONS)
_KEYS = ("call_id", *_SCORES, "validation_passed", "iterations", "judge", "answer", "inputs")
_CALL = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")


@dataclass(frozen=True, slots=True)
class QualityRequest:
    """`answer` None: the scores are given. Else the judge is asked, with `inputs` (None: not known) for the task."""

    call_id: str
    scores: Mapping[str, float | None]
    validation_passed: bool | None
    iterations: int
    judge: str
    answer: str | None
    inputs: Mapping[str, Any] | None


def quality_request(document: Any) -> QualityRequest:
    """Raises ProblemError (422) with every place."""
    errors: list[FieldError] = []
    body = object_of(document, _KEYS, errors)
    call = body.get("call_id")
    if not isinstance(call, str) or not _CALL.match(call):
        errors.append(FieldError("/call_id", "The call_id of an answer is expected."))
    scores = {name: _score(body, name, errors) for name in _SCORES}
    iterations = body.get("iterations", 1)
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 1 <= iterations <= 1_000_000:
        errors.append(FieldError("/iterations", "A whole number from 1 is expected."))
    if not isinstance(body.get("validation_passed"), bool | None):
        errors.append(FieldError("/validation_passed", "True or false is expected."))
    _texts(body, scores, errors)
    refuse(errors)
    judge = body.get("judge") or "caller"
    answer, valid, inputs = body.get("answer"), body.get("validation_passed"), body.get("inputs")
    return QualityRequest(str(call), scores, valid, iterations, judge, answer, inputs)


def _texts(body: Mapping[str, Any], scores: Mapping[str, float | None], errors: list[FieldError]) -> None:
    answer, judge = body.get("answer"), body.get("judge")
    if judge is not None and not is_name(judge):
        errors.append(FieldError("/judge", "A text of 1 to 100 characters without control characters."))
    if answer is not None and (not isinstance(answer, str) or len(answer) > MOST_ANSWER_CHARACTERS):
        errors.append(FieldError("/answer", f"A text of at most {MOST_ANSWER_CHARACTERS:,} characters is expected."))
    elif answer is not None and (found := unsendable(answer)):
        errors.append(FieldError("/answer", f"It holds the character {found}, which no provider takes."))
    if not isinstance(body.get("inputs"), dict | None):
        errors.append(FieldError("/inputs", "An object of inputs by name is expected."))
    if answer is not None and (judge is not None or any(score is not None for score in scores.values())):
        errors.append(FieldError("/answer", "With an answer the config's judge scores: leave scores and judge out."))


def _score(body: Mapping[str, Any], name: str, errors: list[FieldError]) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        errors.append(FieldError(pointer(name), "A number from 0 to 1 is expected, or null for what was not judged."))
        return None
    return float(value)
