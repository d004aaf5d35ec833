"""The sidebar in a real browser with a hub that has a bad day, and its other views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from addon_page import Sidebar, sidebar
from addon_stage import GITHUB, HUB, AddOn, add_on, remember
from google_stage import Stage, staged
from standins.hub import FaultyHub, Said, faulty_hub, problem

pytestmark = pytest.mark.needs("node", "chromium")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> &amp; </script><script>document.title='owned'</script>"
CHANGE = {"kind": "changed", "cell": "Tiers!B2", "label": "Tiers: A: min", "before": "80", "after": "82"}
PULL = {"number": 7, "url": "https://github.com/acme/leads/pull/7", "title": "x", "state": "open", "approved_by": []}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, FaultyHub, AddOn, Sidebar]]:
    """One browser for all: starting it is what takes time."""
    folder = tmp_path_factory.mktemp("page")
    with staged() as stage, faulty_hub() as hub:
        remember(stage, "hub", HUB)
        with add_on(stage, routes={HUB: hub.url, GITHUB: hub.url}) as script, sidebar(script, folder, hurry=60) as side:
            yield stage, hub, script, side


@pytest.fixture
def stage(world: Any) -> Stage:
    return world[0]


@pytest.fixture
def hub(world: Any) -> FaultyHub:
    """Fresh each time: nothing was submitted, one cell changed."""
    made: FaultyHub = world[1]
    made.answers.clear()
    previewed = {"base": "a" * 40, "head": "a" * 40, "changes": [CHANGE], "findings": [], "conflicts": []}
    made.say("POST /v1/previews", Said(200, previewed))
    made.say(f"GET /v1/sheets/{world[0].book_id}", Said(200, {"last_submission": None}))
    made.say("POST /v1/submissions", Said(202, {"id": "sub_1"}))
    world[2].route(HUB, made.url)
    return made


@pytest.fixture
def side(world: Any, hub: FaultyHub) -> Sidebar:
    """A sidebar without a page yet."""
    made: Sidebar = world[3]
    made.page.calls.clear()
    made.page.errors.clear()
    return made


def told(state: str, **more: Any) -> Said:
    """A submission as the hub tells it."""
    steps = [{"step": "queued", "at": "2026-11-27T10:20:00Z", "done": True}]
    about = {
        "id": "sub_1",
        "state": state,
        "settled": True,
        "final": False,
        "message": "",
        "author": "Ada <ada@example.com>",
    }
    lists: dict[str, Any] = {"progress": steps, "pull_request": None, "findings": [], "conflicts": [], "live": None}
    return Said(200, {**about, **lists, **more})


def submitted(side: Sidebar, hub: FaultyHub, *said: Said) -> None:
    hub.say("GET /v1/submissions/sub_1", *said)
    side.open()
    side.page.wait_for_text("80 → 82")
    side.page.wait("!document.getElementById('submit-button').disabled")
    side.page.click("#submit-button")


def test_page_without_a_hub_says_what_to_do(side: Sidebar, hub: FaultyHub, world: Any) -> None:
    """Nobody answers: in words, the edits are safe; the checks of the sheet still work, and so does another try."""
    world[2].route(HUB, "http://127.0.0.1:9")
    side.open()
    side.page.wait_for_text("hub.example.com cannot be reached.")
    assert "Your edits are safe in this sheet" in side.page.text()
    assert "No problem found." in side.page.text()
    side.look("unreachable")
    world[2].route(HUB, hub.url)
    side.page.click("#compare-again")
    side.page.wait_for_text("80 → 82")
    assert "cannot be reached" not in side.page.text()


def test_page_shows_hostile_texts_as_texts(side: Sidebar, hub: FaultyHub) -> None:
    """Wherever a value can get to: nothing runs, nothing becomes markup, no address but https becomes a link."""
    finding = {"severity": "error", "message": HOSTILE, "hint": HOSTILE, "cell": HOSTILE, "code": HOSTILE}
    conflict = {"cell": HOSTILE, "label": HOSTILE, "base": HOSTILE, "sheet": HOSTILE, "branch": HOSTILE}
    pull = {**PULL, "url": "javascript:document.title='owned'", "approved_by": [HOSTILE]}
    lists = {"findings": [finding], "conflicts": [conflict], "pull_request": pull, "message": HOSTILE}
    submitted(side, hub, told("refused", final=True, author=f"{HOSTILE} <eve@example.com>", **lists))
    side.page.wait_for_text("Not proposed: it needs mending first")
    assert side.page.run("document.querySelectorAll('main img, main script').length") == 0
    assert side.page.run("document.title") != "owned"
    assert side.page.run("[...document.links].map((each) => each.protocol)") == []
    assert side.page.text().count("<img src=x") >= 7
    side.look("hostile")


@pytest.mark.parametrize(
    ("state", "more", "shows"),
    [
        ("unchanged", {"final": True, "message": "Nothing changed."}, "There is nothing to submit"),
        ("failed", {"final": True, "message": "GitHub does not answer."}, "GitHub does not answer."),
        ("merged", {"final": True}, "No service is listed that could take it over."),
        ("refused", {"final": True, "pull_request": {**PULL, "state": "closed"}}, "The proposal was turned down"),
        ("proposed", {"author": "Bob <bob@example.com>", "pull_request": PULL}, "Submitted by Bob."),
        ("some-new-state", {"final": True}, "some-new-state"),
    ],
)
def test_page_words_each_end(side: Sidebar, hub: FaultyHub, state: str, more: dict[str, Any], shows: str) -> None:
    """Each way that a submission can end says what it means; a state that this page does not know is shown as it is."""
    submitted(side, hub, told(state, **more))
    side.page.wait_for_text(shows)
    assert side.page.errors == []


def test_page_stuck_release_names_who_is_late_and_the_way_back(side: Sidebar, hub: FaultyHub) -> None:
    """Which service, why, and the proposal that goes back."""
    late = [{"service": "https://leads-2.example.com", "reason": "refused it: weights"}]
    back = {"number": 8, "url": "https://github.com/acme/leads/pull/8"}
    live = {"revision": "b" * 40, "live": 2, "services": 3, "since": None, "stragglers": late, "rollback": back}
    submitted(side, hub, told("stuck", live=live, pull_request={**PULL, "state": "merged", "approved_by": ["Bob"]}))
    side.page.wait_for_text("Not yet: https://leads-2.example.com (refused it: weights)")
    assert side.page.run("[...document.links].map((each) => each.href)") == [back["url"], PULL["url"]]
    side.look("stuck")


def test_page_asks_ever_more_seldom_and_not_while_hidden(side: Sidebar, hub: FaultyHub) -> None:
    """Growing intervals up to a minute while people look at the proposal; none behind another tab; at once
    when it is looked at again."""
    submitted(side, hub, told("proposed", pull_request=PULL))
    side.page.wait("__waits.filter((each) => each === 60000).length > 1")
    waits = side.page.run("__waits")
    assert waits == sorted(waits)
    assert waits[0] == 1000
    side.page.run("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    side.page.wait("!followed.timer")
    asked = side.page.calls.count("readSubmission")
    side.page.run("document.dispatchEvent(new Event('visibilitychange'))")
    side.page.serve()
    assert side.page.calls.count("readSubmission") == asked
    side.page.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    side.page.wait_for_call("readSubmission", asked + 1)


def test_page_repeats_a_lost_click_under_the_same_name(side: Sidebar, hub: FaultyHub, world: Any) -> None:
    """The answer was lost: pressing again has the same request_id: nothing is submitted twice. A refusal ends it."""
    submitted(side, hub, told("proposed", pull_request=PULL))
    side.page.wait_for_text("Your change was proposed for review")
    world[2].route(HUB, "http://127.0.0.1:9")
    side.page.click("#submit-button")
    side.page.wait_for_text("cannot be reached")
    side.page.wait("!document.getElementById('submit-button').disabled")
    lost = side.page.run("page.click")
    world[2].route(HUB, hub.url)
    hub.say(
        "POST /v1/submissions", problem(503, "busy", "The queue is full.", "Try again."), Said(202, {"id": "sub_1"})
    )
    side.page.click("#submit-button")
    side.page.wait_for_text("The queue is full.")
    side.page.wait("!document.getElementById('submit-button').disabled")
    side.page.click("#submit-button")
    side.page.wait("!page.click && !page.submitting")
    names = [body["request_id"] for call, body, _ in hub.requests if call == "POST /v1/submissions"]
    assert names[-2] == lost
    assert len(set(names[-3:])) == 3


def test_page_settings_and_help(side: Sidebar, hub: FaultyHub, world: Any) -> None:
    """A wrong address is refused; the way to GitHub asks for a token that is never shown again; Help tells what
    the hub's operator needs."""
    page = side.page
    side.open("showSettings")
    page.wait(f"document.getElementById('hub').value === '{HUB}'")
    assert page.run("document.querySelector('[data-way]').hidden")
    side.look("settings")
    page.run("document.querySelector('[value=github]').click()")
    page.run("document.getElementById('repository').value = 'acme/leads'")
    page.run("document.getElementById('token').value = 'github_pat_11AAAAAAA0abcdefghijkl'")
    page.click("#save-token")
    page.wait_for_text("The token is kept for you.")
    assert page.run("document.getElementById('token').value") == ""
    page.run("document.getElementById('view-settings').requestSubmit()")
    page.wait_for_text("Saved for everybody who uses this sheet.")
    side.look("settings-github")
    page.click("[data-opens=submit]")
    page.wait_for_text("Without a hub this sidebar cannot compare.")
    hub.say("POST /repos/acme/leads/dispatches", Said(204, ""))
    page.click("#submit-button")
    page.wait_for_text("Handed over to GitHub")
    side.look("handed-over")
    page.click("[data-opens=settings]")
    page.run("document.querySelector('[value=hub]').click()")
    page.run("document.getElementById('hub').value = 'https://hub.example.com@evil'")
    page.run("document.getElementById('view-settings').requestSubmit()")
    page.wait_for_text("This is no address of a hub.")
    page.run(f"document.getElementById('hub').value = '{HUB}/'")
    page.run("document.getElementById('view-settings').requestSubmit()")
    page.wait_for_text("Saved for everybody who uses this sheet.")
    claims = "eyJhdWQiOiIxMi5hcHBzLmdvb2dsZXVzZXJjb250ZW50LmNvbSIsImhkIjoiZXhhbXBsZS5jb20iLCJzdWIiOiI3In0"
    before = world[2].identity
    world[2].identity = lambda person: f"head.{claims}.signature"
    page.click("[data-opens=help]")
    page.click("#show-facts")
    page.wait_for_text("12.apps.googleusercontent.com")
    side.look("help")
    world[2].identity = before
