"""From the button in the sheet to a pull request: the real hub on a real socket, strict stand-ins behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_stage import HubStage, hub_stage


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStage]:
    with hub_stage(tmp_path, monkeypatch) as made:
        yield made


def test_submission_of_one_cell_becomes_a_pull_request_within_the_budget(stage: HubStage) -> None:
    """One click, one pull request, its commit by who was signed in; at most 5 Sheets and 12 GitHub requests."""
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        sheets, github = stage.google.standin.count(), len(stage.github.requests)
        made = ada.submit(title="Higher bar")
        told = ada.settle(made["id"])
        assert stage.google.standin.count() - sheets <= 5
        assert len(stage.github.requests) - github <= 12, stage.github.requests[github:]
    assert (told["state"], told["message"]) == ("proposed", "Pull request #1 is open.")
    assert told["pull_request"]["url"] == "https://github.com/acme/leads/pull/1"
    assert [(step["step"], step["done"]) for step in told["progress"]] == [
        (name, True) for name in ("queued", "reading", "comparing", "checking", "proposing", "noting", "proposed")
    ]
    (change,) = told["changes"]
    assert (change["cell"], change["label"], change["before"], change["after"]) == (
        "Tiers!B2",
        "Tiers: A: min",
        "80",
        "82",
    )
    assert b"Submitted-by: Ada <ada@example.com>" in stage.github.store.git(
        "log", "-1", "--format=%B", "refs/pull/1/head"
    )


def test_submission_without_an_edit_is_unchanged(stage: HubStage) -> None:
    """No pull request is made, and the answer says so."""
    with stage.running():
        ada = stage.add_on()
        told = ada.settle(ada.submit()["id"])
    assert (told["state"], told["final"], told["pull_request"]) == ("unchanged", True, None)
    assert told["message"] == "Nothing changed: the sheet says what the branch says already."
    assert stage.github.store.pulls == {}
