"""`fill --merged`: what was merged reaches the workbook, from the host of the pull requests and without a pull."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.stage import ADA, BOB, Stage, command, make_stage
from google_stage import staged


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, small=True)


def test_fill_merged_brings_what_was_merged_and_tells_how_far_it_got(stage: Stage) -> None:
    """Dry run first. The checkout's files stay as they are: the workbook follows the branch. Then nothing to submit."""
    stage.edit({"Tiers!B2": 82})
    number = stage.submit().json["number"]
    stage.edit({"Tiers!B3": 61})
    assert stage.run("pulls", "merge", number, "--by", BOB).status == 0
    stage.push("this week", "this very week")
    before = stage.workbook.read_bytes()
    dry = stage.run("fill", "--merged", "--output", "json")
    assert (dry.status, dry.json["applied"], stage.workbook.read_bytes()) == (0, False, before)
    answer = stage.run("fill", "--merged", "--apply", "--live", "live on 3 of 3 services", "--output", "json")
    assert answer.status == 0, answer
    assert [change["cell"] for change in answer.json["kept"]] == ["Tiers!B3"]
    assert answer.json["revision"] == stage.host.head("main")
    assert stage.cell("Tiers!B2").value == 82
    assert stage.cell("Overview!B8").value == f"live on 3 of 3 services ({stage.host.head('main')[:12]})"
    assert "min: 80" in (stage.root / "scoring/rules.yaml").read_text()
    after = stage.submit().json
    assert [change["cell"] for change in after["plan"]["changes"]["changes"]] == ["Tiers!B3"]


def test_fill_merged_with_a_conflict_exits_1_and_marks_the_cell(stage: Stage) -> None:
    """All three values in the note; the cell and the base stay."""
    stage.edit({"Tiers!B2": 82})
    stage.push("min: 80", "min: 85")
    answer = stage.run("fill", "--merged", "--apply")
    assert answer.status == 1
    assert "merge.conflict" in answer.output
    assert stage.cell("Tiers!B2").value == 82
    assert "On the branch: 85" in stage.cell("Tiers!B2").comment.text


def test_fill_live_without_merged_is_a_usage_error(stage: Stage) -> None:
    """What runs is known of merged revisions only."""
    assert stage.run("fill", "--live", "on 3").status == 2


def test_fill_merged_reaches_a_google_sheet_and_causes_no_submission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """YAML edited directly on the host: in the sheet after one command; a second one sends no write."""
    with staged() as google:
        key = tmp_path / "key.json"
        key.write_text(json.dumps(google.key))
        monkeypatch.setenv("MERGECELLS_GOOGLE_CREDENTIALS", str(key))
        monkeypatch.setenv("MERGECELLS_GOOGLE_ENDPOINT", google.standin.url)
        root = tmp_path / "leads"
        address = f"https://docs.google.com/spreadsheets/d/{google.book_id}/edit"
        made = command("init", root, "--google", "--sheet", address, "--author", ADA)
        assert made.status == 0, made
        Stage(root, tmp_path / "leads.git").push("min: 80", "min: 85")
        assert command("--config-root", root, "fill", "--merged", "--apply").status == 0
        assert google.sheet().read().sheets["Tiers"].at(2, 2).value == 85
        told = command("--config-root", root, "submit", "--author", ADA, "--output", "json")
        assert told.json["outcome"] == "unchanged"
        before = google.standin.count("sheets.spreadsheets.batchUpdate")
        assert command("--config-root", root, "fill", "--merged", "--apply").status == 0
        assert google.standin.count("sheets.spreadsheets.batchUpdate") == before
