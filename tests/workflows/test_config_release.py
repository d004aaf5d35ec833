"""`config-release` and `config-drift` as GitHub would run them: live, not live, without services; drift and none."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from acceptance.service_process import TOKEN, ServiceProcess, service, until
from acceptance.stage import command
from workflows.runner import JobResult
from workflows.world import RULES, World

pytestmark = pytest.mark.needs("node")


@contextmanager
def serving(world: World) -> Iterator[ServiceProcess]:
    """A service behind a follower, named in the manifest of the repository."""
    world.begin()
    follow(world)
    with service(world.folder / "live" / "current", world.folder / "log") as running:
        world.server.store.push({"mergecells.yaml": world.manifest((running.url,))})
        yield running


def follow(world: World) -> None:
    assert command("follow", world.server.store.folder, world.folder / "live", "--once").status == 0


def released(world: World, **variables: str) -> JobResult:
    event = world.event("push", {}, **variables)
    event.secrets = {**event.secrets, "MERGECELLS_RELOAD_TOKEN": TOKEN}
    results = world.run("config-release", event)
    assert results
    return results["release"]


def cell(world: World, tab: str, row: int, column: int) -> object:
    return world.google.sheet().read().sheets[tab].at(row, column).value


def test_release_that_becomes_live_is_told_everywhere(world: World) -> None:
    """Deployment, status, the sheet's values and status line, and the sealed tree as an artifact."""
    with serving(world) as running:
        head = world.change(RULES, "A: {min: 80", "A: {min: 85")
        follow(world)
        until(lambda: running.runs(head))
        job = released(world, MERGECELLS_RELEASE="true", MERGECELLS_SHEET="true", MERGECELLS_RELEASE_SECONDS="60")
    assert job.result == "success", job.output
    assert world.server.store.deployment_statuses[-1]["state"] == "success"
    assert world.server.store.pulls == {}
    assert cell(world, "Tiers", 2, 2) == 85
    assert str(cell(world, "Overview", 8, 2)).startswith("live on 1 of 1 service since 20")
    assert "was not asked" not in job.output
    archive = world.last.artifacts[f"config-{head}"]["config.tar.gz"]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tree:
        assert f"{head}/.mergecells/manifest.json" in tree.getnames()


def test_release_that_does_not_become_live_opens_the_way_back(world: World) -> None:
    """Red; a pull request goes back to what still runs, and the sheet says so."""
    with serving(world):
        world.change(RULES, "A: {min: 80", "A: {min: 85")
        job = released(world, MERGECELLS_RELEASE="true", MERGECELLS_SHEET="true", MERGECELLS_RELEASE_SECONDS="1")
    assert job.result == "failure"
    assert world.server.store.deployment_statuses[-1]["state"] == "failure"
    pull = world.server.store.pulls[1]
    assert pull.title.startswith("Roll back to ")
    assert b"A: {min: 80" in world.server.store.git("show", f"refs/pull/1/head:{RULES}")
    assert "live on 0 of 1 service; the way back is #1" in str(cell(world, "Overview", 8, 2))


def test_release_of_rules_that_are_wrong_publishes_nothing(world: World) -> None:
    """Forced past its check: the run stops before anybody is asked to wait for it."""
    world.begin()
    world.change(RULES, "weight: 0.60", "weight: 0.5")
    job = released(world, MERGECELLS_SHEET="true")
    assert job.result == "failure"
    assert [step.outcome for step in job.steps if step.name.startswith("Write back")] == ["skipped"]


def test_release_without_services_only_writes_back(world: World) -> None:
    """YAML edited on GitHub's page reaches the sheet; what was typed there stays."""
    world.begin()
    world.google.type("Tiers", (3, 2), 41)
    world.change(RULES, "A: {min: 80", "A: {min: 85")
    job = released(world, MERGECELLS_SHEET="true")
    assert job.result == "success", job.output
    assert (cell(world, "Tiers", 2, 2), cell(world, "Tiers", 3, 2)) == (85, 41)
    assert world.server.store.deployments == []


def test_release_of_a_repository_without_either_is_skipped(world: World) -> None:
    """A fresh repository gets no red run for what nobody set up; another branch starts nothing."""
    world.begin()
    assert released(world).result == "skipped"
    other = world.event("push", {}, MERGECELLS_SHEET="true")
    other.ref = "refs/heads/other"
    assert world.run("config-release", other) is None


def drifted(world: World) -> JobResult:
    results = world.run("config-drift", world.event("schedule", {}, MERGECELLS_SHEET="true"))
    assert results
    return results["drift"]


def test_drift_keeps_one_issue_and_closes_it(world: World) -> None:
    """No drift, no issue; drift is red and one issue, updated the next night; once both agree it is closed."""
    world.begin()
    assert drifted(world).result == "success"
    assert world.server.store.issues == []
    world.google.type("Tiers", (2, 2), 82)
    job = drifted(world)
    assert job.result == "failure"
    assert "Tiers!B2" in job.output
    world.google.type("Tiers", (3, 2), 41)
    assert drifted(world).result == "failure"
    (issue,) = world.server.store.issues
    assert (issue["state"], "Tiers!B2" in issue["body"], "Tiers!B3" in issue["body"]) == ("open", True, True)
    world.google.type("Tiers", (2, 2), 80)
    world.google.type("Tiers", (3, 2), 40)
    assert drifted(world).result == "success"
    assert [issue["state"] for issue in world.server.store.issues] == ["closed"]
