"""Smoke cases against what came back: every label is compared."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from mergecells.adapters.tree_files import read_config_files
from mergecells.apps.cli.smoke_output import smoke_junit, smoke_table
from mergecells.domain.prompts import ExpectedAnswer
from mergecells.domain.routing import Intent
from mergecells.domain.smoke import Observed, Smoke, SmokeCase
from mergecells.transforms.smoke_judge import gaps, judge, judge_offline
from mergecells.transforms.yaml_shape import validate_document
from mergecells.transforms.yaml_to_config import load_config, parse_yaml

ROOT = Path(__file__).parents[3]
MESSAGE = SmokeCase(message="Hi", intent="social_chat", expected=ExpectedAnswer(max_words=2))
GOOD = Observed(200, "Hello there", "social_chat", "a" * 40, "m", 0.1, 0.01)


@pytest.mark.parametrize(
    ("observed", "problem"),
    [
        (GOOD, ""),
        (Observed(503, error="Down."), "The status is 503, not 200: Down."),
        (Observed(0, error="Nobody there."), "The status is 0, not 200: Nobody there."),
        (Observed(200, "Hello", "coding_help"), "The intent is coding_help, not social_chat."),
        (Observed(200, "Hello"), "The intent is none, not social_chat."),
        (Observed(200, " ", "social_chat"), "The answer is empty."),
        (Observed(200, "one two three", "social_chat"), "It has 3 words, more than 2."),
    ],
)
def test_a_label_that_is_not_met_is_a_problem(observed: Observed, problem: str) -> None:
    """A good status alone is no good answer."""
    assert judge("case", MESSAGE, observed).problems == ((problem,) if problem else ())


def test_a_refusal_that_was_asked_for_is_good() -> None:
    """And an answer in its place is not."""
    refused = SmokeCase(prompt="nope", status=404)
    assert judge("case", refused, Observed(404, error="There is no such prompt.")).problems == ()
    assert judge("case", refused, GOOD).problems == ("The status is 200, not 404",)


@pytest.mark.parametrize("made", [{}, {"message": "m", "prompt": "p"}, {"prompt": "p", "intent": "i"}])
def test_a_case_is_a_message_or_a_prompt(made: dict[str, Any]) -> None:
    """Neither, both, or an intent of a prompt."""
    assert SmokeCase(**made).problem


def _shipped() -> tuple[Any, Smoke]:
    files = read_config_files(ROOT).files
    config = load_config(files).config
    document, _ = parse_yaml("smoke.yaml", (ROOT / "prompts" / "smoke.yaml").read_bytes())
    assert document is not None
    smoke, findings = validate_document(document, Smoke)
    assert smoke is not None, findings
    return config, smoke


def test_shipped_cases_cover_every_intent_and_type_and_fit_the_rules() -> None:
    """What is shipped passes by the rules alone, and says nothing of what it leaves out."""
    config, smoke = _shipped()
    assert all(not case.problem for case in smoke.cases.values())
    assert [each.problems for each in judge_offline(config, smoke) if each.problems] == []
    assert gaps(config, smoke) == []
    assert {case.prompt for case in smoke.cases.values() if case.status == 200} - {None} <= set(config.prompts)


def test_rules_that_miss_are_told_offline() -> None:
    """The intents of the cases are golden: a rule that is taken away breaks them."""
    config, smoke = _shipped()
    routing = config.routing.model_copy(update={"intents": {**config.routing.intents, "social_chat": Intent()}})
    broken = dataclasses.replace(config, routing=routing)
    failed = {each.name for each in judge_offline(broken, smoke) if each.problems}
    assert {"greeting", "thanks"} <= failed


def test_results_are_shown_with_what_failed_and_what_it_cost() -> None:
    """The table for people; JUnit holds any text."""
    verdicts = [judge("good", MESSAGE, GOOD), judge("bad", MESSAGE, Observed(500, error="\x00broken <b>"))]
    lines = smoke_table(verdicts, ["intent x"])
    assert lines[0].startswith("ok    good")
    assert "$0.0100 spent" in lines[-2]
    assert lines[-1] == "No case for: intent x."
    text = smoke_junit(verdicts)
    assert 'failures="1"' in text
    assert "broken &lt;b&gt;" in text
    assert "\x00" not in text
