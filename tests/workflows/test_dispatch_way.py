"""The way without a hub, from end to end: the add-on's own files start `sheet-submit`, whose own steps run, and the
sidebar follows what they leave in the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from acceptance.service_process import until
from addon_stage import ADA, BOB, GITHUB, AddOn, add_on, remember
from mergecells.apps.cli.dispatch_answer import MOST_CHARACTERS, answer_of
from mergecells.apps.cli.dispatch_event import DispatchEvent
from mergecells.authoring.propose import Candidate, Submission, make_plan
from mergecells.domain.findings import Finding
from mergecells.domain.identity import parse_identity
from standins.github_server import Fault
from standins.github_store import Account, Review
from workflows.test_config_release import follow, released, serving
from workflows.world import RULES, World

pytestmark = pytest.mark.needs("node")
TOKEN = "github_pat_11AAAAAAA0abcdefghijkl_mnopqrstuvwxyz0123456789"
CLICK = "0f0e0d0c-0b0a-4908-8706-050403020100"


@pytest.fixture
def sheet(world: World) -> Iterator[AddOn]:
    """A sheet that knows its repository and no hub; Ada keeps a token of hers, Bob has none."""
    remember(world.google, "repository", world.slug)
    world.server.store.accounts[TOKEN] = Account("ada", "Ada")
    with add_on(world.google, routes={GITHUB: world.server.url}) as made:
        made.value("saveToken", TOKEN)
        yield made


def press(world: World, sheet: AddOn, title: str = "", click: str = CLICK) -> str:
    """The button: what GitHub got from the add-on starts the workflow. The submission's id."""
    told = sheet.value("submitChanges", title, click)
    assert told["id"] == click
    body = world.server.store.dispatches[-1]
    payload = {"action": body["event_type"], "branch": "main", "client_payload": body["client_payload"]}
    results = world.run("sheet-submit", world.event("repository_dispatch", payload))
    assert results
    return str(results["submit"].result)


def shown(sheet: AddOn, person: str = ADA, click: str = CLICK) -> dict[str, Any]:
    found: dict[str, Any] = sheet.value("readSubmission", click, person=person)
    return found


def test_dispatch_is_followed_from_the_click_to_live(world: World, sheet: AddOn) -> None:
    """Handed over, proposed with its link and changes, approved, merged, live: told to who has a token as it happens,
    and to everybody else once the write-back was there."""
    with serving(world) as running:
        world.google.type("Tiers", (2, 2), 82)
        sheet.value("submitChanges", "Older firms", CLICK)
        waiting = shown(sheet)
        assert (waiting["state"], waiting["settled"]) == ("queued", False)
        assert waiting["address"].endswith("/actions/workflows/sheet-submit.yml")
        assert press(world, sheet, "Older firms") == "success"
        assert sheet.value("readSheetStatus", person=BOB)["last_submission"] == CLICK
        told = shown(sheet, BOB)
        assert (told["state"], told["title"], told["author"]) == ("proposed", "Older firms", f"ada <{ADA}>")
        assert told["pull_request"]["url"] == f"https://github.com/{world.slug}/pull/1"
        assert [(each["cell"], each["before"], each["after"]) for each in told["changes"]] == [("Tiers!B2", "80", "82")]
        pull = world.server.store.pulls[1]
        pull.reviews.append(Review("bob", "Bob", pull.head_sha, world.server.store.now()))
        told = shown(sheet)
        assert (told["state"], told["pull_request"]["approved_by"]) == ("approved", ["Bob"])
        assert shown(sheet, BOB)["state"] == "proposed"
        merged = merge(world)
        assert (shown(sheet)["state"], shown(sheet)["revision"]) == ("merged", merged)
        follow(world)
        until(lambda: running.runs(merged))
        job = released(world, MERGECELLS_RELEASE="true", MERGECELLS_SHEET="true", MERGECELLS_RELEASE_SECONDS="60")
        assert job.result == "success", job.output
    for person in (ADA, BOB):
        told = shown(sheet, person)
        assert (told["state"], told["final"], told["revision"]) == ("live", True, merged)
        assert (told["live"]["live"], told["live"]["services"]) == (1, 1)
        assert told["live"]["since"].startswith("20")


def merge(world: World) -> str:
    store = world.server.store
    pull = store.pulls[1]
    tree = store.merge_tree(world.head, pull.head_sha)
    assert tree
    made = store.commit(tree, [world.head, pull.head_sha], "Merge pull request #1")
    pull.state, pull.merged_at, pull.merged_by, pull.merge_sha = "merged", store.now(), Account("bob"), made
    store.update_ref("refs/heads/main", made, world.head)
    return made


def test_dispatch_of_a_bad_edit_leads_to_its_cell(world: World, sheet: AddOn) -> None:
    """What only the full check finds comes back as a finding with its cell; mended, the same button proposes it."""
    world.begin()
    world.google.type("Tiers", (2, 2), 30)  # below tier B: each cell is sound by itself
    sheet.value("submitChanges", "", CLICK)
    assert press(world, sheet) == "failure"
    told = shown(sheet, BOB)
    assert (told["state"], told["final"], told["pull_request"]) == ("refused", True, None)
    assert ("rule.tier-order", "Tiers!B3") in [(each["code"], each["cell"]) for each in told["findings"]]
    assert sheet.value("jumpTo", told["findings"][0]["cell"]) is not False
    world.google.type("Tiers", (2, 2), 82)
    again = "1f0e0d0c-0b0a-4908-8706-050403020100"
    assert press(world, sheet, click=again) == "success"
    assert shown(sheet, click=again)["state"] == "proposed"
    assert press(world, sheet, click=CLICK) == "success"
    assert shown(sheet)["message"].startswith("Pull request #1")


def test_dispatch_in_conflict_shows_three_values(world: World, sheet: AddOn) -> None:
    """As with the hub."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    world.change(RULES, "A: {min: 80", "A: {min: 85")
    assert press(world, sheet) == "failure"
    (conflict,) = shown(sheet)["conflicts"]
    assert (conflict["base"], conflict["sheet"], conflict["branch"]) == ("80", "82", "85")


def test_dispatch_that_github_fails_is_answered_too(world: World, sheet: AddOn) -> None:
    """The run is red, and the sidebar says why instead of waiting for ever."""
    world.begin()
    world.google.type("Tiers", (2, 2), 82)
    world.server.faults.append(Fault(403, '{"message": "No."}', match="POST /repos/acme/leads/git/trees"))
    assert press(world, sheet) == "failure"
    told = shown(sheet)
    assert (told["state"], told["final"]) == ("failed", True)
    assert "may not do this" in told["message"]


def test_answer_written_by_hand_leads_nowhere_else(world: World, sheet: AddOn) -> None:
    """Every editor can write what a sheet remembers; links are made of the repository's name and a number."""
    world.begin()
    forged = '{"id":"x","state":"proposed","pull_request":{"number":7,"url":"https://evil.example/"},"address":""}'
    remember(world.google, "answer", forged)
    assert shown(sheet, BOB)["pull_request"]["url"] == f"https://github.com/{world.slug}/pull/7"


def test_answer_keeps_within_what_a_sheet_may_remember() -> None:
    """Ten thousand findings with long texts: errors first, the rest counted."""
    long = [Finding(code="rule.x", severity="warning", message="w" * 300, cell=f"A!B{row}") for row in range(400)]
    long.append(Finding(code="rule.y", severity="error", message="e" * 300, cell="A!B1"))
    asked = DispatchEvent("1AbC", "t" * 256, parse_identity("Ada <ada@example.com>"), CLICK)
    plan = make_plan(Candidate("main", "a" * 40, {}, {}), (), tuple(long), author="Ada <ada@example.com>", title="t")
    text = answer_of(asked, Submission("refused", plan))
    assert len(text) <= MOST_CHARACTERS
    assert "rule.y" in text
    assert "more entries are not shown here" in text
