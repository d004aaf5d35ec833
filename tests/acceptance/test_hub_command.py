"""`mergecells hub` as a process: what it refuses to start with, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import loopback
from acceptance.service_process import start
from acceptance.stage import command
from hub_stage import HubStage, hub_stage, until
from mergecells.adapters.sqlite_hub import HubStore
from standins.google.faults import Fault

WEAK = {
    "MERGECELLS_HUB_AUDIENCES": ("", "is not set, so no identity token could be accepted"),
    "MERGECELLS_HUB_DOMAINS": ("", "so nobody could submit"),
    "MERGECELLS_HUB_EMAILS": ("example.com", "which is no address"),
    "MERGECELLS_HUB_WEBHOOK_SECRET": ("short", "has 5 characters; fewer than 32 can be guessed"),
    "MERGECELLS_HUB_ACK_TOKEN": ("a" * 64, "too regular"),
    "MERGECELLS_HUB_FLEET_TOKEN": ("\u00e9" * 40, "not of plain characters"),
    "MERGECELLS_HUB_GOOGLE_KEYS": ("http://example.com/keys", "Keys are fetched over https"),
    "MERGECELLS_HUB_POLL_SECONDS": ("often", "Give a number from 0.1 to 3600"),
    "MERGECELLS_HUB_SESSION_SECONDS": ("5", "Give a number from 60 to 86400"),
    "MERGECELLS_HUB_ROLLBACK": ("perhaps", "Give yes or no"),
    "MERGECELLS_HUB_AUTHOR": ("nobody", "is not of the form NAME <MAIL>"),
    "MERGECELLS_GITHUB_TOKEN": ("", "no credentials for GitHub"),
    "MERGECELLS_GOOGLE_CREDENTIALS": ("/nowhere.json", "cannot be read"),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStage]:
    with pytest.MonkeyPatch.context() as patch, hub_stage(tmp_path_factory.mktemp("hub"), patch, small=True) as made:
        yield made


@pytest.fixture
def process(stage: HubStage, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A hub of its own; `stage.url` leads to it."""
    running = start(["--config-root", str(stage.checkout.root), "hub", "--port", "0"], tmp_path / "log")
    try:
        assert running.stdout is not None
        stage.url = running.stdout.readline().strip()
        assert stage.url.startswith("http://127.0.0.1:"), (tmp_path / "log").read_text()
        yield running
    finally:
        running.kill()
        running.wait()
        if running.stdout is not None:
            running.stdout.close()


@pytest.mark.parametrize(("variable", "value", "words"), [(name, *facts) for name, facts in WEAK.items()], ids=WEAK)
def test_hub_with_a_setting_missing_or_weak_does_not_start(
    stage: HubStage, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    """Status 2, the variable, what to do; never the secret."""
    monkeypatch.setenv(variable, value)
    for other in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(other, raising=False)
    answer = stage.checkout.run("hub", "--port", "0")
    assert (answer.status, answer.output) == (2, "")
    assert words in answer.messages
    assert "Traceback" not in answer.messages
    assert len(value) < 30 or "://" in value or value not in answer.messages


def test_hub_over_a_config_without_a_sheet_does_not_start(stage: HubStage, tmp_path: Path) -> None:
    """It says what the manifest lacks; a folder that is none, too."""
    (tmp_path / "mergecells.yaml").write_text("version: 1\n")
    assert "names no Google Sheet" in command("hub", tmp_path).messages
    assert "is not a folder" in command("hub", tmp_path / "nothing").messages
    assert "Two config roots name the same Google Sheet" in command("hub", *[stage.checkout.root] * 2).messages


def test_second_hub_on_the_same_state_is_refused(stage: HubStage, process: subprocess.Popen[str]) -> None:
    """Two would each carry out what waits."""
    assert process.poll() is None
    answer = stage.checkout.run("hub", "--port", "0")
    assert (answer.status, "Another hub uses" in answer.messages) == (1, True)


def test_hub_that_is_stopped_finishes_what_runs(
    stage: HubStage, process: subprocess.Popen[str], tmp_path: Path
) -> None:
    """SIGTERM in the midst of a submission: it ends first, nothing new begins, the exit status is 0, and no secret
    was logged."""
    until(lambda: loopback.get(f"{stage.url}/readyz").status_code == 200)
    ada = stage.add_on()
    stage.google.standin.faults.add(Fault("slow", "sheets.spreadsheets.get", seconds=1.0))
    made = ada.submit()["id"]
    until(lambda: ada.show(made)["state"] == "reading")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    store = HubStore(stage.folder / "hub.sqlite")
    row = store.find(made)
    store.close()
    assert row is not None
    assert row.state == "unchanged"
    log = (tmp_path / "log").read_text()
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert {"hub.submission", "http.request"} <= events
    for secret in (ada.session["key"], *(stage.environ[name] for name in stage.environ if name.endswith("TOKEN")
                                         and "HUB" in name)):  # fmt: skip
        assert secret not in log


def test_hub_that_is_killed_says_what_was_cut_off(stage: HubStage, process: subprocess.Popen[str]) -> None:
    """After the next start the submission is known, ended, and can be sent again."""
    until(lambda: loopback.get(f"{stage.url}/readyz").status_code == 200)
    ada = stage.add_on()
    stage.google.standin.faults.add(Fault("slow", "sheets.spreadsheets.get", seconds=2.0))
    made = ada.submit()["id"]
    until(lambda: ada.show(made)["state"] == "reading")
    process.kill()
    process.wait()
    with stage.running():
        told = stage.add_on().show(made)
    assert (told["state"], told["again"]) == ("failed", True)
    assert "was stopped while this submission was under way" in told["message"]
