"""`mergecells follow`: publishes what passes its checks, remembers what does not, and can be killed at any time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from acceptance.service_process import start, until
from acceptance.stage import command

EXAMPLE = Path(__file__).parents[1] / "examples" / "valid" / "x_education"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    shutil.copytree(EXAMPLE, root)
    git(root, "init", "-q", "-b", "main")
    commit(root, "first")
    return root


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, message: str) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")


def edit(root: Path, old: str, new: str) -> str:
    rules = root / "scoring" / "rules.yaml"
    assert old in rules.read_text()
    rules.write_text(rules.read_text().replace(old, new))
    return commit(root, f"{old} becomes {new}")


def current(folder: Path) -> str:
    return Path(os.readlink(folder / "current")).name if (folder / "current").is_symlink() else ""


def test_follow_once_publishes_and_then_finds_nothing_newer(repository: Path, tmp_path: Path) -> None:
    """Exit status 0 both times; one line says what happened; the published tree has the commit's files."""
    folder, head = tmp_path / "live", git(repository, "rev-parse", "HEAD")
    first = command("follow", repository, folder, "--once")
    assert (first.status, current(folder)) == (0, head)
    assert first.output.startswith(f"published  {head[:12]} in ")
    assert (folder / "current/scoring/rules.yaml").read_bytes() == (repository / "scoring/rules.yaml").read_bytes()
    again = command("follow", repository, folder, "--once")
    assert (again.status, again.output) == (0, f"current    {head[:12]}, nothing newer\n")


def test_follow_once_refuses_a_bad_head_each_time_with_its_reason(repository: Path, tmp_path: Path) -> None:
    """Exit status 1, the good one stays current; a later good head is published."""
    folder = tmp_path / "live"
    good = git(repository, "rev-parse", "HEAD")
    command("follow", repository, folder, "--once")
    bad = edit(repository, "weight: 0.25", "weight: 0.5")
    refused = command("follow", repository, folder, "--once", "--output", "json")
    told = json.loads(refused.output)
    assert (refused.status, told["live"], current(folder)) == (1, False, good)
    assert told["rejected"][0]["revision"] == bad
    assert told["rejected"][0]["reason"]
    again = command("follow", repository, folder, "--once")
    assert again.status == 1
    assert f"kept because {bad[:12]} was rejected" in again.output
    mended = edit(repository, "weight: 0.5\n", "weight: 0.25\n")
    assert command("follow", repository, folder, "--once").status == 0
    assert current(folder) == mended


def test_follow_once_of_what_is_no_repository_says_so(tmp_path: Path) -> None:
    """Exit status 1 and words, nothing published."""
    answer = command("follow", tmp_path / "nowhere", tmp_path / "live", "--once")
    assert answer.status == 1
    assert "nowhere" in answer.messages
    assert current(tmp_path / "live") == ""


def test_follow_runs_on_logs_json_and_survives_kill_9(repository: Path, tmp_path: Path) -> None:
    """A process that follows publishes each commit; killed and started again it goes on; SIGTERM ends it with 0."""
    folder, log = tmp_path / "live", tmp_path / "log"
    arguments = ["follow", str(repository), str(folder), "--interval", "0.05"]
    first = git(repository, "rev-parse", "HEAD")
    process = start(arguments, log)
    try:
        until(lambda: first in log.read_text())  # The link moves first; a kill in between would take the line with it.
        assert current(folder) == first
        process.send_signal(signal.SIGKILL)
        process.wait()
        second = edit(repository, "min: 52", "min: 53")
        process = start(arguments, log)
        until(lambda: second in log.read_text())
        assert current(folder) == second
        bad = edit(repository, "weight: 0.25", "weight: 0.5")
        until(lambda: bad in log.read_text())
        assert current(folder) == second
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    published = [line["revision"] for line in lines if line["event"] == "follow.published"]
    assert published == [first, second]
    (rejected,) = [line for line in lines if line["event"] == "follow.rejected"]
    assert (rejected["revision"], rejected["status"], rejected["level"]) == (bad, "failure", "warning")
