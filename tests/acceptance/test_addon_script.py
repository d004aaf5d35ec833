"""The add-on's script: menu, settings, signing in, signing, what it says of faults. Run by Node as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon_stage import ADA, BOB, HUB, SHEETS, AddOn, ScriptError, add_on, remember
from google_stage import Stage, staged
from standins.hub import HTML, FaultyHub, Said, faulty_hub, problem

pytestmark = pytest.mark.needs("node")
PREVIEW = {"base": "a" * 40, "head": "a" * 40, "changes": [], "findings": [], "conflicts": []}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as made:
        yield made


@pytest.fixture
def hub() -> Iterator[FaultyHub]:
    with faulty_hub() as made:
        made.say("POST /v1/previews", Said(200, PREVIEW))
        yield made


@pytest.fixture
def sheet(stage: Stage, hub: FaultyHub) -> Iterator[AddOn]:
    """A sheet that knows its hub."""
    remember(stage, "hub", HUB)
    with add_on(stage, routes={HUB: hub.url}) as made:
        yield made


def calls(hub: FaultyHub) -> list[str]:
    return [call for call, _, _ in hub.requests]


def test_addon_menu_calls_functions_that_exist(sheet: AddOn) -> None:
    """Each entry opens the sidebar at its view; opening the sheet needs no permission."""
    sheet.call("onOpen")
    entries = sheet.aside("screen")["menus"]["mergecells"]
    assert [name for name, _ in entries] == ["Submit to CI…", "What changed", "Check this sheet", "Settings", "Help"]
    views = []
    for _, function in entries:
        page = sheet.open(function)
        views.append(page.partition('data-view="')[2].partition('"')[0])
    assert views == ["submit", "changes", "checks", "settings", "help"]


def test_addon_page_takes_nothing_from_elsewhere(sheet: AddOn) -> None:
    """No address of another host, no markup from values, no scriptlet left over."""
    page = sheet.open()
    assert "<?" not in page
    assert "innerHTML" not in page
    assert "outerHTML" not in page
    assert "insertAdjacentHTML" not in page
    assert "src=" not in page
    assert "@import" not in page


def test_addon_asks_for_no_more_than_it_needs() -> None:
    """Scopes: this one spreadsheet, the sidebar, requests, who is at the keyboard. Requests: two hosts."""
    manifest = json.loads((SHEETS / "appsscript.json").read_text())
    google = "https://www.googleapis.com/auth/"
    wanted = ["openid", *(google + name for name in ("userinfo.email", "spreadsheets.currentonly"))]
    wanted += [google + "script.container.ui", google + "script.external_request"]
    assert manifest["oauthScopes"] == wanted
    assert manifest["urlFetchWhitelist"] == [f"{HUB}/", "https://api.github.com/"]
    assert (manifest["runtimeVersion"], manifest["exceptionLogging"]) == ("V8", "STACKDRIVER")
    assert "@OnlyCurrentDoc" in (SHEETS / "menu.js").read_text()


def test_addon_private_functions_are_out_of_the_pages_reach(sheet: AddOn) -> None:
    """What ends in _ cannot be called by a page, as in Apps Script: no way to a session or a token."""
    for name in ("session_", "newSession_", "dispatch_"):
        with pytest.raises(ScriptError, match="not found"):
            sheet.call(name)


def test_addon_signs_each_request_and_keeps_one_session(sheet: AddOn, hub: FaultyHub) -> None:
    """One sign-in for many requests; the stand-in checks each signature, over a body with umlauts too."""
    hub.say("POST /v1/submissions", Said(202, {"id": "s1", "status_url": "/v1/submissions/s1"}))
    sheet.value("previewChanges")
    assert sheet.value("submitChanges", "Größere Firmen zählen mehr → +2 🚀") == {
        "way": "hub",
        "id": "s1",
        "address": "",
    }
    assert calls(hub) == ["POST /v1/sessions", "POST /v1/previews", "POST /v1/submissions"]
    assert len(hub.requests[-1][1]["request_id"]) == 36
    assert hub.requests[-1][1]["title"] == "Größere Firmen zählen mehr → +2 🚀"
    assert len({headers["x-mergecells-nonce"] for _, _, headers in hub.requests[1:]}) == 2


def test_addon_session_that_ended_is_opened_again_once(sheet: AddOn, hub: FaultyHub) -> None:
    """The hub was restarted: the person notices nothing. A hub that never accepts is asked twice, not for ever."""
    sheet.value("previewChanges")
    hub.keys.clear()
    sheet.value("previewChanges")
    opened, asked = "POST /v1/sessions", "POST /v1/previews"
    assert calls(hub) == [opened, asked, asked, opened, asked]
    hub.say("POST /v1/previews", problem(401, "session-unknown", "There is no such session, or it has ended."))
    before = len(hub.requests)
    assert sheet.problem("previewChanges")["title"] == "The hub did not accept your sign-in."
    assert calls(hub)[before:] == ["POST /v1/previews", "POST /v1/sessions", "POST /v1/previews"]


def test_addon_secrets_stay_out_of_document_page_and_logs(sheet: AddOn, hub: FaultyHub, stage: Stage) -> None:
    """The key of the session lies in the cache of the person who signed in; no other place has it or the token."""
    hub.say("POST /v1/submissions", Said(500, {"title": "Internal Server Error"}))
    sheet.value("previewChanges")
    sheet.problem("submitChanges", "")
    (cached,) = sheet.aside("cached", person=ADA)
    key, token = json.loads(cached)["key"], "identity-token-of"
    assert sheet.aside("cached", person=BOB) == []
    everywhere = json.dumps(
        [sheet.aside("screen"), sheet.aside("logged"), sheet.aside("properties", owner="the document")]
    )
    everywhere += json.dumps([sheet.aside("properties", owner=ADA), repr(stage.book), sheet.open()])
    assert key not in everywhere
    assert token not in everywhere


def test_addon_signs_in_again_only_where_that_helps(sheet: AddOn, hub: FaultyHub) -> None:
    """A clock that is wrong stays wrong; an identity token that ran out is asked for once more."""
    hub.say("POST /v1/previews", problem(401, "timestamp-skew", "The request's clock is 400 s behind the hub's."))
    assert "400 s behind" in sheet.problem("previewChanges")["detail"]
    assert calls(hub) == ["POST /v1/sessions", "POST /v1/previews"]
    hub.say("POST /v1/sessions", problem(401, "identity-expired", "The identity token ran out."))
    hub.keys.clear()
    assert sheet.problem("previewChanges")["detail"] == "The identity token ran out."
    assert calls(hub)[2:] == ["POST /v1/previews", "POST /v1/sessions", "POST /v1/sessions"]


@pytest.mark.parametrize(
    ("said", "title"),
    [
        (Said(400, {"detail": "no"}), "The hub did not understand the request."),
        (Said(403, {"detail": "no"}), "You may not submit from this sheet."),
        (Said(404, {"detail": "no"}), "The hub does not know this."),
        (Said(409, {"detail": "no"}), "Something else is going on with this sheet."),
        (Said(413, {"detail": "no"}), "This is more than the hub takes at once."),
        (Said(422, {"detail": "no"}), "The hub did not understand the request."),
        (Said(429, {"detail": "no"}, {"Retry-After": "7"}), "Too many requests at this moment."),
        (Said(500, {"detail": "no"}), "hub.example.com has a problem of its own."),
        (Said(502, HTML), "hub.example.com has a problem of its own."),
        (Said(302, {}, {"Location": "https://evil.example/"}), "hub.example.com is no hub, or not at this address."),
    ],
)
def test_addon_says_every_answer_in_words(sheet: AddOn, hub: FaultyHub, said: Said, title: str) -> None:
    """What it means, the hub's detail where it is one, and a next step; never HTML, never a stack."""
    hub.say("POST /v1/previews", said)
    told = sheet.problem("previewChanges")
    assert told["title"] == title
    assert told["hint"]
    assert "<" not in json.dumps(told)


def test_addon_prefers_the_hubs_own_hint(sheet: AddOn, hub: FaultyHub) -> None:
    """The hub knows more of the case than a status does."""
    hub.say("POST /v1/previews", Said(403, {"title": "Forbidden", "detail": "eve@x.org may not.", "hint": "Ask Carl."}))
    told = sheet.problem("previewChanges")
    assert (told["detail"], told["hint"]) == ("eve@x.org may not.", "Ask Carl.")


def test_addon_without_a_hub_that_answers_says_so(sheet: AddOn, hub: FaultyHub) -> None:
    """Nobody listens, an address outside the list of the manifest, no identity token, no hub at all."""
    sheet.route(HUB, "http://127.0.0.1:9")
    assert sheet.problem("previewChanges")["title"] == "hub.example.com cannot be reached."
    sheet.value("saveSettings", {"way": "hub", "hub": "https://other.example.org/", "repository": ""})
    told = sheet.problem("previewChanges")
    assert told["title"] == "This script may not talk to other.example.org."
    assert "urlFetchWhitelist" in told["hint"]
    sheet.value("saveSettings", {"way": "hub", "hub": HUB, "repository": ""})
    sheet.identity = lambda person: None
    assert sheet.problem("previewChanges")["title"] == "mergecells may not do this yet."


def test_addon_of_a_sheet_that_knows_nothing_asks_for_the_address(stage: Stage) -> None:
    """The first step of somebody who installed it by hand."""
    with add_on(stage) as sheet:
        opened = sheet.value("openSidebar")
        assert opened["settings"] == {"way": "hub", "hub": "", "repository": ""}
        assert "Enter its address in Settings" in sheet.problem("previewChanges")["hint"]


def test_addon_settings_come_before_what_init_left(sheet: AddOn, stage: Stage) -> None:
    """A typed address wins; a wrong one is refused and nothing is kept."""
    assert sheet.value("openSidebar")["settings"]["hub"] == HUB
    for wrong in ("http://hub.example.com", "hub", "https://a b", "https://user:pw@hub.example.com", "javascript:x"):
        assert sheet.problem("saveSettings", {"way": "hub", "hub": wrong, "repository": ""})["title"].startswith(
            "This is no"
        )
    assert sheet.aside("properties", owner="the document") == {}
    given = {"way": "github", "hub": "https://new.example.com/", "repository": "https://github.com/acme/leads.git"}
    kept = {"way": "github", "hub": "https://new.example.com", "repository": "acme/leads"}
    assert sheet.value("saveSettings", given) == kept
    assert sheet.value("openSidebar", person=BOB)["settings"] == kept


def test_addon_submits_one_at_a_time(sheet: AddOn, hub: FaultyHub) -> None:
    """While another execution holds the document's lock nothing is sent; the lock is given back after a failure."""
    sheet.aside("hold", held=True)
    assert sheet.problem("submitChanges", "")["title"] == "Somebody else is submitting from this sheet right now."
    assert calls(hub) == []
    sheet.aside("hold", held=False)
    hub.say("POST /v1/submissions", Said(503, {}), Said(202, {"id": "s1"}))
    sheet.problem("submitChanges", "")
    assert sheet.value("submitChanges", "")["id"] == "s1"


@pytest.mark.parametrize(
    ("cell", "active"),
    [("Factors!D7", "Factors!D7"), ("'My tab'!B2:B16", "My tab!B2:B16"), ("'It''s'!A1", "It's!A1")],
)
def test_addon_jumps_to_a_cell(sheet: AddOn, stage: Stage, cell: str, active: str) -> None:
    """Quoted names and ranges too."""
    for number, title in enumerate(("Factors", "My tab", "It's"), 1):
        stage.edit({"addSheet": {"properties": {"title": title, "sheetId": number}}})
    sheet.value("jumpTo", cell)
    assert sheet.aside("screen")["active"] == active


def test_addon_jump_to_nowhere_is_told(sheet: AddOn) -> None:
    """A tab that was deleted meanwhile, and what is no cell."""
    assert sheet.problem("jumpTo", "Gone!A1")["title"] == "The tab Gone is no longer there."
    assert sheet.problem("jumpTo", "nonsense")["title"] == "This is no cell."


def test_addon_tells_what_the_hub_must_allow(sheet: AddOn) -> None:
    """Audience and domain of the identity token, and nothing else of it."""
    claims = "eyJhdWQiOiIxMi5hcHBzLmdvb2dsZXVzZXJjb250ZW50LmNvbSIsImhkIjoiZXhhbXBsZS5jb20iLCJzdWIiOiI3In0"
    sheet.identity = lambda person: f"head.{claims}.signature"
    assert sheet.value("readIdentityFacts") == {"audience": "12.apps.googleusercontent.com", "domain": "example.com"}


def test_addon_folder_holds_data_only() -> None:
    """Small files that Apps Script takes as they are; the example of clasp's settings names no script."""
    allowed = {".js", ".html", ".json", ".example", ".claspignore", ".xlsx", ".md"}
    files = [path for path in SHEETS.iterdir() if path.is_file()]
    assert {path.suffix or path.name for path in files} <= allowed
    assert max(len(Path(path).read_text().splitlines()) for path in files if path.suffix in (".js", ".html")) <= 200
