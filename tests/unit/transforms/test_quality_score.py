"""The four dimensions: each rule shown by an answer that keeps it and one that breaks it; nothing is never perfect."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergecells.domain.prompts import ExpectedAnswer
from mergecells.domain.quality import Quality, QualityDimension
from mergecells.transforms.prompt_to_config import parse_prompt
from mergecells.transforms.quality_gate import overall_score, passes
from mergecells.transforms.quality_record import evaluate_answer
from mergecells.transforms.quality_score import QualityScores, score_answer

SCHEMA = {
    "type": "object",
    "required": ["employees", "reasons", "tier"],
    "properties": {
        "employees": {"type": ["integer", "null"]},
        "tier": {"enum": ["A", "B"]},
        "reasons": {"type": "array", "minItems": 2, "items": {"type": "string"}},
    },
}
INPUTS = {"message": "We are 240 people in Leeds. We have set aside 20,000 dollars."}


def judged(parsed: Any = None, text: str | None = None, **more: Any) -> QualityScores:
    return score_answer(text if text is not None else json.dumps(parsed), parsed=parsed, **more)


@pytest.mark.parametrize("text", ["", "   \n"])
def test_quality_of_an_empty_answer_is_nothing_and_not_perfect(text: str) -> None:
    """No dimension, no overall score, and neither passed nor failed."""
    scores = score_answer(text, schema=SCHEMA, expected=ExpectedAnswer(contains=["x"]), inputs=INPUTS)
    assert set(scores.by_dimension.values()) == {None}
    assert overall_score(scores.by_dimension, Quality()) is None
    assert passes(None, scores.by_dimension, None, Quality()) is None


def test_quality_dimension_that_nothing_asks_for_is_not_judged() -> None:
    """A text without a schema, an expectation or inputs: nothing was asked for, nothing can be traced."""
    scores = judged(text="The firm has 240 employees.")
    assert (scores.completeness, scores.traceability) == (None, None)
    assert (scores.clarity, scores.testability) == (1.0, 1.0)


def test_quality_of_empty_json_has_no_items() -> None:
    """`{}` of a prompt without required keys is JSON, and still says nothing."""
    assert judged({}).testability is None
    assert overall_score(judged({}).by_dimension, Quality()) is None


@pytest.mark.parametrize(
    ("answer", "completeness"),
    [
        ({"employees": 240, "tier": "A", "reasons": ["240 people", "in Leeds"]}, 1.0),
        ({"employees": None, "tier": "A", "reasons": ["240 people", "in Leeds"]}, 1.0),
        ({"employees": 240, "tier": "", "reasons": ["240 people", "in Leeds"]}, 3 / 4),
        ({"employees": 240, "tier": "A", "reasons": ["240 people"]}, 3 / 4),
        ({"tier": "A"}, 1 / 3),
    ],
)
def test_completeness_counts_what_the_schema_requires(answer: dict[str, Any], completeness: float) -> None:
    """Required keys that are there and not blank, and lists that are long enough; null is an answer."""
    assert judged(answer, schema=SCHEMA).completeness == pytest.approx(completeness)


def test_completeness_counts_what_the_example_expects() -> None:
    """Texts without regard to case, and a least number of words."""
    expected = ExpectedAnswer(contains=["leeds", "240"], min_words=3)
    assert judged(text="LEEDS has 240 people", expected=expected).completeness == 1.0
    assert judged(text="Leeds", expected=expected).completeness == pytest.approx(1 / 3)


def test_completeness_of_a_cut_answer_misses_its_end() -> None:
    """The same text, cut off, is less complete."""
    expected = ExpectedAnswer(contains=["Leeds"])
    assert judged(text="From Leeds", expected=expected, truncated=True).completeness == 0.5


def test_completeness_of_an_answer_that_is_not_the_json_is_nothing_of_it() -> None:
    """Asked for JSON, got prose."""
    assert judged(text="Sorry, no.", schema=SCHEMA).completeness == 0.0


@pytest.mark.parametrize(
    ("text", "clarity"),
    [
        ("They buy in July. They have 20,000 dollars.", 1.0),
        ("They buy in July. They have various budgets, etc.", 0.5),
        ("They buy. " + "word " * 41 + ".", 0.5),
    ],
)
def test_clarity_counts_vague_and_endless_sentences(text: str, clarity: float) -> None:
    """A vague word or more than forty words make a sentence unclear."""
    assert judged(text=text).clarity == clarity


def test_clarity_counts_what_must_not_be_there() -> None:
    """The example's `excludes` and `max_words`."""
    expected = ExpectedAnswer(excludes=["guarantee"], max_words=5)
    assert judged(text="We guarantee it.", expected=expected).clarity == pytest.approx(2 / 3)
    assert judged(text="We guarantee it to all of you.", expected=expected).clarity == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "testability"),
    [
        ("It opens on 2026-03-01.", 1.0),
        ('They said "we need a demo".', 1.0),
        ("It is a nice firm.\nIt has 240 people.", 0.5),
    ],
)
def test_testability_counts_what_somebody_could_check(text: str, testability: float) -> None:
    """Numbers, dates and quotations; praise is none."""
    assert judged(text=text).testability == testability


def test_testability_of_json_trusts_what_the_schema_holds() -> None:
    """A number and an enum can be checked; free text only for what it states."""
    assert judged({"employees": 1, "tier": "A", "reasons": ["nice firm"]}, schema=SCHEMA).testability == pytest.approx(
        2 / 3
    )


@pytest.mark.parametrize(
    ("text", "traceability"),
    [
        ("240 people in Leeds.", 1.0),
        ("They have 20000 dollars.", 1.0),
        ("They have 300 people in Leeds.", 0.0),
        ("240 people in Leeds.\nThey love sailing.", 0.5),
    ],
)
def test_traceability_follows_numbers_and_names_to_the_inputs(text: str, traceability: float) -> None:
    """A number that the inputs do not have is made up, whatever stands around it."""
    assert judged(text=text, inputs=INPUTS).traceability == traceability


def test_quality_of_hostile_answers_ends() -> None:
    """A megabyte of anything, and JSON of a thousand levels, are judged and do not hang."""
    assert score_answer("a" * 1_000_000, inputs=INPUTS).clarity is not None
    assert score_answer('"1' * 500_000).testability is None
    assert score_answer('"x' * 500_000).testability is not None
    deep: Any = "x"
    for _ in range(1_000):
        deep = [deep]
    assert score_answer("[", parsed=deep, schema=SCHEMA).testability is None


texts = st.text(st.characters(codec="utf-8"), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "x"]), inner),  # type: ignore[call-overload]
    max_leaves=8,
)


@settings(max_examples=40)
@given(values, texts)
def test_quality_scores_lie_between_nought_and_one(value: Any, source: str) -> None:
    """Whatever an answer is; and the overall score lies between the lowest and the highest dimension."""
    scores = judged(value, schema=SCHEMA, inputs={"a": source, "b": value})
    known = [score for score in scores.by_dimension.values() if score is not None]
    assert all(0 <= score <= 1 for score in known)
    overall = overall_score(scores.by_dimension, Quality())
    assert overall is None or min(known) - 1e-9 <= overall <= max(known) + 1e-9


def test_overall_weighs_only_what_was_judged() -> None:
    """Half of the weight on one dimension, the other half not judged: the one decides."""
    quality = Quality(dimensions={"clarity": QualityDimension(weight=1), "completeness": QualityDimension(weight=1)})
    assert overall_score({"clarity": 0.8, "completeness": None, "testability": 0.1}, quality) == 0.8


@pytest.mark.parametrize(
    ("overall", "completeness", "valid", "verdict"),
    [
        (0.7, 0.6, True, True),
        (0.69, 0.9, True, False),
        (0.9, 0.59, True, False),
        (0.9, None, None, True),
        (0.9, 0.9, False, False),
        (None, None, False, False),
        (None, None, True, None),
    ],
)
def test_gate_needs_overall_minima_and_form(
    overall: float | None, completeness: float | None, valid: bool | None, verdict: bool | None
) -> None:
    """The shipped gate: 0.7 overall, completeness 0.6, a valid form; what was not judged fails nothing."""
    quality = Quality()
    assert passes(overall, {"completeness": completeness}, valid, quality) is verdict


def test_form_without_what_could_tell_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither right nor wrong where jsonschema-rs is not installed; what is no JSON is wrong anyway."""
    monkeypatch.setattr("mergecells.transforms.quality_record.find_spec", lambda _: None)
    text = "---\nname: form\noutputs: {type: object}\n---\nx\n"
    prompt, _, _ = parse_prompt("prompts/form.md", text.encode())
    assert prompt is not None
    assert evaluate_answer('{"a": 1}', prompt).valid is None
    assert evaluate_answer("{", prompt).valid is False
