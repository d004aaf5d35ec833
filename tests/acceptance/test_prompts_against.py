"""`prompts run --against` and the evaluation in a Plan: both texts answer the examples; the cost is shown before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.stage import Answer, command
from acceptance.test_prompts_run import PROMPT, RULES
from llm_stage import PRICES, routing
from mergecells.adapters.git_repository import GitRepository
from mergecells.adapters.local_pulls import LocalPulls
from mergecells.domain.identity import Identity
from standins.llm import openai_api
from standins.llm.server import Asked, ModelServer, Reply, model_server

ADA = Identity(name="Ada", mail="ada@example.org")
JUDGE = (Path(__file__).parents[2] / "prompts" / "quality_judge.md").read_text().replace("gpt-4.1-mini", "first")
SCORES = {"completeness": 1, "clarity": 0.5, "testability": None, "traceability": 0, "reason": "Vague."}
ALONE = (
    "---\nname: alone\nmodel: {id: first, options: {maxOutputTokens: 9}}\nexamples: {one: {}}\n---\nSay something.\n"
)
TONED = ALONE.replace("alone", "toned").replace("Say something.", '{% include "tone" %}')


def respond(asked: Asked) -> Reply:
    """Another answer to who is asked to be brief."""
    sent = json.dumps(asked.body)
    if "You grade one answer" in sent:
        return openai_api.answer(json.dumps(SCORES))
    return openai_api.answer("A good short answer." if "briefly" in sent else "A good answer.")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(respond) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "leads"
    for name, text in {
        "mergecells.yaml": "version: 1\nevaluation: {recordings: evaluations/answers.jsonl, max_cost: 0.01}\n",
        "scoring/rules.yaml": RULES,
        "prompts/hook.md": PROMPT.replace("max_words: 5", "max_words: 3"),
        "prompts/alone.md": ALONE,
        "prompts/toned.md": TONED,
        "prompts/quality_judge.md": JUDGE,
        "prompts/quality.yaml": "judge: quality_judge\n",
        "prompts/partials/tone.md": "Be kind.\n",
        "prompts/routing.yaml": routing(server.url),
        "prompts/prices.yaml": PRICES.replace("  second: {input: 3.0, output: 4.0}\n", ""),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    GitRepository.init_checkout(folder).commit_worktree("main", "Start", ADA)
    monkeypatch.setenv("MERGECELLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ONE_KEY", "sk-secret-of-the-test")
    return folder


def run(root: Path, *words: str) -> Answer:
    return command("--config-root", root, "prompts", "run", *words, "--against", "main")


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_against_shows_the_cost_first_and_sends_nothing_without_a_yes(root: Path, server: ModelServer) -> None:
    """Only prompts of which something else is sent; a bound, a guess and the cap; what is missing fails, by count."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    shown = run(root)
    assert (shown.status, server.asked) == (1, [])
    assert "0 answers are recorded, 4 are not" in shown.messages
    assert "at the most" in shown.messages
    assert "2 of 2 examples: no recorded answer for this text (before and after the change)" in shown.output
    assert "alone" not in shown.output
    told = json.loads(run(root, "--output", "json").output)
    assert (told["sent"], told["cost"]["calls"], told["good"]) == (False, 4, False)
    assert 0 < told["cost"]["about"] <= told["cost"]["most"] < 0.001


def test_against_compares_answers_and_records_them(root: Path, server: ModelServer) -> None:
    """Words, shape, tokens, cost, latency, quality of both sides; then the same for nothing from what was recorded."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    shown = run(root, "hook", "--yes", "--record")
    assert shown.status == 1  # max_words is 3
    assert len(server.asked) == 4
    assert "A good {+short +}answer." in shown.output
    assert "It has 4 words, more than 3." in shown.output
    assert "spent now: $0.00012" in shown.output
    played = json.loads(run(root, "--output", "json").output)
    assert (len(server.asked), played["cost"]["calls"], played["cost"]["recorded"]) == (4, 0, 4)
    first = played["evaluation"]["prompts"][0]["runs"][0]
    before, after = first["before"], first["after"]
    assert (before["status"], before["text"], before["input_tokens"]) == ("recorded", "A good answer.", 20)
    assert after["cost"] == pytest.approx(30e-6)
    assert after["seconds"] > 0
    assert before["passed"] is not None
    assert (before["problems"], after["problems"]) == ([], ["It has 4 words, more than 3."])
    # What is sent stays the same: another description leaves recorded answers valid, another text does not.
    edit(root, "prompts/hook.md", "name: hook", "name: hook\ndescription: Openings")
    assert json.loads(run(root, "--output", "json").output)["cost"]["calls"] == 0
    edit(root, "prompts/hook.md", "briefly", "very briefly")
    again = run(root)
    assert "2 of 2 examples: no recorded answer for this text (after the change)" in again.output
    assert len(server.asked) == 4


def test_against_finds_what_changed_through_a_partial_or_a_route(root: Path) -> None:
    """By name, and no other prompt; a changed description alone sends nothing else, and says so."""
    edit(root, "prompts/partials/tone.md", "kind", "kind and brief")
    edit(root, "prompts/alone.md", "name: alone", "name: alone\ndescription: d")
    told = json.loads(run(root, "--output", "json").output)["evaluation"]["prompts"]
    assert [(each["slug"], each["reason"]) for each in told] == [
        ("alone", "its settings"),
        ("toned", "the partial tone"),
    ]
    assert "stays the same" in told[0]["notes"][0]
    edit(root, "prompts/routing.yaml", "id: model-1", "id: model-9")
    told = json.loads(run(root, "--output", "json").output)["evaluation"]["prompts"]
    assert {each["slug"]: each["reason"] for each in told}["hook"] == "its models"


def test_against_spends_no_more_than_the_cap(root: Path, server: ModelServer) -> None:
    """Each worst case is held back before its call: what would pass the cap is not sent, and is no pass."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    shown = run(root, "--max-cost", "0.0001")
    assert shown.status == 1
    assert "4 of" not in shown.output
    assert "not asked, for the cap" in shown.output
    assert len(server.asked) == 0


def test_against_asks_the_judge_for_both_sides(root: Path, server: ModelServer) -> None:
    """Its scores stand beside those of the rules; it is a call of its own, and is counted in what was spent."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    asked = run(root, "hook", "--yes", "--judge", "--output", "json")
    assert "Judging each answer: $0.0" in asked.messages
    told = json.loads(asked.output)
    first = told["evaluation"]["prompts"][0]["runs"][0]["after"]
    assert first["judged"] == {"completeness": 1, "clarity": 0.5, "testability": None, "traceability": 0}
    assert first["judge"].startswith("quality_judge@")
    tasks = [json.dumps(each.body) for each in server.asked if "You grade" in json.dumps(each.body)]
    assert sum("briefly" in each for each in tasks) == sum("briefly" not in each for each in tasks) == 2
    assert told["evaluation"]["spent"] == pytest.approx(8 * 30e-6)


def test_plan_carries_the_evaluation_collapsed_and_says_what_is_missing(root: Path, server: ModelServer) -> None:
    """In the markdown of a pull request: recorded answers as a table, missing ones by count; nobody is asked."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    missing = command("--config-root", root, "diff", "main", "--output", "markdown").output
    assert "2 of 2 examples: no recorded answer for this text" in missing
    assert server.asked == []
    run(root, "--yes", "--record")
    shown = command("--config-root", root, "diff", "main", "--output", "markdown").output
    section = shown[shown.index("## What prompts answer") :]
    assert "<details>" in section
    assert "| `good` | `after` | `failed` |" in section
    assert "A good {+short +}answer." in section
    assert len(server.asked) == 4


def test_rollback_of_a_prompt_carries_its_answers(root: Path, server: ModelServer, tmp_path: Path) -> None:
    """The reviewer of the way back sees what the text of now and the old one answer, from what was recorded."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    run(root, "--yes", "--record")
    bare = tmp_path / "leads.git"
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (
        ["init", "-q", "--bare", "-b", "main", bare],
        ["remote", "add", "origin", bare],
        ["add", "-A"],
        [*who, "commit", "-qm", "Briefly"],
        ["push", "-q", "origin", "main"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True)
    back = ("rollback", "main~1", "--prompt", "hook", "--author", "Ada <ada@example.org>")
    assert command("--config-root", root, *back).status == 0
    body = LocalPulls(bare).show(1).body
    assert "A good [-short -]answer." in body
    assert "recorded" in body
    assert len(server.asked) == 4


def test_live_plan_asks_only_what_the_base_knows(root: Path, server: ModelServer) -> None:
    """Before a review, a changed address gets no key of ours, a changed price lifts no cap; the base has it."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    with model_server(respond) as other:
        edit(root, "prompts/routing.yaml", server.url, other.url)
        edit(root, "mergecells.yaml", "max_cost: 0.01", "max_cost: 100")
        shown = command("--config-root", root, "diff", "main", "--live", "--output", "markdown").output
        assert other.asked == []
        assert "are not asked before somebody has reviewed them (after the change)" in shown
    asked = len(server.asked)
    assert asked > 0  # the texts before the change
    edit(root, "prompts/routing.yaml", other.url, server.url)
    edit(root, "prompts/prices.yaml", "input: 1.0, output: 2.0", "input: 0, output: 0")
    shown = command("--config-root", root, "diff", "main", "--live", "--output", "markdown").output
    assert len(server.asked) == asked
    assert "reviewed them" in shown


def test_live_plan_is_answered_within_the_cap_of_the_base(root: Path, server: ModelServer) -> None:
    """Answers and their cost stand in the Plan, and are recorded for whoever commits them."""
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    shown = command("--config-root", root, "diff", "main", "--live", "--output", "markdown").output
    assert "(2 answered); spent now: $0.00012" in shown
    assert len((root / "evaluations/answers.jsonl").read_text().splitlines()) == 4
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("hook", "--examples"), "Leave out"),
        (("hok",), "no prompt 'hok'"),
        (("hook", "--fresh", "--record"), "Give one of them"),
        (("hook", "--max-cost", "-1"), "max-cost"),
        (("hook", "--max-cost", "nan"), "max-cost"),
        (("hook", "--max-cost", "inf"), "is no amount"),
    ],
)
def test_against_mistake_is_told(root: Path, words: tuple[str, ...], said: str) -> None:
    """What to do instead, and exit status 2."""
    shown = run(root, *words)
    assert shown.status == 2
    assert said in shown.messages


def test_recordings_outside_the_config_root_are_refused(root: Path) -> None:
    """A manifest cannot have a file elsewhere read or written."""
    edit(root, "mergecells.yaml", "evaluations/answers.jsonl", "../answers.jsonl")
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    assert run(root, "--yes", "--record").status == 2
    shown = command("--config-root", root, "diff", "main", "--output", "markdown").output
    assert "cannot be used" in shown


def test_live_without_a_word_of_the_base_asks_nobody_and_says_so(root: Path, server: ModelServer) -> None:
    """The change brings `evaluation` itself: nobody has reviewed that."""
    text = (root / "mergecells.yaml").read_text()
    (root / "mergecells.yaml").write_text("version: 1\n")
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, "commit", "-qam", "No evaluation"], cwd=root, check=True)
    (root / "mergecells.yaml").write_text(text)
    edit(root, "prompts/hook.md", "Write to", "Write briefly to")
    shown = command("--config-root", root, "diff", "main", "--live")
    assert "No model is asked" in shown.messages
    assert server.asked == []
