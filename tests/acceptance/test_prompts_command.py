"""`mergecells prompts`: prompts are files, and git is their history."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from acceptance.stage import command

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
