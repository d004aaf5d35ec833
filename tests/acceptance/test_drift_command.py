"""`drift`: does the workbook still say what is merged. It only looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.stage import Stage, make_stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, small=True)


def test_drift_of_a_filled_workbook_is_none(stage: Stage) -> None:
    """Exit status 0, nothing listed."""
    answer = stage.run("drift")
    assert (answer.status, answer.output) == (0, "")
    assert "says what main says" in answer.messages


def test_drift_lists_both_directions_and_writes_nothing(stage: Stage) -> None:
    """What was merged and is not shown, what was typed and is not merged: each with cell and line, exit status 1."""
    stage.edit({"Tiers!B2": 82})
    stage.push("min: 60", "min: 61")
    before = stage.workbook.read_bytes()
    answer = stage.run("drift", "--output", "json")
    assert answer.status == 1
    assert answer.json["drift"] is True
    assert [change["cell"] for change in answer.json["ahead"]] == ["Tiers!B2"]
    assert [change["new"] for change in answer.json["behind"]] == [61]
    assert stage.workbook.read_bytes() == before
    text = stage.run("drift")
    assert "On the branch, not in the workbook:" in text.output
    assert "In the workbook, not merged:" in text.output


def test_drift_counts_a_conflict_and_an_unreadable_cell(stage: Stage) -> None:
    """They are differences that nobody can compare: exit status 1."""
    stage.edit({"Tiers!B2": "many"})
    answer = stage.run("drift")
    assert answer.status == 1
    assert "workbook.type" in answer.output


def test_drift_without_a_workbook_says_what_to_do(stage: Stage) -> None:
    """No traceback."""
    stage.workbook.unlink()
    answer = stage.run("drift")
    assert answer.status == 1
    assert "fill --apply" in answer.messages


def test_drift_issue_on_a_local_host_is_refused_in_words(stage: Stage) -> None:
    """A bare repository has no issues."""
    answer = stage.run("drift", "--issue")
    assert answer.status == 2
    assert "no issues" in answer.messages
