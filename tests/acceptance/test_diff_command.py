"""`mergecells diff`: two revisions in the words of the domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import Stage, make_stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, small=True)


def edit_rules(stage: Stage, old: str, new: str) -> None:
    path = stage.root / "scoring/rules.yaml"
    path.write_text(path.read_text().replace(old, new, 1))


def test_diff_with_the_working_tree_shows_the_edit_in_words(stage: Stage) -> None:
    """HEAD left out: the files as they are now, uncommitted edits included."""
    edit_rules(stage, "min: 80", "min: 82")
    answer = stage.run("diff", "HEAD")
    assert answer.status == 0
    assert answer.output.splitlines()[0].startswith("~ Tiers  A  min: 80 → 82  (")


def test_diff_of_two_revisions_in_json(stage: Stage) -> None:
    """The ChangeSet, with full SHAs on both sides."""
    base = stage.git("rev-parse", "HEAD")
    edit_rules(stage, "min: 80", "min: 82")
    stage.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-am", "x")
    head = stage.git("rev-parse", "HEAD")
    told = stage.run("diff", base[:8], "main", "--output", "json").json
    assert (told["base"], told["head"], told["files"]) == (base, head, ["scoring/rules.yaml"])
    change = told["changes"][0]
    facts = [change[name] for name in ("area", "key", "field", "old", "new")]
    assert facts == ["Tiers", "A", "min", 80, 82]


def test_diff_markdown_is_the_pull_requests_table(stage: Stage) -> None:
    """The same renderer as the pull request's body; no claim about checks that were not run."""
    edit_rules(stage, "min: 80", "min: 82")
    text = stage.run("diff", "main", "--output", "markdown").output
    assert "| `Tiers` | `A` | set `min` | `80` | `82` |" in text
    assert "What it does to the sample and golden leads" in text
    assert "check passed" not in text


def test_diff_without_a_change_says_so(stage: Stage) -> None:
    """Equal files give no change, whatever lies beside the config."""
    (stage.root / "notes.txt").write_text("x")
    assert stage.run("diff", "main").output == "Nothing changes.\n"
    assert stage.run("diff", "main", "--output", "json").json["changes"] == []


def test_diff_of_a_comment_names_the_file(stage: Stage) -> None:
    """No row changes, but the file does."""
    path = stage.root / "scoring/rules.yaml"
    path.write_text(path.read_text() + "# the end\n")
    assert "~ scoring/rules.yaml" in stage.run("diff", "main").output


def test_diff_shows_impact_on_the_golden_leads(stage: Stage) -> None:
    """A tier's minimum above every score moves the leads of that tier."""
    edit_rules(stage, "min: 80", "min: 99.5")
    assert "tier A → B" in stage.run("diff", "main").output


@pytest.mark.parametrize("names", [("nope",), ("main", "nope"), ("main..main",)])
def test_diff_of_an_unknown_revision_is_told(stage: Stage, names: tuple[str, ...]) -> None:
    """Status 1, the name, no traceback."""
    answer = stage.run("diff", *names)
    assert answer.status == 1
    assert "revision" in answer.messages


def test_diff_with_the_working_tree_names_it_as_services_do(stage: Stage) -> None:
    """A clean checkout goes by its commit, an edited one by its commit and a digest."""
    base = stage.git("rev-parse", "HEAD")
    assert stage.run("diff", "HEAD", "--output", "json").json["head"] == base
    edit_rules(stage, "min: 80", "min: 82")
    assert stage.run("diff", "HEAD", "--output", "json").json["head"].startswith(f"{base}-dirty-")
