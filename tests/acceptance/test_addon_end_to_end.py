"""From the button in the sheet to live services: the sidebar in a real browser, the add-on's files as they are, the
real hub, and strict stand-ins for Sheets and GitHub. One sheet for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from addon_page import Sidebar, sidebar
from addon_stage import ADA, BOB, HUB, AddOn, add_on, remember
from hub_stage import HubStage, hub_stage
from standins.github_store import Review
from standins.lead_service import LeadService, lead_service

pytestmark = pytest.mark.needs("node", "chromium")
EVENT = {"action": "anything", "repository": {"full_name": "acme/leads"}}
TITLE = "Größere Firmen zuerst"
YEARS = "=IF(years>=10,1,years/10)"


@pytest.fixture
def services() -> Iterator[list[LeadService]]:
    with lead_service() as first, lead_service() as second, lead_service() as third:
        yield [first, second, third]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: list[LeadService]) -> Iterator[HubStage]:
    manifest = f"services: [{', '.join(service.url for service in services)}]\n"
    with hub_stage(tmp_path, monkeypatch, manifest, small=True) as made:
        for service in services:
            service.revision = made.github.store.sha("main")
        remember(made.google, "hub", HUB)
        with made.running():
            yield made


@pytest.fixture
def script(stage: HubStage) -> Iterator[AddOn]:
    with add_on(stage.google, routes={HUB: stage.url}) as made:
        made.identity = stage.accounts.token
        yield made


@pytest.fixture
def side(script: AddOn, tmp_path: Path) -> Iterator[Sidebar]:
    with sidebar(script, tmp_path) as made:
        yield made


def active(script: AddOn) -> str:
    return str(script.aside("screen")["active"])


def test_sidebar_from_an_edit_to_live_services(
    stage: HubStage, services: list[LeadService], script: AddOn, side: Sidebar
) -> None:
    """Nothing changed; an edit; the comparison; by keyboard a jump and the submission; proposed in Ada's name; the hub
    restarts; approved; merged; live on 3 of 3. Then the page asks no more, and Bob sees the same."""
    page, store = side.page, stage.github.store
    side.open()
    page.wait_for_text("Nothing. The sheet says what is in force.")
    assert page.run("document.getElementById('submit-button').disabled")
    side.look("fresh")
    stage.edit("Tiers", (2, 2), 82)
    stage.edit("Factors", (3, 7), "Full marks from ten years on, not earlier.")
    page.click("#compare-again")
    page.wait_for_text("Full marks from ten years on, not earlier.")
    page.wait("!document.querySelector('#compare-again').disabled")
    side.look("changes")
    assert side.tab_order(9) == [
        *("Submit", "Settings", "Help", "Check again", "A: min", "company_info / years_in_business: description"),
        *("Compare again", "title", "Submit for review"),
    ]
    page.run("document.querySelector('#changes .cell').focus()")
    page.press("Enter")
    page.wait_for_call("jumpTo")
    assert active(script) == "Tiers!B2"
    page.run(f"document.getElementById('title').value = '{TITLE}'; document.getElementById('title').focus()")
    page.press("Enter")
    page.wait_for_text("Your change was proposed for review")
    assert page.run("document.querySelector('#last a').href") == "https://github.com/acme/leads/pull/1"
    side.look("proposed")
    assert store.pulls[1].title == TITLE
    assert b"Submitted-by: Ada <ada@example.com>" in store.git("log", "-1", "--format=%B", "refs/pull/1/head")
    assert stage.hub
    stage.hub.sessions._sessions.clear()
    with store.lock:
        store.pulls[1].reviews.append(Review("bob", "Bob", store.pulls[1].head_sha, store.now()))
    assert stage.deliver("pull_request_review", EVENT).status_code == 202
    page.wait_for_text("Approved by Bob.")
    merged = stage.merge(1)
    assert stage.deliver("pull_request", EVENT).status_code == 202
    services[0].revision = merged
    page.wait_for_text("Live on 1 of 3 services")
    side.look("releasing")
    for service in services:
        service.revision = merged
    page.wait_for_text("Live on 3 of 3 services since ")
    page.wait_for_text("Nothing. The sheet says what is in force.")
    side.look("live")
    asked = page.calls.count("readSubmission")
    side.open()
    page.wait_for_text("Live on 3 of 3 services since ")
    assert page.calls.count("readSubmission") == asked + 1
    assert page.run("__waits") == []
    last = script.value("readSheetStatus", person=BOB)["last_submission"]
    assert script.value("readSubmission", last, person=BOB)["author"] == "Ada <ada@example.com>"
    assert script.aside("cached", person=ADA) != script.aside("cached", person=BOB)


def test_sidebar_findings_and_conflicts_lead_to_their_cells(stage: HubStage, script: AddOn, side: Sidebar) -> None:
    """What only the full check sees is refused, each problem with its cell. Mended, and main moved in the same cell:
    all three values. Settled, it goes through."""
    page, store = side.page, stage.github.store
    stage.edit("Tiers", (2, 2), 50)
    stage.edit("Factors", (3, 4), "=IF(years>=8,1,years/8)")
    side.open()
    page.wait_for_text("80 → 50")
    page.click("#submit-button")
    page.wait_for_text("Not proposed: it needs mending first")
    side.look("findings")
    page.click("#last .cell.error")
    page.wait_for_call("jumpTo")
    assert active(script) == "Tiers!B3"
    stage.edit("Tiers", (2, 2), 82)
    stage.edit("Factors", (3, 4), YEARS)
    rules = store.git("show", "main:scoring/rules.yaml")
    store.push({"scoring/rules.yaml": rules.replace(b"A: {min: 80", b"A: {min: 81")})
    page.click("#compare-again")
    page.wait_for_text("Changed by somebody else, too")
    page.wait("!document.getElementById('submit-button').disabled")
    page.click("#submit-button")
    page.wait_for_text("Somebody else changed the same cells")
    shown = " ".join(page.run("document.querySelector('#last .values').innerText").split())
    assert shown == "It was 80 You typed 82 In force now 81"
    side.look("conflict")
    page.calls.clear()
    page.click("#last .cell")
    page.wait_for_call("jumpTo")
    assert active(script) == "Tiers!B2"
    assert stage.google.sheet().read().sheets["Tiers"].at(2, 2).value == 82
    assert store.pulls == {}
    stage.edit("Tiers", (2, 2), 81)
    stage.edit("Tiers", (3, 2), 61)
    page.click("#compare-again")
    page.wait_for_text("60 → 61")
    page.wait("!document.getElementById('submit-button').disabled")
    page.click("#submit-button")
    page.wait_for_text("Your change was proposed for review")


def test_sidebar_tells_mistakes_and_refusals_before_anything_is_submitted(
    stage: HubStage, script: AddOn, side: Sidebar
) -> None:
    """What the sheet itself sees keeps the button out of use until it is mended. A token of another script, of an
    unverified address, of another domain: the hub's reason in words."""
    page = side.page
    stage.edit("Components", (2, 2), 0.5)
    stage.edit("Factors", (3, 4), "=IF(years>=10,1")
    side.open("checkThisSheet")
    page.wait_for_text("The components’ weights sum to")
    page.wait_for_text("#ERROR! This formula cannot be read.")
    page.wait_for_text("Mend 2 problems above first.")
    assert page.run("document.activeElement.id") == "checks"
    side.look("checks")
    stage.edit("Components", (2, 2), 0.4)
    stage.edit("Factors", (3, 4), YEARS)
    page.click("#check-again")
    page.wait_for_text("No problem found.")
    told = []
    for claims in (
        {"aud": "another-script"},
        {"email_verified": False},
        {"hd": "evil.example", "email": "eve@evil.example"},
    ):
        script.aside("forget", person=ADA)
        script.identity = lambda person, claims=claims: stage.accounts.token(person, **claims)
        told.append(script.problem("previewChanges"))
    assert [each["status"] for each in told] == [401, 403, 403]
    assert all(each["detail"] and each["hint"] for each in told)
