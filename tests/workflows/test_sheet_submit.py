"""`sheet-submit` as GitHub would run it: from the add-on's event to a pull request."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.runner import JobResult
from workflows.world import PROVIDER, World

pytestmark = pytest.mark.needs("node")


def submitted(world: World, variables: dict[str, str] | None = None, **payload: Any) -> JobResult:
    about = {"spreadsheet": world.google.book_id, "title": "", "requested_by": "ada@example.org"}
    whole = {"action": "mergecells-submit", "branch": "main", "client_payload": about | {"nonce": "1b2c3d4e"} | payload}
    results = world.run("sheet-submit", world.event("repository_dispatch", whole, **(variables or {})))
    assert results
    return results["submit"]


def test_event_becomes_a_pull_request_of_who_asked(world: World) -> None:
    """One cell, one request with a check run; the second event finds nothing new in it."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    job = submitted(world, title="Older firms")
    assert job.result == "success", job.output
    pull = world.server.store.pulls[1]
    assert (pull.title, "`Tiers!B2`" in pull.body) == ("Older firms", True)
    assert b"Submitted-by: ada <ada@example.org>" in world.server.store.git("log", "-1", "refs/pull/1/head")
    assert [run["conclusion"] for run in world.server.store.checks] == ["success"]
    assert "Older firms" in job.summary
    assert submitted(world).result == "success"
    assert len(world.server.store.pulls) == 1


def test_event_works_without_a_key_of_googles(world: World) -> None:
    """Workload identity: signed in for this run, no secret in the repository."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    about = {"spreadsheet": world.google.book_id, "title": "", "requested_by": "ada@example.org", "nonce": "1b2c3d4e"}
    payload = {"action": "mergecells-submit", "client_payload": about}
    event = world.event("repository_dispatch", payload, **PROVIDER)
    event.secrets = {}
    results = world.run("sheet-submit", event)
    assert results
    assert results["submit"].result == "success", results["submit"].output
    assert len(world.server.store.pulls) == 1


def test_event_of_a_bad_edit_is_red_and_marks_the_cell(world: World) -> None:
    """No request; the person sees it in the sheet."""
    world.begin()
    world.google.type("Tiers", (2, 2), "many")
    job = submitted(world)
    assert job.result == "failure"
    assert "workbook.type" in job.summary
    assert world.server.store.pulls == {}
    assert "mergecells:" in world.google.sheet().read().sheets["Tiers"].at(2, 2).note


def test_event_in_conflict_with_main_is_red_and_shows_three_values(world: World) -> None:
    """The cell keeps what was typed; nothing is overwritten."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    world.change("scoring/rules.yaml", "A: {min: 80", "A: {min: 85")
    job = submitted(world)
    assert job.result == "failure"
    assert "merge.conflict" in job.output
    cell = world.google.sheet().read().sheets["Tiers"].at(2, 2)
    assert (cell.value, "On the branch: 85" in cell.note) == (82, True)


HOSTILE = '"; touch pwned; echo "$(touch pwned)`touch pwned` ${{ secrets.MERGECELLS_GOOGLE_CREDENTIALS }} ' + "'"


def test_event_with_hostile_text_runs_none_of_it(world: World) -> None:
    """A title is a title; whatever else is refused. No line of shell ever holds it."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    for name in ("requested_by", "nonce", "spreadsheet", "title"):
        job = submitted(world, **{name: HOSTILE})
        assert HOSTILE not in (world.folder / f"run-{world.runs}" / "job-submit" / "step.sh").read_text()
        assert "private_key" not in job.output
        if name != "title":
            assert (job.result, world.server.store.pulls) == ("failure", {})
    assert world.server.store.pulls[1].title.startswith('"; touch pwned;')
    assert not list(world.folder.rglob("pwned"))


def test_event_of_another_type_starts_nothing(world: World) -> None:
    """Other events of the repository are not ours."""
    world.begin()
    assert world.run("sheet-submit", world.event("repository_dispatch", {"action": "deploy"})) is None
