"""The runner itself: what it does not know fails, and a workflow that is broken is seen to be."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from workflows.actions import equivalents
from workflows.parser import WorkflowError
from workflows.world import RULES, World

pytestmark = pytest.mark.needs("node")
REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"


def broken(world: World, name: str, old: str, new: str) -> Path:
    """A workflow with one text replaced, which must be there."""
    text = (WORKFLOWS / f"{name}.yml").read_text()
    assert old in text
    place = world.folder / f"{name}.yml"
    place.write_text(text.replace(old, new))
    return place


def test_every_action_of_the_installed_workflows_has_a_local_equivalent() -> None:
    """And none is listed that no workflow uses."""
    used = set()
    for name in ("config-check", "config-drift", "config-release", "sheet-submit"):
        used |= set(re.findall(r"(?<![a-z])uses: ([^@\s]+)", (WORKFLOWS / f"{name}.yml").read_text()))
    assert used == set(equivalents(Path()))


def test_unknown_action_fails_the_run(world: World) -> None:
    """No step is silently left out."""
    world.begin()
    place = broken(world, "config-drift", "google-github-actions/auth@", "somebody/else@")
    event = world.event("schedule", {}, MERGECELLS_SHEET="true", MERGECELLS_GOOGLE_PROVIDER="projects/1")
    with pytest.raises(WorkflowError, match="no local equivalent of somebody/else"):
        world.run("config-drift", event, place)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04", "Unexpected value"),
        ("vars.MERGE", "nothing.MERGE", "nothing"),
    ],
)
def test_workflow_that_github_refuses_is_refused_in_its_words(world: World, old: str, new: str, said: str) -> None:
    """The parser is GitHub's own."""
    place = broken(world, "config-drift", old, new)
    with pytest.raises(WorkflowError, match=said):
        world.run("config-drift", world.event("schedule"), place)


def test_job_without_a_permission_it_needs_is_red(world: World) -> None:
    """The stand-in holds a job's token to what the job states."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    place = broken(world, "config-drift", "issues: write", "issues: read")
    results = world.run("config-drift", world.event("schedule", {}, MERGECELLS_SHEET="true"), place)
    assert results
    assert "may not do this" in results["drift"].output
    assert world.server.store.issues == []


def test_check_that_lost_its_exit_status_would_be_seen(world: World) -> None:
    """With the last line gone the bad request is green: what the tests of the check would notice."""
    world.begin()
    event = world.pull(RULES, "weight: 0.60", "weight: 0.55")
    assert event
    results = world.run("config-check", event, broken(world, "config-check", 'exit "$status"', "true"))
    assert results
    assert results["check"].result == "success"


@pytest.mark.parametrize("said", ["", "mergecells @ git+https://x.org/m@" + "a" * 40])
def test_action_installs_the_line_of_its_file_and_asks_for_one(tmp_path: Path, said: str) -> None:
    """Its own script, with a Python that only writes down what it is asked: the lock by hash first, then that line."""
    action = yaml.safe_load((REPOSITORY / ".github/actions/mergecells/action.yml").read_text())
    script = action["runs"]["steps"][-1]["run"]
    (tmp_path / "mergecells.txt").write_text(f"# how\n\n{said}\n")
    asked = tmp_path / "asked"
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\nmkdir -p "$3/bin"\nprintf \'#!/bin/sh\\necho "$@" >> {asked}\\n\' > "$3/bin/pip"\n'
                    'chmod +x "$3/bin/pip"\n')  # fmt: skip
    fake.chmod(0o755)
    places = {"ACTION": str(tmp_path), "RUNNER_TEMP": str(tmp_path / "t"), "GITHUB_PATH": str(tmp_path / "path")}
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **places}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not said:
        assert (done.returncode, asked.exists()) == (1, False)
        assert "::error::" in done.stdout
        return
    assert done.returncode == 0, done.stderr
    first, second = asked.read_text().splitlines()
    assert "--require-hashes --no-deps -r" in first
    assert second.endswith(f"--no-deps --no-build-isolation {said}")
    assert (tmp_path / "path").read_text().strip() == str(tmp_path / "t/mergecells/bin")
