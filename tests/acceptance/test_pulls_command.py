"""`mergecells pulls`: what a reviewer does."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import ADA, BOB, Stage, command, make_stage
from mergecells.domain.pulls import CheckResult


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = make_stage(tmp_path, small=True)
    made.edit({"Tiers!B2": 82})
    assert made.submit().status == 0
    return made


def test_pulls_review_and_merge_as_a_person_does_it(stage: Stage) -> None:
    """List, show, diff, approve, merge; afterwards main has the change and the list is empty."""
    assert stage.run("pulls", "list").output == "#1    open    Set min of A to 82 (was 80)  (Ada Lovelace)\n"
    page = stage.run("pulls", "show", "1").output
    assert "check:    config check: success" in page
    assert "| `Tiers` | `A` | set `min` | `80` | `82` | `Tiers!B2` |" in page
    assert "+  A: {min: 82" in stage.run("pulls", "diff", "#1").output
    assert stage.run("pulls", "approve", "1", "--by", BOB).output.startswith("Approved #1 at ")
    assert "1 approval" in stage.run("pulls", "list").output
    merged = stage.run("pulls", "merge", "1", "--by", BOB)
    assert merged.output == f"Merged #1 into main as {stage.host.head('main')}.\n"
    assert "min: 82" in stage.rules()
    assert stage.run("pulls", "list").output == ""
    assert "#1    merged" in stage.run("pulls", "list", "--state", "all").output


def test_pulls_json_goes_to_stdout_alone(stage: Stage) -> None:
    """Every step as one JSON document."""
    listed = stage.run("pulls", "list", "--output", "json").json
    assert [pull["number"] for pull in listed["pull_requests"]] == [1]
    assert stage.run("pulls", "show", "1", "--output", "json").json["title"] == "Set min of A to 82 (was 80)"
    assert "+  A: {min: 82" in stage.run("pulls", "diff", "1", "--output", "json").json["diff"]
    assert stage.run("pulls", "approve", "1", "--by", BOB, "--output", "json").json["approvals"][0]["by"] == BOB
    merged = stage.run("pulls", "merge", "1", "--by", BOB, "--output", "json").json
    assert merged["merge_revision"] == stage.host.head("main")


def test_pulls_show_marks_a_stale_approval(stage: Stage) -> None:
    """After an update the approval is shown, with what it was for."""
    stage.run("pulls", "approve", "1", "--by", BOB)
    stage.edit({"Tiers!B2": 83})
    stage.submit()
    page = stage.run("pulls", "show", "1").output
    assert f"approval: {BOB}" in page
    assert "stale: it was for " in page
    assert "1 approval" not in stage.run("pulls", "list").output


def test_pulls_merge_of_a_head_that_was_updated_since_is_refused(stage: Stage) -> None:
    """The reviewer names what was looked at; the author was faster."""
    seen = stage.host.show(1).head_revision
    stage.edit({"Tiers!B2": 83})
    stage.submit()
    for step in ("approve", "merge"):
        refused = stage.run("pulls", step, "1", "--by", BOB, "--revision", seen)
        assert refused.status == 1
        assert "was updated meanwhile" in refused.messages
    assert stage.run("pulls", "merge", "1", "--by", BOB, "--revision", "pull/1").status == 0


def test_pulls_merge_with_a_failed_check_needs_force(stage: Stage) -> None:
    """Status 1 and the reason; --force is the operator's way past it."""
    pull = stage.host.show(1)
    failed = CheckResult(name="ci", conclusion="failure", revision=pull.head_revision, at="now", summary="2 errors")
    stage.host.record_check(1, failed)
    refused = stage.run("pulls", "merge", "1", "--by", BOB)
    assert refused.status == 1
    assert "ci: 2 errors" in refused.messages
    assert "check failed" in stage.run("pulls", "list").output
    assert stage.run("pulls", "merge", "1", "--by", BOB, "--force").status == 0


def test_pulls_merge_that_breaks_the_rules_with_what_main_became_is_refused(stage: Stage) -> None:
    """Each change is right alone, together the tiers are out of order: git sees no conflict, the check does."""
    stage.push("D: {min: 0", "A2: {min: 81}\n  D: {min: 0")
    head = stage.host.head("main")
    refused = stage.run("pulls", "merge", "1", "--by", BOB)
    assert refused.status == 1
    assert "rule.tier-order" in refused.messages
    assert stage.host.head("main") == head
    assert stage.run("pulls", "merge", "1", "--by", BOB, "--force").status == 0


def test_pulls_merge_conflict_names_the_file(stage: Stage) -> None:
    """Main changed the same line: status 1, the file and the way out."""
    stage.push("min: 80", "min: 85")
    refused = stage.run("pulls", "merge", "1", "--by", BOB)
    assert refused.status == 1
    assert "scoring/rules.yaml" in refused.messages
    assert "Submit the workbook again" in refused.messages


def test_pulls_close_gives_up_without_merging(stage: Stage) -> None:
    """Closed, main untouched."""
    assert stage.run("pulls", "close", "1", "--by", ADA).output == "Closed #1.\n"
    assert "min: 80" in stage.rules()


def test_pulls_work_on_a_bare_repository_alone(stage: Stage, tmp_path: Path) -> None:
    """A reviewer without a checkout names the repository."""
    answer = command("pulls", "--repository", stage.bare, "show", "1")
    assert answer.status == 0
    assert answer.output.startswith("#1 Set min of A")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("show", "9"), 1),
        (("show", "x"), 2),
        (("show", "--upload-pack"), 2),
        (("merge", "9", "--by", BOB), 1),
        (("approve", "1", "--by", "Bob"), 2),
        (("list", "--state", "all-of-them"), 2),
        (("show", "9999999999999999999"), 2),
    ],
)
def test_pulls_wrong_use_is_told_without_a_traceback(stage: Stage, arguments: tuple[str, ...], status: int) -> None:
    """Unknown numbers are an answer (1), malformed ones a usage error (2)."""
    answer = stage.run("pulls", *arguments)
    assert answer.status == status
    assert "Traceback" not in answer.messages
