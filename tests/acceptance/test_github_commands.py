"""The command line with GitHub as the host: the real client, a strict stand-in that is held to GitHub's description."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.stage import ADA, Stage, make_stage
from standins.github_server import Fault, GitHubServer
from standins.github_store import Account


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path / "github") as running:
        running.store.accounts = {"app": Account("mergecells[bot]", is_app=True), "bob": Account("bob", "Bob")}
        yield running
        assert running.violations == []


@pytest.fixture
def stage(tmp_path: Path, server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A checkout whose remote is on GitHub, as its manifest says; the stand-in holds the same commits."""
    made = make_stage(tmp_path)
    manifest = made.root / "mergecells.yaml"
    text = manifest.read_text()
    old = text[text.index("pull_requests:") :].split("\n\n")[0] if "pull_requests:" in text else ""
    text = text.replace(old, "") + "pull_requests: {host: github}\n"
    manifest.write_text(text)
    made.git("add", "-A")
    made.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Pull requests on GitHub")
    subprocess.run(["git", "-C", made.root, "push", "-q", server.store.folder, "HEAD:main"], check=True)
    made.git("remote", "set-url", "origin", "git@github.com:acme/leads.git")
    assert made.run("fill", "--apply").status == 0
    monkeypatch.setenv("MERGECELLS_GITHUB_API", server.url)
    monkeypatch.setenv("MERGECELLS_GITHUB_TOKEN", "app")
    return made


def test_submit_review_and_merge_on_github(stage: Stage, server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell becomes one pull request with the Plan and a check run; Bob approves and merges it with his own token."""
    stage.edit({"Tiers!B2": 82})
    before = len(server.requests)
    told = stage.submit().json
    assert (told["outcome"], told["number"], told["updated"]) == ("proposed", 1, False)
    assert told["url"] == "https://github.com/acme/leads/pull/1"
    assert len(server.requests) - before <= 12, server.requests[before:]
    (run,) = server.store.checks
    assert (run["name"], run["conclusion"]) == ("config check", "success")
    assert "`Tiers!B2`" in server.store.pulls[1].body
    listed = stage.run("pulls", "list")
    assert listed.output.startswith("#1")
    monkeypatch.setenv("MERGECELLS_GITHUB_TOKEN", "bob")
    assert stage.run("pulls", "approve", 1, "--by", "Bob <bob@example.org>").status == 0
    merged = stage.run("pulls", "merge", 1, "--by", "Bob <bob@example.org>")
    assert merged.status == 0, merged
    assert "Merged #1 into main" in merged.messages + merged.output
    assert b"min: 82" in server.store.git("show", "main:scoring/rules.yaml")


def test_submit_again_updates_the_same_request_and_nothing_changed_makes_none(
    stage: Stage, server: GitHubServer
) -> None:
    """One request for each workbook and person; a submission without an edit says so."""
    nothing = stage.submit().json
    assert (nothing["outcome"], server.store.pulls) == ("unchanged", {})
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    stage.edit({"Tiers!B3": 61})
    told = stage.submit().json
    assert (told["number"], told["updated"]) == (1, True)
    assert len(server.store.pulls) == 1
    diff = stage.run("pulls", "diff", 1).output
    assert "+  A: {min: 82" in diff


def test_submit_when_main_moved_merges_cell_by_cell(stage: Stage, server: GitHubServer) -> None:
    """Both sides' edits are in the request."""
    rules = server.store.git("show", "main:scoring/rules.yaml")
    server.store.push({"scoring/rules.yaml": rules.replace(b"B: {min: 60", b"B: {min: 61")})
    stage.edit({"Tiers!B2": 82})
    assert stage.submit().json["outcome"] == "proposed"
    proposed = server.store.git("show", "refs/pull/1/head:scoring/rules.yaml")
    assert b"min: 82" in proposed
    assert b"B: {min: 61" in proposed


def test_submit_without_credentials_names_the_variables(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2, what to set."""
    monkeypatch.delenv("MERGECELLS_GITHUB_TOKEN")
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    answer = stage.run("submit", "--author", ADA)
    assert answer.status == 2
    assert "MERGECELLS_GITHUB_TOKEN" in answer.messages


def test_submit_while_github_is_down_changes_nothing_and_says_so(
    stage: Stage, server: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, the workbook's edit stays for the next try."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    stage.edit({"Tiers!B2": 82})
    server.faults.extend([Fault(503)] * 20)
    answer = stage.run("submit", "--author", ADA)
    assert answer.status in {1, 3}
    assert "GitHub does not answer for acme/leads" in answer.messages
    assert "Traceback" not in answer.messages
    server.faults.clear()
    assert stage.submit().json["outcome"] == "proposed"
