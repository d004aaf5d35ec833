"""The command line with a Google Sheet: real processes, real google-auth and gspread, the stand-in behind them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from acceptance.stage import ADA, Answer, command
from addon_stage import add_on
from google_stage import ROBOT, Stage, staged
from mergecells.apps.cli import scaffold
from small_config import small_config

BOB = "bob@example.com"


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A spreadsheet, and an environment in which the commands find it."""
    with staged() as stage:
        key = tmp_path / "key.json"
        key.write_text(json.dumps(stage.key))
        monkeypatch.setenv("MERGECELLS_GOOGLE_CREDENTIALS", str(key))
        monkeypatch.setenv("MERGECELLS_GOOGLE_ENDPOINT", stage.standin.url)
        yield stage


@pytest.fixture(autouse=True)
def small_template(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template as it is, and the other engines, in one test only: starting them takes a second each time."""
    if request.node.name == "test_init_google_makes_fills_and_shares_a_sheet":
        return
    template = small_config(scaffold.read_template())
    template["mergecells.yaml"] += b"checks: {xlcalculator: false, ironcalc: false, formualizer: false}\n"
    monkeypatch.setattr(scaffold, "read_template", lambda: template)


def started(tmp_path: Path, *options: str) -> tuple[Path, Answer]:
    answer = command("init", tmp_path / "leads", "--google", "--author", ADA, *options, "--output", "json")
    return tmp_path / "leads", answer


def sheet_of(root: Path) -> str:
    manifest: dict[str, Any] = yaml.safe_load((root / "mergecells.yaml").read_text())
    return str(manifest["google"]["spreadsheet"])


def type_weight(google: Stage, sheet: str, value: float) -> None:
    """Type a weight into the first factor."""
    google.book_id = sheet
    google.type("Factors", (2, 3), value)


def test_init_google_makes_fills_and_shares_a_sheet(tmp_path: Path, google: Stage) -> None:
    """The manifest names it, its address is printed, those named may edit it, and a check of it finds nothing."""
    root, answer = started(tmp_path, "--share", BOB)
    assert answer.status == 0, answer
    sheet = sheet_of(root)
    assert answer.json["workbook"] == f"https://docs.google.com/spreadsheets/d/{sheet}/edit"
    assert google.standin.drive.access[sheet] == {ROBOT: "owner", BOB: "writer"}
    assert google.standin.book(sheet).properties["locale"] == "en_US"
    assert command("--config-root", root, "check", "--workbook", "google").status == 0
    assert command("--config-root", root, "check").status == 0


def test_one_cell_becomes_a_pull_request_in_three_requests(tmp_path: Path, google: Stage) -> None:
    """Read, look again, note the submission: within the budget of five. Submitting again changes nothing."""
    root, _ = started(tmp_path)
    google.book_id = sheet_of(root)
    google.type("Tiers", (2, 2), 82)
    before = google.standin.count()
    told = command("--config-root", root, "submit", "--author", ADA, "--output", "json")
    assert told.status == 0, told
    assert told.json["number"] == 1
    assert google.standin.count() - before == 3
    assert [change["new"] for change in told.json["plan"]["changes"]["changes"]] == [82]


def test_export_writes_the_files_and_fill_finds_them_there(tmp_path: Path, google: Stage) -> None:
    """Dry run first; then one changed line, and a fill that brings nothing."""
    root, _ = started(tmp_path)
    google.book_id = sheet_of(root)
    google.type("Tiers", (2, 2), 82)
    rules = root / "scoring" / "rules.yaml"
    before = rules.read_bytes()
    assert command("--config-root", root, "export").status == 0
    assert rules.read_bytes() == before
    assert command("--config-root", root, "export", "--workbook", "google", "--apply").status == 0
    assert rules.read_bytes() == before.replace(b"min: 80", b"min: 82")
    answer = command("--config-root", root, "fill", "--apply", "--output", "json")
    assert (answer.status, answer.json["incoming"], answer.json["kept"]) == (0, [], [])


def test_refused_submission_marks_the_cells_and_a_good_one_clears_them(tmp_path: Path, google: Stage) -> None:
    """A note and a colour at the weight that is wrong, gone when it is right."""
    root, _ = started(tmp_path)
    google.book_id = sheet_of(root)
    google.type("Tiers", (2, 2), "many")
    assert command("--config-root", root, "submit", "--author", ADA).status == 1
    tab = google.book.titled("Tiers")
    assert "mergecells:" in tab.cells[1, 1]["note"]
    google.type("Tiers", (2, 2), 82)
    assert command("--config-root", root, "submit", "--author", ADA).status == 0
    tab = google.book.titled("Tiers")
    assert "note" not in tab.cells[1, 1]
    assert not [rule for rule in tab.conditional if "LEN" in str(rule)]


def test_edit_during_a_fill_is_part_of_it(tmp_path: Path, google: Stage) -> None:
    """Somebody types between the read and the write: the fill looks again, and keeps what they typed."""
    from standins.google.faults import Fault

    root, _ = started(tmp_path)
    google.book_id = sheet_of(root)
    rules = root / "scoring" / "rules.yaml"
    rules.write_bytes(rules.read_bytes().replace(b"min: 60", b"min: 61"))
    typing = Fault("then", "sheets.spreadsheets.get", after=1, action=lambda: google.type("Tiers", (2, 2), 82))
    google.standin.faults.add(typing)
    answer = command("--config-root", root, "fill", "--apply", "--output", "json")
    assert answer.status == 0, answer
    assert "was edited in the meantime: Tiers!B2" in answer.messages
    tiers = google.sheet().read().sheets["Tiers"]
    assert (tiers.at(2, 2).value, tiers.at(3, 2).value) == (82, 61)
    assert len(answer.json["kept"]) == 1


def test_wrong_set_up_is_said_with_the_next_step(
    tmp_path: Path, google: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No access, no such sheet, no credentials, an OAuth client in their place: never a traceback, never the key."""
    root, _ = started(tmp_path)
    google.standin.drive.access[sheet_of(root)] = {BOB: "owner"}
    answer = command("--config-root", root, "export")
    assert answer.status == 1
    assert f"Share the sheet with {ROBOT} as Editor" in answer.messages
    manifest = root / "mergecells.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace(sheet_of(root), "1" * 44))
    answer = command("--config-root", root, "export")
    assert answer.status == 1
    assert "no spreadsheet" in answer.messages
    manifest.write_text(text)
    key = tmp_path / "key.json"
    key.write_text('{"installed": {"client_id": "x", "client_secret": "very-secret"}}')
    answer = command("--config-root", root, "export")
    assert answer.status == 2
    assert "OAuth client" in answer.messages
    assert "very-secret" not in answer.messages
    monkeypatch.setenv("MERGECELLS_GOOGLE_CREDENTIALS", str(tmp_path / "none.json"))
    assert "cannot be read" in command("--config-root", root, "export").messages


def test_account_without_storage_is_told_where_to_put_the_sheet(tmp_path: Path, google: Stage) -> None:
    """A service account owns no files; a folder of a shared drive works, and nothing is left of the first try."""
    google.standin.drive.no_storage.add(ROBOT)
    root, answer = started(tmp_path)
    assert answer.status == 1
    assert "--drive-folder" in answer.messages
    assert not root.exists()
    google.standin.drive.folders["shared"] = {ROBOT: "writer"}
    assert started(tmp_path, "--drive-folder", "shared")[1].status == 0


def test_empty_sheet_of_ones_own_is_taken_and_a_full_one_is_not(tmp_path: Path, google: Stage) -> None:
    """`--sheet` with an address; what holds anything is left alone."""
    address = f"https://docs.google.com/spreadsheets/d/{google.book_id}/edit#gid=0"
    root, answer = started(tmp_path, "--sheet", address)
    assert answer.status == 0, answer
    assert sheet_of(root) == google.book_id
    _, again = started(tmp_path / "second", "--sheet", address)
    assert again.status == 2
    assert "is not empty" in again.messages


def test_init_google_that_fails_halfway_says_which_sheet_stays_and_goes_on_with_it(
    tmp_path: Path, google: Stage
) -> None:
    """The write is refused after the sheet was made: nothing is left of the folder, the address is said, and the very
    command that is said goes on."""
    from standins.google.faults import Fault

    google.standin.faults.add(Fault("status", "sheets.spreadsheets.batchUpdate", code=403, status="PERMISSION_DENIED"))
    root, answer = started(tmp_path)
    assert answer.status == 1
    assert not root.exists()
    found = re.search(r"mergecells (init \S+ --google --sheet \S+)\.", answer.messages)
    assert found, answer.messages
    assert "delete it in Drive" in answer.messages
    assert command(*shlex.split(found[1]), "--author", ADA).status == 0
    assert sheet_of(root) in found[1]


def test_init_google_that_cannot_share_makes_everything_else_and_says_so(tmp_path: Path, google: Stage) -> None:
    """Who may edit can be said in the browser too: no reason to take the repository away."""
    from standins.google.faults import Fault

    google.standin.faults.add(Fault("status", "drive.permissions.create", code=403, status="PERMISSION_DENIED"))
    root, answer = started(tmp_path, "--share", BOB)
    assert answer.status == 0, answer
    assert f"not shared with {BOB}" in answer.messages
    assert sheet_of(root) in answer.messages


@pytest.mark.needs("node")
def test_init_google_tells_the_add_on_where_to_submit(tmp_path: Path, google: Stage) -> None:
    """The sheet remembers hub and repository, also after a submission and a fill; the script may ask that hub and no
    other; the add-on of the new repository knows both without any typing."""
    hub = "https://hub.acme.example:8443/leads"
    root, answer = started(tmp_path, "--hub", f"{hub}/", "--github", "acme/lead-rules")
    assert answer.status == 0, answer
    google.book_id = sheet_of(root)
    assert "'metadataValue': 'https://hub.acme.example:8443/leads'" in str(google.book.metadata)
    script = json.loads((root / "sheets/appsscript.json").read_text())
    assert script["urlFetchWhitelist"] == [f"{hub}/", "https://api.github.com/"]
    manifest = (root / "mergecells.yaml").read_text().replace("host: github", "host: local")
    (root / "mergecells.yaml").write_text(manifest.replace("acme/lead-rules", str(tmp_path / "leads.git")))
    subprocess.run(["git", "clone", "-q", "--bare", root, tmp_path / "leads.git"], check=True)
    google.type("Tiers", (2, 2), 82)
    assert command("--config-root", root, "submit", "--author", ADA).status == 0
    assert command("--config-root", root, "fill", "--apply").status == 0
    with add_on(google, root / "sheets") as sheet:
        settings = sheet.value("openSidebar")["settings"]
    assert settings == {"way": "hub", "hub": hub, "repository": "acme/lead-rules"}


def test_init_google_without_a_hub_leaves_it_out(tmp_path: Path, google: Stage) -> None:
    """Nothing is remembered that was not given."""
    root, _ = started(tmp_path)
    google.book_id = sheet_of(root)
    keys = {each["metadataKey"] for each in google.book.metadata}
    assert not keys & {"mergecells.hub", "mergecells.repository"}
