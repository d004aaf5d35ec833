"""`mergecells submit` on a real workbook, checkout and bare repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acceptance.stage import ADA, BOB, Stage, make_stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, small=True)


def test_submit_one_cell_opens_a_request_with_a_one_line_diff(stage: Stage) -> None:
    """Number, address, a title in the domain's words, the plan; main is untouched."""
    before = stage.host.head("main")
    stage.edit({"Tiers!B2": 82})
    answer = stage.submit()
    assert answer.status == 0, answer
    told = answer.json
    assert (told["outcome"], told["number"], told["updated"]) == ("proposed", 1, False)
    assert told["title"] == "Set min of A to 82 (was 80)"
    assert told["url"] == f"{stage.bare}#1"
    change = told["plan"]["changes"]["changes"][0]
    assert (change["area"], change["key"], change["field"]) == ("Tiers", "A", "min")
    assert (change["old"], change["new"], change["cell"], change["file"]) == (80, 82, "Tiers!B2", "scoring/rules.yaml")
    assert change["line"] == 1 + stage.rules(before).splitlines().index(
        next(line for line in stage.rules(before).splitlines() if line.lstrip().startswith("A:"))
    )
    diff = stage.host.diff(1)
    assert [line[0] for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")] == ["-", "+"]
    assert stage.host.head("main") == before
    body = stage.host.show(1).body
    assert "`Tiers!B2`" in body
    assert ADA in body
    assert before[:12] in body


def test_submit_text_names_number_title_and_address(stage: Stage) -> None:
    """What a person reads: first line `#N title`, then where it is, then the change with cell and line."""
    stage.edit({"Tiers!B2": 82})
    lines = stage.run("submit", "--author", ADA, "--title", "Stricter A").output.splitlines()
    assert lines[0] == "#1 Stricter A"
    assert lines[1].startswith(f"{stage.bare}#1  (opened by Ada Lovelace")
    assert lines[3].startswith("~ Tiers  A  min: 80 → 82  (Tiers!B2, scoring/rules.yaml:")


def test_submit_again_updates_the_same_request(stage: Stage) -> None:
    """A second edit joins the first in one request."""
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    stage.edit({"Tiers!B3": 61})
    told = stage.submit().json
    assert (told["number"], told["updated"], told["title"]) == (1, True, "2 changes in Tiers")
    assert len(stage.host.pulls()) == 1


def test_submit_from_two_people_gives_two_requests(stage: Stage) -> None:
    """Each has a copy of the workbook with other edits: neither replaces the other's request."""
    stage.edit({"Tiers!B2": 82})
    stage.submit(author=ADA)
    assert stage.submit(author=BOB).json["number"] == 2


def test_submit_without_an_edit_opens_nothing(stage: Stage) -> None:
    """A workbook that was only saved changes nothing: said so, status 0, no request."""
    stage.edit({})
    answer = stage.submit()
    assert (answer.status, answer.json["outcome"], answer.json["number"]) == (0, "unchanged", None)
    assert stage.host.pulls("all") == []
    assert "Nothing changed" in stage.run("submit", "--author", ADA).output


def test_submit_of_an_undone_edit_points_at_the_open_request(stage: Stage) -> None:
    """The edit was taken back, its request is still open: the person is told how to close it."""
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    stage.edit({"Tiers!B2": 80})
    answer = stage.run("submit", "--author", ADA)
    assert answer.status == 0
    assert "`mergecells pulls close 1`" in answer.output


def test_submit_of_a_bad_edit_is_refused_with_its_cell_and_writes_nothing(stage: Stage) -> None:
    """The weights no longer sum to 1: status 1, the cells named and marked, no request, main as it was."""
    before = stage.host.head("main")
    stage.edit({"Components!B2": 0.9})
    answer = stage.submit()
    assert (answer.status, answer.json["outcome"], answer.json["number"]) == (1, "refused", None)
    finding = next(f for f in answer.json["plan"]["findings"] if f["code"] == "rule.weight-sum")
    assert finding["cell"].startswith("Components!B2")
    assert finding["file"] == "scoring/rules.yaml"
    assert stage.host.pulls("all") == []
    assert stage.host.head("main") == before
    assert stage.cell("Components!B2").comment is not None


def test_submit_of_a_bad_edit_leaves_the_open_request_as_it_was(stage: Stage) -> None:
    """An update that fails its check does not replace what is under review; mending clears the marks."""
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    before = stage.host.show(1)
    stage.edit({"Components!B2": 0.9})
    assert stage.submit().status == 1
    assert stage.host.show(1) == before
    stage.edit({"Components!B2": 0.4, "Tiers!B2": 83})
    assert stage.submit().status == 0
    note = stage.cell("Components!B2").comment
    assert note is None or "sum" not in note.text


def test_submit_after_main_moved_keeps_both_sides(stage: Stage) -> None:
    """Somebody changed another cell on main meanwhile, on the neighbouring line: the request has both."""
    stage.push("min: 60", "min: 59")
    stage.edit({"Tiers!B2": 82})
    told = stage.submit().json
    assert told["title"] == "Set min of A to 82 (was 80)"
    rules = stage.rules("pull/1")
    assert "min: 82" in rules
    assert "min: 59" in rules
    stage.host.merge(1, BOB)
    assert stage.rules("main") == rules


def test_submit_of_a_conflict_shows_three_values_and_overwrites_nothing(stage: Stage) -> None:
    """Both changed one cell: status 1, base, ours and theirs told, the cell marked, nothing written."""
    head = stage.push("min: 80", "min: 85")
    stage.edit({"Tiers!B2": 82})
    answer = stage.submit()
    assert (answer.status, answer.json["outcome"]) == (1, "refused")
    finding = next(f for f in answer.json["plan"]["findings"] if f["code"] == "merge.conflict")
    assert finding["cell"] == "Tiers!B2"
    assert all(value in finding["message"] for value in ("80", "82", "85"))
    assert stage.host.pulls("all") == []
    assert stage.host.head("main") == head
    assert "85" in stage.cell("Tiers!B2").comment.text
    assert stage.cell("Tiers!B2").value == 82


def test_submit_after_its_request_was_merged_changes_nothing(stage: Stage) -> None:
    """The workbook still has its old base; the same edit is on main already."""
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    stage.host.merge(1, BOB)
    assert stage.submit().json["outcome"] == "unchanged"


def test_submit_of_an_outsized_change_needs_a_yes(tmp_path: Path) -> None:
    """Many cells blanked: refused by name of the rule, accepted with --allow-large if otherwise right."""
    stage = make_stage(tmp_path)
    described = [f"Components!G{row}" for row in range(2, 17)] + [f"Tiers!D{row}" for row in range(2, 6)]
    stage.edit(dict.fromkeys(described))
    answer = stage.submit()
    assert answer.status == 1
    assert "change.too-large" in {finding["code"] for finding in answer.json["plan"]["findings"]}
    assert stage.submit("--allow-large").json["outcome"] == "proposed"


def test_submit_of_a_workbook_from_an_unknown_revision_says_what_to_do(stage: Stage) -> None:
    """The base was never pushed: no guess, a clear way out."""
    stage.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "local only")
    assert stage.run("fill", "--apply").status == 0
    stage.edit({"Tiers!B2": 82})
    answer = stage.submit()
    assert answer.status == 1
    assert "which the repository does not have" in answer.messages
    assert "mergecells fill --apply" in answer.messages


def test_submit_without_a_known_author_asks_for_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """git has no identity and none is given: usage error."""
    monkeypatch.setitem(os.environ, "GIT_CONFIG_GLOBAL", "/dev/null")
    answer = stage.run("submit")
    assert answer.status == 2
    assert "--author" in answer.messages


@pytest.mark.parametrize("author", ["Ada", "Ada <>", "Ada <a@b>\nApproved-by: Eve <e@x.y>", "<a@b.c>"])
def test_submit_with_an_author_that_is_none_is_a_usage_error(stage: Stage, author: str) -> None:
    """NAME <MAIL>, and nothing that could forge another line."""
    assert stage.submit(author=author).status == 2
    assert stage.host.pulls("all") == []


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 broken"])
def test_submit_of_what_is_no_workbook_is_a_clear_error(stage: Stage, content: bytes) -> None:
    """One line, no traceback."""
    stage.workbook.write_bytes(content)
    answer = stage.submit()
    assert answer.status == 1
    assert answer.messages.startswith("error: ")
    assert "Traceback" not in answer.messages


@pytest.mark.parametrize("name", ["nothing.xlsx", "google"])
def test_submit_of_a_missing_workbook_is_a_usage_error(stage: Stage, name: str) -> None:
    """What is not there is named."""
    assert stage.submit("--workbook", name).status == 2


def test_submit_with_the_repository_gone_is_a_usage_error(stage: Stage) -> None:
    """The disk with the pull requests is not mounted."""
    stage.bare.rename(stage.bare.with_name("elsewhere"))
    answer = stage.submit()
    assert answer.status == 2
    assert "is not there" in answer.messages


def test_submit_hostile_cell_text_stays_text_everywhere(stage: Stage) -> None:
    """Markup and control sequences of a description reach the file as typed and the body only as code."""
    text = "@team <img src=x> | [x](http://e) ``` #1"
    stage.edit({"Tiers!D2": text})
    assert stage.submit().json["outcome"] == "proposed"
    body = stage.host.show(1).body
    row = next(line for line in body.splitlines() if "@team" in line)
    assert row.count("````") == 2
    assert "\\| [x]" in row
    assert text in stage.rules("pull/1")
