"""`smoke-evaluation` and `weekly-report` as GitHub would run them: a real service and a real history behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.stage import command
from acceptance.test_serve_llm import running
from standins.llm import openai_api
from standins.llm.server import ModelServer, model_server
from workflows.runner import JobResult
from workflows.world import World

CASES = b"""\
cases:
  rewrite: {message: "Rewrite this.", intent: editing_writing}
  unknown: {prompt: nope, status: 404}
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(openai_api.respond) as made:
        yield made


def smoked(world: World, **variables: str) -> JobResult:
    results = world.run("smoke-evaluation", world.event("schedule", {}, **variables))
    assert results
    return results["smoke"]


def test_smoke_evaluation_is_green_red_or_off(world: World, tmp_path: Path, server: ModelServer) -> None:
    """Off without an address; green when every case is right; red, with the case in the summary, when one is not."""
    world.begin()
    world.server.store.push({"prompts/smoke.yaml": CASES})
    assert smoked(world).result == "skipped"
    with running(tmp_path, server) as service:
        good = smoked(world, MERGECELLS_SMOKE_URL=service.url)
        assert good.result == "success", good.output
        assert "2 of 2 passed" in good.output
        world.server.store.push({"prompts/smoke.yaml": CASES.replace(b"editing_writing", b"coding_help")})
        bad = smoked(world, MERGECELLS_SMOKE_URL=service.url)
        assert bad.result == "failure"
        assert "The intent is editing_writing, not coding_help." in bad.output


def test_weekly_report_becomes_one_issue_of_the_week(world: World, tmp_path: Path) -> None:
    """From a history that is made up, and labelled so; a second run updates the same issue."""
    world.begin()
    history = tmp_path / "history.sqlite3"
    made = command("history", "synthetic", history, "--days", "14", "--seed", "7")
    assert made.status == 0, made.messages
    event = world.event("schedule", {}, MERGECELLS_WEEKLY="true")
    secrets = {**event.secrets, "MERGECELLS_HISTORY_URL": f"sqlite:///{history}"}
    for _ in range(2):
        results = world.run("weekly-report", dataclasses.replace(event, secrets=secrets))
        assert results
        assert results["report"].result == "success", results["report"].output
    (issue,) = world.server.store.issues
    assert issue["title"].startswith("Week ")
    assert "Top revisions" in issue["body"]
    assert "synthetic" in issue["body"].lower() or "made up" in issue["body"].lower()
