"""The way without a hub: the add-on starts the workflow `sheet submit` with a token of the person who submits."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from addon_stage import ADA, BOB, GITHUB, AddOn, add_on, remember
from google_stage import Stage, staged
from standins.hub import FaultyHub, Said, faulty_hub

pytestmark = pytest.mark.needs("node")
TOKEN = "github_pat_11AAAAAAA0abcdefghijkl_mnopqrstuvwxyz0123456789"
DISPATCH = "POST /repos/acme/leads/dispatches"


@pytest.fixture
def github() -> Iterator[FaultyHub]:
    with faulty_hub() as made:
        made.say(DISPATCH, Said(204, ""))
        yield made


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


@pytest.fixture
def sheet(stage: Stage, github: FaultyHub) -> Iterator[AddOn]:
    """A sheet that knows its repository and no hub."""
    remember(stage, "repository", "acme/leads")
    with add_on(stage, routes={GITHUB: github.url}) as made:
        yield made


def test_dispatch_hands_over_who_and_which_sheet_and_no_cell(sheet: AddOn, github: FaultyHub, stage: Stage) -> None:
    """The event and the keys that the workflow reads; well under GitHub's ten keys and 64 KB."""
    sheet.value("saveToken", TOKEN)
    told = sheet.value("submitChanges", "Wichtiger: große Firmen")
    ((call, body, headers),) = github.requests
    nonce = body["client_payload"].pop("nonce")
    assert (call, len(nonce)) == (DISPATCH, 36)
    assert told == {"way": "github", "id": nonce, "address": "https://github.com/acme/leads/pulls"}
    payload = {"spreadsheet": stage.book_id, "title": "Wichtiger: große Firmen", "requested_by": ADA}
    assert body == {"event_type": "mergecells-submit", "client_payload": payload}
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert (headers["accept"], headers["x-github-api-version"]) == ("application/vnd.github+json", "2022-11-28")


def test_dispatch_token_is_its_owners_alone(sheet: AddOn, github: FaultyHub, stage: Stage) -> None:
    """Another editor of the sheet has none, and it is nowhere in the document, the page or the log."""
    sheet.value("saveToken", TOKEN)
    sheet.value("submitChanges", "")
    assert sheet.value("openSidebar")["hasToken"] is True
    assert sheet.value("openSidebar", person=BOB)["hasToken"] is False
    assert sheet.problem("submitChanges", "", person=BOB)["title"] == "There is no GitHub token of yours."
    everywhere = [sheet.aside("screen"), sheet.aside("logged"), sheet.aside("properties", owner="the document")]
    told = json.dumps([everywhere, sheet.value("openSidebar"), sheet.open(), repr(stage.book)])
    assert TOKEN not in told
    assert sheet.value("saveToken", "") is False
    assert sheet.problem("submitChanges", "")["title"] == "There is no GitHub token of yours."


def test_dispatch_token_that_is_none_is_refused(sheet: AddOn) -> None:
    """A password or a whole line that was pasted by mistake is not kept, and not repeated."""
    told = sheet.problem("saveToken", "my secret password")
    assert told["title"] == "This is no GitHub token."
    assert "secret" not in json.dumps(told)
    assert sheet.aside("properties", owner=ADA) == {}


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (Said(401, {"message": "Bad credentials"}), "GitHub does not accept your token."),
        (Said(403, {"message": "Resource not accessible"}), "GitHub refuses this for now."),
        (Said(404, {"message": "Not Found"}), "GitHub has no acme/leads, or your token may not see it."),
        (Said(422, {"message": "Invalid request."}), "GitHub did not understand the request."),
        (Said(503, "<html>Unicorn!</html>"), "GitHub has a problem of its own."),
    ],
)
def test_dispatch_refused_is_told_in_words(sheet: AddOn, github: FaultyHub, said: Said, title: str) -> None:
    """Each with what to do next."""
    sheet.value("saveToken", TOKEN)
    github.say(DISPATCH, said)
    told = sheet.problem("submitChanges", "")
    assert told["title"] == title
    assert told["hint"]
    assert "<" not in json.dumps(told)
