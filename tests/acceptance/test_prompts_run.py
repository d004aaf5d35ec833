"""`mergecells prompts run`: nothing is spent without --apply, examples are held to what they expect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.stage import Answer, command
from llm_stage import PRICES, routing
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server

PROMPT = """\
---
name: hook
model: {id: first, options: {maxOutputTokens: 50}}
inputs: {company: {sample: Acme}}
examples:
  good: {inputs: {company: Beta}, expected: {contains: [GOOD], max_words: 5}}
  long: {inputs: {company: Gamma}, expected: {contains: [answer], min_words: 9, excludes: [answer]}}
---
Write to {{ company }}.
"""
RULES = """\
version: "1"
tiers: {A: {min: 0}}
components:
  c: {weight: 1, factors: {f: {weight: 1, formula: "=1"}}}
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "mergecells.yaml": "version: 1\n",
        "scoring/rules.yaml": RULES,
        "prompts/hook.md": PROMPT,
        "prompts/routing.yaml": routing(server.url),
        "prompts/prices.yaml": PRICES.replace("  second: {input: 3.0, output: 4.0}\n", ""),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ONE_KEY", "sk-secret-of-the-test")
    return tmp_path


def run(root: Path, *words: str) -> Answer:
    return command("--config-root", root, "prompts", "run", *words)


def test_run_without_apply_shows_the_cost_and_sends_nothing(root: Path, server: ModelServer) -> None:
    """Which model would be asked, whether its key is there, tokens, and dollars at the most; no answer, no state."""
    shown = run(root, "hook", "--set", "company=Delta")
    assert (shown.status, server.asked) == (0, [])
    assert "ONE_KEY is set" in shown.output
    assert "at the most" in shown.output
    assert "--apply" in shown.messages
    told = json.loads(run(root, "hook", "--examples", "--output", "json").output)
    assert (told["sent"], len(told["calls"])) == (False, 2)
    assert 50 * 2 / 1e6 < told["calls"][0]["cost_at_most"] < 0.001
    assert not (root / "state").exists()


def test_run_apply_prints_the_answer_alone_and_tells_its_cost(root: Path, server: ModelServer) -> None:
    """stdout holds the answer; the rest is said on stderr. The second time it comes from the cache."""
    first = run(root, "hook", "--apply", "--run-id", "r1")
    assert (first.status, first.output) == (0, "A good answer.\n")
    assert "$0.00003 (precise)" in first.messages
    assert "run:r1" in first.messages
    again = run(root, "hook", "--apply", "--stream", "--run-id", "r1")
    assert again.output == "A good answer.\n"
    assert "from the cache" in again.messages
    assert len(server.asked) == 1
    assert "sk-secret" not in first.messages + again.messages


def test_run_output_json_is_the_whole_result(root: Path) -> None:
    """For programs: text, usage, attempts, revision and budgets in one document."""
    result = json.loads(run(root, "hook", "--apply", "--fresh", "--run-id", "r", "--output", "json").output)
    assert (result["text"], result["usage"]["input_tokens"], result["attempts"][0]["outcome"]) == (
        "A good answer.",
        20,
        "ok",
    )
    assert result["budgets"][0]["remaining"] == pytest.approx(5 - 0.00003)


def test_run_examples_fails_when_one_is_not_as_expected(root: Path) -> None:
    """Each expectation that is not met is named; exit status 1."""
    shown = run(root, "hook", "--examples", "--apply")
    assert shown.status == 1
    assert "1 of 2 examples good." in shown.output
    assert "long: It contains 'answer'." in shown.output
    assert "long: It has 3 words, fewer than 9." in shown.output


def test_run_cassette_plays_what_was_recorded_without_a_model(root: Path, server: ModelServer) -> None:
    """Recorded once with --apply, it is evaluated again without; a call that was not recorded says so."""
    assert run(root, "hook", "--example", "good", "--cassette", str(root / "c.jsonl")).status == 1
    assert run(root, "hook", "--example", "good", "--cassette", str(root / "c.jsonl"), "--apply").status == 0
    assert len(server.asked) == 1
    played = run(root, "hook", "--example", "good", "--cassette", str(root / "c.jsonl"))
    assert (played.status, played.output, len(server.asked)) == (0, "A good answer.\n", 1)
    (root / "c.jsonl").write_text("{}\n")
    broken = run(root, "hook", "--example", "good", "--cassette", str(root / "c.jsonl"))
    assert broken.status != 0
    assert "c.jsonl:1" in broken.messages


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hok",), "Did you mean 'hook'"),
        (("hook", "--example", "none"), "Examples are: good, long"),
        (("hook", "--model", "other"), "Models are: first"),
        (("hook", "--set", "compny=A"), "Did you mean 'company'"),
    ],
)
def test_run_mistake_is_told(root: Path, words: tuple[str, ...], said: str) -> None:
    """What there is instead, and exit status 2."""
    shown = run(root, *words)
    assert shown.status == 2
    assert said in shown.messages


def test_run_missing_key_names_the_variable(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table says that it is not set, and so does the call."""
    monkeypatch.delenv("ONE_KEY")
    assert "ONE_KEY is not set" in run(root, "hook").output
    shown = run(root, "hook", "--apply")
    assert shown.status == 1
    assert "ONE_KEY is not set" in shown.messages
