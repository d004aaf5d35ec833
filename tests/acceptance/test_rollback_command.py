"""`mergecells rollback`: back to what ran before, by pull request."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import ADA, BOB, RULES, Stage, make_stage
from mergecells.domain.identity import Identity

CARL = Identity("Carl", "carl@example.org")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, small=True)


def rollback(stage: Stage, revision: str) -> dict[str, object]:
    answer = stage.run("rollback", revision, "--author", ADA, "--output", "json")
    assert answer.status == 0, answer
    result: dict[str, object] = answer.json
    return result


def test_rollback_restores_the_files_exactly_after_the_merge(stage: Stage) -> None:
    """The request says what changes back; merging it gives the old bytes on top of the history."""
    good = stage.host.head("main")
    before = stage.host.read_files(good)
    stage.push("min: 80", "min: 85")
    stage.push("min: 60", "min: 61")
    told = rollback(stage, good[:10])
    assert (told["outcome"], told["number"], told["title"]) == ("proposed", 1, f"Roll back to {good[:12]}")
    body = stage.host.show(1).body
    assert "`85` | `80`" in body
    assert "`61` | `60`" in body
    stage.host.merge(1, BOB)
    assert stage.host.read_files("main") == before
    assert stage.host.repository.is_ancestor(good, "main")


def test_rollback_takes_added_files_away_and_brings_deleted_ones_back(stage: Stage) -> None:
    """The set of files is restored too; what is no config stays."""
    good = stage.host.head("main")
    repository = stage.host.repository
    vertical = repository.read_files(good)["scoring/verticals/saas.yaml"]
    edits = {"scoring/verticals/saas.yaml": None, "scoring/verticals/other.yaml": vertical, "NOTES.md": b"kept"}
    commit = repository.commit_files(edits, [good], "Swap", CARL)
    repository.update_ref("refs/heads/main", commit, good)
    rollback(stage, "main~1")
    stage.host.merge(1, BOB)
    assert stage.host.read_files("main") == stage.host.read_files(good)
    assert repository.read_files("main")["NOTES.md"] == b"kept"


def test_rollback_from_a_bad_commit_needs_no_sound_head(stage: Stage) -> None:
    """Main holds a file that cannot be read: rolling back is the way out."""
    good = stage.host.head("main")
    stage.push("version:", "version: [", RULES)
    assert rollback(stage, good)["outcome"] == "proposed"
    stage.host.merge(1, BOB)
    assert stage.host.read_files("main") == stage.host.read_files(good)


def test_rollback_to_a_bad_revision_is_refused_with_its_findings(stage: Stage) -> None:
    """The files that would come back do not pass the check: status 1, no request."""
    good = stage.host.head("main")
    bad = stage.push("min: 80", "min: 10")
    stage.push("min: 10", "min: 80")
    answer = stage.run("rollback", bad, "--author", ADA)
    assert answer.status == 1
    assert "rule.tier-order" in answer.output
    assert stage.host.pulls("all") == []
    assert good != bad


def test_rollback_to_what_main_says_changes_nothing(stage: Stage) -> None:
    """Said so, status 0, no request."""
    assert rollback(stage, "main")["outcome"] == "unchanged"
    assert stage.host.pulls("all") == []


def test_rollback_twice_is_one_request(stage: Stage) -> None:
    """A second call for the same revision updates the first."""
    good = stage.host.head("main")
    stage.push("min: 80", "min: 85")
    assert rollback(stage, good)["number"] == 1
    assert rollback(stage, good)["number"] == 1


@pytest.mark.parametrize("revision", ["nope", "deadbeef", "--all", "main:scoring"])
def test_rollback_to_an_unknown_revision_is_told(stage: Stage, revision: str) -> None:
    """No guess; status 1 (2 for what looks like an option)."""
    answer = stage.run("rollback", "--author", ADA, revision)
    assert answer.status in {1, 2}
    assert "Traceback" not in answer.messages
    assert stage.host.pulls("all") == []


def test_rollback_of_one_prompt_leaves_the_rest(tmp_path: Path) -> None:
    """--prompt brings back that file only; a prompt that the revision does not have is a usage error."""
    stage = make_stage(tmp_path)
    first = stage.host.head("main")
    files = dict(stage.host.read_files(first))
    hook, strategy = files["prompts/hook.md"], files["prompts/account_strategy.md"]
    repository = stage.host.repository
    edits = {"prompts/hook.md": hook + b"More.\n", "prompts/account_strategy.md": strategy + b"More.\n"}
    changed = repository.commit_files(edits, [first], "Longer", CARL)
    repository.update_ref("refs/heads/main", changed, first)
    answer = stage.run("rollback", first, "--prompt", "hook", "--author", ADA, "--output", "json")
    assert answer.status == 0, answer.messages
    pull = stage.host.show(1)
    assert pull.title == f"Roll back hook to {first[:12]}"
    proposed = stage.host.read_files(pull.head_revision)
    assert proposed["prompts/hook.md"] == hook
    assert proposed["prompts/account_strategy.md"] == edits["prompts/account_strategy.md"]
    assert stage.run("rollback", first, "--prompt", "absent", "--author", ADA).status == 2


def test_rollback_of_one_prompt_tells_of_shared_text_that_changed(tmp_path: Path) -> None:
    """A partial is other prompts' too: it stays, and nobody is told that the prompt is what it was."""
    stage = make_stage(tmp_path)
    first = stage.host.head("main")
    repository, file = stage.host.repository, "prompts/partials/tone.md"
    changed = repository.commit_files(
        {file: stage.host.read_files(first)[file] + b"Be kind.\n"}, [first], "Kinder", CARL
    )
    repository.update_ref("refs/heads/main", changed, first)
    answer = stage.run("rollback", first, "--prompt", "hook", "--author", ADA)
    assert answer.status == 0, answer.messages
    assert f"prompts/partials/tone.md changed since {first[:12]} too" in answer.messages
    assert stage.host.pulls("all") == []
