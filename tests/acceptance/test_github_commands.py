"""The command line with GitHub as the host: the real client, a strict stand-in that is held to GitHub's description."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.service_process import service
from acceptance.stage import ADA, Stage, command, make_stage
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
    made = make_stage(tmp_path, small=True)
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
    monkeypatch.setattr("mergecells.adapters.github_api._FIRST_PAUSE_SECONDS", 0.0)
    stage.edit({"Tiers!B2": 82})
    server.faults.extend([Fault(503)] * 20)
    answer = stage.run("submit", "--author", ADA)
    assert answer.status in {1, 3}
    assert "GitHub does not answer for acme/leads" in answer.messages
    assert "Traceback" not in answer.messages
    server.faults.clear()
    assert stage.submit().json["outcome"] == "proposed"


def test_comment_command_replaces_its_comment(stage: Stage, server: GitHubServer, tmp_path: Path) -> None:
    """From a file, by name; the local host has no comments and says so elsewhere."""
    stage.edit({"Tiers!B2": 82})
    stage.submit()
    for text in ("one", "two"):
        (tmp_path / "body.md").write_text(text)
        answer = stage.run("pulls", "comment", 1, "--name", "impact", "--body-file", tmp_path / "body.md")
        assert answer.status == 0, answer
    (comment,) = server.store.comments
    assert comment["body"].endswith("\ntwo")


def test_release_that_becomes_live_is_told_to_github(stage: Stage, server: GitHubServer, tmp_path: Path) -> None:
    """Every service runs the branch's revision: exit status 0, a Deployment and a status say so."""
    head = server.store.sha("main") or ""
    assert command("follow", server.store.folder, tmp_path / "live", "--once").status == 0
    with service(tmp_path / "live" / "current", tmp_path / "log") as running:
        answer = stage.run("release", "--service", running.url, "--output", "json")
    assert answer.status == 0, answer
    assert (answer.json["live"], answer.json["wanted"], answer.json["rollback"]) == (True, head, None)
    assert server.store.deployment_statuses[-1]["state"] == "success"
    assert server.store.statuses[-1]["description"].startswith("live on 1 of 1 service since ")


def test_release_that_does_not_become_live_opens_the_way_back(
    stage: Stage, server: GitHubServer, tmp_path: Path
) -> None:
    """A bad commit was forced onto main: the service keeps the older one, and a rollback to it waits for a person."""
    good = server.store.sha("main") or ""
    assert command("follow", server.store.folder, tmp_path / "live", "--once").status == 0
    rules = server.store.git("show", "main:scoring/rules.yaml")
    server.store.push({"scoring/rules.yaml": rules.replace(b"min: 80", b"min: 81")})
    with service(tmp_path / "live" / "current", tmp_path / "log") as running:
        answer = stage.run("release", "--service", running.url, "--timeout", "0.5", "--author", ADA, "--output", "json")
    assert answer.status == 1, answer
    assert answer.json["rollback"]["number"] == 1
    assert server.store.deployment_statuses[-1]["state"] == "failure"
    assert server.store.pulls[1].title.startswith(f"Roll back to {good[:12]}")
    assert b"min: 80" in server.store.git("show", "refs/pull/1/head:scoring/rules.yaml")


def test_release_of_a_revision_that_services_went_past_is_live(
    stage: Stage, server: GitHubServer, tmp_path: Path
) -> None:
    """Two merges in a row: the services run the newer one, which contains the one that is waited for."""
    first = server.store.sha("main") or ""
    rules = server.store.git("show", "main:scoring/rules.yaml")
    server.store.push({"scoring/rules.yaml": rules.replace(b"min: 80", b"min: 81")})
    assert command("follow", server.store.folder, tmp_path / "live", "--once").status == 0
    with service(tmp_path / "live" / "current", tmp_path / "log") as running:
        answer = stage.run("release", first, "--service", running.url, "--timeout", "0.5", "--output", "json")
    assert answer.status == 0, answer
    assert answer.json["live"] is True


def test_release_tells_the_workbook_how_it_ended(stage: Stage, server: GitHubServer, tmp_path: Path) -> None:
    """Values, base and status in one step; a service that cannot be asked to look at once is said and stops nothing."""
    rules = server.store.git("show", "main:scoring/rules.yaml")
    server.store.push({"scoring/rules.yaml": rules.replace(b"min: 80", b"min: 81")})
    head = server.store.sha("main") or ""
    assert command("follow", server.store.folder, tmp_path / "live", "--once").status == 0
    with service(tmp_path / "live" / "current", tmp_path / "log") as running:
        options = ("--service", running.url, "--write-back", stage.workbook)
        answer = stage.run("release", *options)
    assert answer.status == 0, answer
    assert stage.cell("Tiers!B2").value == 81
    told = str(stage.cell("Overview!B8").value)
    assert told.startswith("live on 1 of 1 service since 20")
    assert told.endswith(f"({head[:12]})")
