"""From the button in the sheet to a pull request: the real hub on a real socket, strict stand-ins behind it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub_stage import HubStage, hub_stage
from mergecells.adapters.sqlite_hub import HubStore, StoredSubmission


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStage]:
    with hub_stage(tmp_path, monkeypatch, small=True) as made:
        yield made


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStage]:
    """With all rules of the template, a row for each of many people."""
    with hub_stage(tmp_path, monkeypatch) as made:
        yield made


def test_submission_of_one_cell_becomes_a_pull_request_within_the_budget(stage: HubStage) -> None:
    """One click, one pull request, its commit by who was signed in; at most 5 Sheets and 12 GitHub requests."""
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        sheets, github = stage.google.standin.count(), len(stage.github.requests)
        made = ada.submit(title="Higher bar")
        told = ada.settle(made["id"])
        assert stage.google.standin.count() - sheets <= 5
        assert len(stage.github.requests) - github <= 12, stage.github.requests[github:]
    assert (told["state"], told["message"]) == ("proposed", "Pull request #1 is open.")
    assert told["pull_request"]["url"] == "https://github.com/acme/leads/pull/1"
    assert [(step["step"], step["done"]) for step in told["progress"]] == [
        (name, True) for name in ("queued", "reading", "comparing", "checking", "proposing", "noting", "proposed")
    ]
    (change,) = told["changes"]
    assert (change["cell"], change["label"], change["before"], change["after"]) == (
        "Tiers!B2",
        "Tiers: A: min",
        "80",
        "82",
    )
    assert b"Submitted-by: Ada <ada@example.com>" in stage.github.store.git(
        "log", "-1", "--format=%B", "refs/pull/1/head"
    )


def test_submission_without_an_edit_is_unchanged(stage: HubStage) -> None:
    """No pull request is made, and the answer says so."""
    with stage.running():
        ada = stage.add_on()
        told = ada.settle(ada.submit()["id"])
    assert (told["state"], told["final"], told["pull_request"]) == ("unchanged", True, None)
    assert told["message"] == "Nothing changed: the sheet says what the branch says already."
    assert stage.github.store.pulls == {}


def test_preview_shows_what_a_submission_would_do_and_writes_nothing(stage: HubStage) -> None:
    """Changes with their cells; an error that would refuse it."""
    with stage.running():
        ada = stage.add_on()
        asked = {"spreadsheet": ada.spreadsheet}
        told = ada.post("/v1/previews", asked).json()
        assert (told["outcome"], told["changes"], told["base"]) == ("unchanged", [], told["head"])
        stage.edit("Tiers", (2, 2), 82)
        told = ada.post("/v1/previews", asked).json()
        assert (told["outcome"], [one["cell"] for one in told["changes"]]) == ("changed", ["Tiers!B2"])
        stage.edit("Tiers", (2, 2), 1)
        told = ada.post("/v1/previews", asked).json()
        assert told["outcome"] == "refused"
        assert "rule.tier-order" in {finding["code"] for finding in told["findings"]}
    assert stage.github.store.pulls == {}


def test_refused_submission_names_the_cells(stage: HubStage) -> None:
    """The findings, and a note in the sheet."""
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), "many")
        told = ada.settle(ada.submit()["id"])
    assert (told["state"], told["again"], told["final"]) == ("refused", True, True)
    assert told["findings"][0]["cell"] == "Tiers!B2"
    assert "mergecells:" in stage.google.book.titled("Tiers").cells[1, 1]["note"]


def test_conflict_shows_all_three_values(stage: HubStage) -> None:
    """The branch changed the same cell meanwhile."""
    store = stage.github.store
    rules = store.git("show", "main:scoring/rules.yaml")
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        store.push({"scoring/rules.yaml": rules.replace(b"min: 80", b"min: 81")})
        told = ada.settle(ada.submit()["id"])
    assert (told["state"], told["pull_request"], told["findings"]) == ("conflict", None, [])
    (conflict,) = told["conflicts"]
    assert (conflict["cell"], conflict["base"], conflict["sheet"], conflict["branch"]) == ("Tiers!B2", "80", "82", "81")


def test_sheet_view_shows_the_last_submission_and_its_pull_request(stage: HubStage) -> None:
    """What the sidebar needs when it opens; a colleague sees it too."""
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        made = ada.submit()["id"]
        ada.settle(made)
        bob = stage.add_on("bob")
        told = bob.get(f"/v1/sheets/{bob.spreadsheet}").json()
        assert bob.show(made)["author"] == "Ada <ada@example.com>"
    assert (told["last_submission"], told["pull_request"]["number"], told["repository"]) == (made, 1, "acme/leads")
    assert told["base"] == told["head"] == stage.github.store.sha("main")
    assert told["you"] == {"email": "bob@example.com", "name": "Bob"}


def test_click_that_is_sent_again_is_the_same_submission(stage: HubStage) -> None:
    """The answer was lost and the add-on repeats it, under a new nonce: the id of the click decides, for ever."""
    with stage.running():
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        first = ada.submit(request_id="click-0123456789")
        again = ada.submit(request_id="click-0123456789")
        assert (again["id"], again["repeated"]) == (first["id"], True)
        ada.settle(first["id"])
        assert ada.submit(request_id="click-0123456789")["id"] == first["id"]
        answer = ada.post(
            "/v1/submissions", {"spreadsheet": ada.spreadsheet, "request_id": "click-0123456789", "title": "Other"}
        )
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:mergecells:problem:request-id-reused")
    assert len(stage.github.store.pulls) == 1


def test_twenty_people_at_once_lose_no_edit(whole: HubStage) -> None:
    """Ten in one sheet, five in each of two others: each types a cell and presses the button at the same moment. Each
    sheet has one pull request with all its edits, and Google is asked no more often than it allows."""
    stage = whole
    books = [stage.google.book_id, *(stage.add_sheet(name) for name in ("pricing", "routing"))]
    desks = [books[0]] * 10 + [books[1]] * 5 + [books[2]] * 5
    with stage.running():
        people = [stage.add_on(f"person{number}", desk) for number, desk in enumerate(desks)]
        before = stage.google.standin.count()

        def press(number: int) -> str:
            stage.edit("Factors", (2 + number, 7), f"Noted by person {number}.", desks[number])
            return str(people[number].submit(request_id=f"click-of-person-{number:03}")["id"])

        with ThreadPoolExecutor(20) as pool:
            made = list(pool.map(press, range(20)))
        ends = [one.settle(each) for one, each in zip(people, made, strict=True)]
        assert stage.google.standin.count() - before <= 55
    assert [end["state"] for end in ends] == ["proposed"] * 20
    assert len(set(made)) == 20
    numbers = {
        desk: {end["pull_request"]["number"] for end, at in zip(ends, desks, strict=True) if at == desk}
        for desk in books
    }
    assert sorted(map(len, numbers.values())) == [1, 1, 1]
    folders = dict(zip(books, ("", "pricing/", "routing/"), strict=True))
    for number, desk in enumerate(desks):
        (pull,) = numbers[desk]
        rules = stage.github.store.git("show", f"refs/pull/{pull}/head:{folders[desk]}scoring/rules.yaml").decode()
        assert f"Noted by person {number}." in rules


def test_people_who_wait_share_a_turn_but_for_a_title_of_their_own(stage: HubStage) -> None:
    """One read has all that they typed; another title is a turn of its own."""
    store = HubStore(stage.folder / "hub.sqlite")
    for name, title in (("ada", "Higher bar"), ("bob", ""), ("eve", "Mine"), ("dan", "Higher bar")):
        who = f"{name}@example.com"
        at = "2026-11-27T10:00:00Z"
        row = StoredSubmission(
            f"sub_{name}", stage.google.book_id, who, f"{name} <{who}>", title, False, "queued", at, at
        )
        store.enter(row)
    store.close()
    stage.edit("Tiers", (2, 2), 82)
    before = stage.google.standin.calls.count("sheets.spreadsheets.batchUpdate")
    with stage.running():
        ada = stage.add_on()
        ends = {name: ada.settle(f"sub_{name}") for name in ("ada", "bob", "eve", "dan")}
    assert {end["state"] for end in ends.values()} == {"proposed"}
    assert ends["bob"]["message"] == ends["dan"]["message"] == "Pull request #1 has these edits; ada submitted them."
    assert ends["bob"]["changes"] == ends["ada"]["changes"]
    assert ends["bob"]["progress"][-1] == {**ends["bob"]["progress"][-1], "step": "proposed", "done": True}
    assert ends["eve"]["message"] == "Pull request #1 was updated."
    assert stage.google.standin.calls.count("sheets.spreadsheets.batchUpdate") - before == 1
    assert stage.github.store.pulls[1].title == "Mine"


def test_submission_that_ran_when_the_hub_died_is_said_to_be_so(stage: HubStage) -> None:
    """What waited goes on; what ran can be sent again, and there is one pull request in the end."""
    store = HubStore(stage.folder / "hub.sqlite")
    rows = [
        StoredSubmission(f"sub_{state}", stage.google.book_id, f"{state}@example.com", "Ada <ada@example.com>", "",
                         False, state, "2026-11-27T10:00:00Z", "2026-11-27T10:00:00Z")
        for state in ("proposing", "queued")
    ]  # fmt: skip
    for row in rows:
        store.enter(row)
    store.close()
    stage.edit("Tiers", (2, 2), 82)
    with stage.running():
        ada = stage.add_on()
        told = ada.settle("sub_proposing")
        assert (told["state"], told["again"], told["final"]) == ("failed", True, True)
        assert "was stopped while this submission was under way" in told["message"]
        assert ada.settle("sub_queued")["state"] == "proposed"
        again = ada.settle(ada.submit()["id"])
        assert again["notes"][0].startswith("#1 has these edits already")
    assert len(stage.github.store.pulls) == 1


def test_sheet_that_google_refuses_fails_in_words(stage: HubStage) -> None:
    """The hub's account lost its access: the person is told what to do, and the queue goes on."""
    with stage.running():
        ada = stage.add_on()
        access = stage.google.standin.drive.access[ada.spreadsheet]
        stage.google.standin.drive.access[ada.spreadsheet] = {"bob@example.com": "owner"}
        told = ada.settle(ada.submit()["id"])
        assert (told["state"], told["again"]) == ("failed", True)
        assert "Share the sheet with" in told["message"]
        answer = ada.post("/v1/previews", {"spreadsheet": ada.spreadsheet})
        assert (answer.status_code, answer.json()["type"]) == (502, "urn:mergecells:problem:sheet-failed")
        stage.google.standin.drive.access[ada.spreadsheet] = access
        assert ada.settle(ada.submit()["id"])["state"] == "unchanged"
