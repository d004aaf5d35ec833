"""`mergecells prompts`: prompts are files, and git is their history."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
from pathlib import Path

import pytest

from acceptance.stage import command
from fakes.llm_turns import sample_turn
from mergecells.apps.history import open_turn_log
from mergecells.domain.llm import Usage

PROMPT = """\
---
name: hook
inputs: {company: {sample: Acme}}
examples: {beta: {inputs: {company: Beta}}}
---
system:
{% include "tone" %}
user:
Write to {{ company }} in 30 words.
"""
RULES = """\
version: "1"
tiers: {A: {min: 0}}
components:
  c: {weight: 1, factors: {f: {weight: 1, formula: "=1"}}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "scoring").mkdir()
    (tmp_path / "scoring/rules.yaml").write_text(RULES)
    (tmp_path / "mergecells.yaml").write_text("version: 1\n")
    (tmp_path / "prompts/partials").mkdir(parents=True)
    (tmp_path / "prompts/hook.md").write_text(PROMPT)
    (tmp_path / "prompts/partials/tone.md").write_text("Be plain.\n")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "First")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, timeout=30)


def commit(root: Path, subject: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)


def prompts(root: Path, *arguments: str) -> tuple[int, str, str]:
    answer = command("--config-root", root, "prompts", *arguments)
    return answer.status, answer.output, answer.messages


def test_prompts_list_show_and_render(root: Path) -> None:
    """Slugs with their SHA, the file as it is, the messages of a call."""
    status, out, _ = prompts(root, "list", "--output", "json")
    assert status == 0
    assert [(row["slug"], row["inputs"]) for row in json.loads(out)] == [("hook", ["company"])]
    assert prompts(root, "show", "hook")[1] == PROMPT
    assert prompts(root, "render", "hook")[1] == "system:\nBe plain.\n\nuser:\nWrite to Acme in 30 words.\n"
    assert "Beta" in prompts(root, "render", "hook", "--example", "beta")[1]
    assert "Zeta" in prompts(root, "render", "hook", "--set", "company=Zeta")[1]


def test_prompts_history_and_diff_follow_the_prompt_and_its_partials(root: Path) -> None:
    """A commit that changed only an unused partial is no version; one of the used partial is."""
    (root / "prompts/hook.md").write_text(PROMPT.replace("30 words", "25 words"))
    commit(root, "Shorter")
    (root / "prompts/partials/unused.md").write_text("x\n")
    commit(root, "Another partial")
    (root / "prompts/partials/tone.md").write_text("Be kind.\n")
    commit(root, "Kinder")
    rows = json.loads(prompts(root, "history", "hook", "--output", "json")[1])
    assert [row["subject"] for row in rows] == ["Kinder", "Shorter", "First"]
    assert len({row["sha"] for row in rows}) == 3
    assert "in [-30-]{+25+} words." in prompts(root, "diff", "hook", "main~3", "main")[1]
    assert "30 words" in prompts(root, "show", "hook", "--revision", "main~3")[1]


def test_prompts_lint_tells_what_is_wrong(root: Path) -> None:
    """Findings with their places, exit status 1; one file alone, too."""
    assert prompts(root, "lint")[0] == 0
    (root / "prompts/hook.md").write_text(PROMPT.replace("{{ company }}", "{{ compnay }}"))
    for arguments in (["lint"], ["lint", str(root / "prompts/hook.md")]):
        status, out, _ = prompts(root, *arguments, "--output", "json")
        assert status == 1
        found = [(each["code"], each["line"]) for each in json.loads(out)["findings"]]
        assert ("prompt.undeclared-variable", 9) in found


ROUTES = """\
providers:
  one: {kind: openai, base_url: "https://example.com/v1", key_env: ONE_KEY}
models:
  small: {provider: one, id: gpt-4.1-mini, context_tokens: 40, max_output_tokens: 10}
intents:
  ambiguous: {ladder: {small: {}}}
"""
PRICES = "prices: {small: {input: 1, output: 1}}\n"


def with_routes(root: Path) -> None:
    (root / "prompts/routing.yaml").write_text(ROUTES)
    (root / "prompts/prices.yaml").write_text(PRICES)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No history, and no vocabulary, until a test makes one."""
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("MERGECELLS_HISTORY_URL", raising=False)
    return tmp_path / "state"


def test_tokens_are_guessed_and_said_to_be_where_nothing_better_is_at_hand(root: Path, state: Path) -> None:
    """The method, the model, and why it is no exact count; no history is made by asking."""
    with_routes(root)
    _, out, messages = prompts(root, "lint", "--sizes")
    assert "heuristic  small" in out
    assert "1 prompts" not in messages
    assert "Not counted exactly for small: tiktoken" in messages
    _, out, messages = prompts(root, "render", "hook", "--output", "json")
    assert json.loads(out)["tokens"]["method"] == "heuristic"
    assert "for small (heuristic)" in prompts(root, "render", "hook")[2]
    assert not state.exists()


def test_tokens_are_calibrated_by_recorded_usage(root: Path, state: Path) -> None:
    """A prompt that providers counted high: `render`, `lint` and the offer of `run` say so, and `check` refuses it."""
    with_routes(root)
    assert "too-many-tokens" not in prompts(root, "lint")[1]
    log = open_turn_log()
    for number in range(5):
        usage = Usage(200, 4, 0.0002, truncated=False)
        turn = sample_turn(call_id=f"c{number}", at=time.time(), prompt_slug="hook", model="small", usage=usage)
        log.record_turn(dataclasses.replace(turn, characters=220))
    log.close()
    assert json.loads(prompts(root, "render", "hook", "--output", "json")[1])["tokens"]["method"] == "calibrated"
    told = json.loads(prompts(root, "lint", "--output", "json")[1])
    assert [(each["method"], each["model"]) for each in told["prompts"]] == [("calibrated", "small")]
    assert told["prompts"][0]["tokens"] > 20
    (root / "prompts/hook.md").write_text(
        PROMPT.replace("---\nsystem", "model: {options: {maxOutputTokens: 10}}\n---\nsystem")
    )
    for words in (("prompts", "lint"), ("check",)):
        out = command("--config-root", root, *words).output
        assert "tokens (calibrated) and 10 for the answer" in out


def test_tokens_are_exact_with_the_vocabulary(root: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's own counter comes first; then no word about a missing one."""
    with_routes(root)
    monkeypatch.setattr(
        "mergecells.apps.llm_watchers.find_counter", lambda model: len if model == "gpt-4.1-mini" else None
    )
    monkeypatch.setattr("mergecells.apps.cli.token_counting.missing_vocabulary", lambda _model: "")
    messages = prompts(root, "render", "hook")[2]
    assert " tokens for small (exact)" in messages
    assert "About" not in messages
    assert "Not counted" not in messages


def test_prompts_import_writes_only_when_told(root: Path, tmp_path: Path) -> None:
    """A dry run shows the result; --apply writes it, once."""
    source = root / "old.md"
    source.write_text("Hi {name!r} {name}\n")
    status, out, messages = prompts(root, "import", str(source))
    assert status == 0
    assert "Hi" in out
    assert "old.md:1:" in messages
    assert not (root / "prompts/old.md").exists()
    assert prompts(root, "import", str(source), "--apply")[0] == 0
    assert (root / "prompts/old.md").read_text() == out
    assert prompts(root, "import", str(source), "--apply")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "hok"], "Did you mean hook"),
        (["render", "hook", "--set", "company"], "has no ="),
        (["render", "hook", "--set", "compny=a"], "Did you mean 'company'"),
        (["render", "hook", "--example", "gamma"], "beta"),
        (["render", "hook", "--inputs", "absent.json"], "absent.json"),
    ],
)
def test_prompts_mistakes_are_usage_errors(root: Path, arguments: list[str], words: str) -> None:
    """Each says what there is."""
    status, _, messages = prompts(root, *arguments)
    assert status == 2
    assert words in messages
