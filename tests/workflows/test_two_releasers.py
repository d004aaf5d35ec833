"""The hub and the workflow `config-release` release the same merge at the same moment: what is told is told once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub_stage import AddOn, HubStage, hub_stage, until
from standins.github_webhooks import payload
from standins.lead_service import LeadService, lead_service
from workflows.parser import Parser
from workflows.runner import JobResult
from workflows.world import World

pytestmark = pytest.mark.needs("node")


@pytest.fixture
def service() -> Iterator[LeadService]:
    with lead_service() as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: LeadService) -> Iterator[HubStage]:
    with hub_stage(tmp_path, monkeypatch, f"services: [{service.url}]\n", small=True) as made:
        service.revision = made.github.store.sha("main")
        yield made


@pytest.fixture
def world(stage: HubStage, parser: Parser, tmp_path: Path) -> World:
    (tmp_path / "world").mkdir()
    return World(parser, tmp_path / "world", stage.github, stage.google)


def submitted(stage: HubStage) -> tuple[AddOn, str]:
    ada = stage.add_on()
    stage.edit("Tiers", (2, 2), 82)
    made = ada.submit()["id"]
    assert ada.settle(made)["state"] == "proposed"
    return ada, made


def release(world: World, seconds: str) -> JobResult:
    variables = {"MERGECELLS_RELEASE": "true", "MERGECELLS_SHEET": "true", "MERGECELLS_RELEASE_SECONDS": seconds}
    results = world.run("config-release", world.event("push", {}, **variables))
    assert results
    return results["release"]


def test_merge_released_by_both_is_told_and_written_back_once(
    stage: HubStage, world: World, service: LeadService
) -> None:
    """One Deployment that ends in success, one status line in the sheet, no second pull request, no submission."""
    with stage.running(), ThreadPoolExecutor(1) as pool:
        ada, made = submitted(stage)
        merged = stage.merge(1)
        running = pool.submit(release, world, "60")
        stage.deliver("pull_request", payload("pull_request$closed"))
        ada.wait_for(made, "releasing")
        service.revision = merged
        ada.wait_for(made, "live")
        until(lambda: stage.hub and "since 20" in stage.hub.store.written(ada.spreadsheet))
        job = running.result(120)
        assert job.result == "success", job.output
        written = stage.google.standin.count()
        line = stage.google.sheet().read().metadata["live"]
        assert release(world, "60").result == "success"  # somebody runs it again by hand
        assert stage.google.sheet().read().metadata["live"] == line
        assert ada.get(f"/v1/sheets/{ada.spreadsheet}").json()["base"] == merged
    assert stage.google.standin.count() > written
    store = stage.github.store
    first = min(each["id"] for each in store.deployments)
    assert [each["state"] for each in store.deployment_statuses if each["deployment"] == first][-1] == "success"
    others = [each["state"] for each in store.deployment_statuses if each["deployment"] != first]
    assert set(others) <= {"inactive"}
    assert [each["state"] for each in store.statuses if each["sha"] == merged][-1] == "success"
    assert len(store.pulls) == 1
    assert store.comments == []


def test_merge_that_neither_gets_live_has_one_way_back(stage: HubStage, world: World, service: LeadService) -> None:
    """Both see the refusal at once, both open the way back: it is one pull request."""
    with stage.running(), ThreadPoolExecutor(1) as pool:
        ada, made = submitted(stage)
        merged = stage.merge(1)
        service.rejected = {"revision": merged, "at": "…", "reason": "tier A cannot be reached", "findings": []}
        running = pool.submit(release, world, "60")
        stage.deliver("pull_request", payload("pull_request$closed"))
        told = ada.wait_for(made, "stuck")
        assert running.result(120).result == "failure"
    store = stage.github.store
    assert told["live"]["rollback"]["number"] == 2
    assert sorted(store.pulls) == [1, 2]
    assert [pull.state for pull in store.pulls.values()] == ["merged", "open"]
