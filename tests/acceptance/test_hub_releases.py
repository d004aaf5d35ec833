"""From the merge to every service: webhooks as hints, the release told to GitHub, what the person sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import loopback
from hub_stage import ACK, FLEET, AddOn, HubStage, hub_stage, until
from standins.github_store import Review
from standins.github_webhooks import payload
from standins.lead_service import LeadService, lead_service


@pytest.fixture
def services() -> Iterator[list[LeadService]]:
    with lead_service() as first, lead_service() as second:
        yield [first, second]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: list[LeadService]) -> Iterator[HubStage]:
    manifest = f"services: [{', '.join(service.url for service in services)}]\n"
    with hub_stage(tmp_path, monkeypatch, manifest, small=True) as made:
        for service in services:
            service.revision = made.github.store.sha("main")
        yield made


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStage]:
    """One hub for what changes nothing in it."""
    with (
        pytest.MonkeyPatch.context() as patch,
        hub_stage(tmp_path_factory.mktemp("hub"), patch, small=True) as made,
        made.running(),
    ):
        yield made


def submitted(stage: HubStage) -> tuple[AddOn, str]:
    """Ada's pull request #1."""
    ada = stage.add_on()
    stage.edit("Tiers", (2, 2), 82)
    made = ada.submit()["id"]
    assert ada.settle(made)["state"] == "proposed"
    return ada, made


def approve(stage: HubStage) -> None:
    store = stage.github.store
    with store.lock:
        pull = store.pulls[1]
        pull.reviews.append(Review("bob", "Bob", pull.head_sha, store.now()))


def test_merge_is_noticed_by_webhooks_and_followed_until_live(stage: HubStage, services: list[LeadService]) -> None:
    """Approved, merged, released, live: each step is shown and GitHub is told, without the timer's help."""
    with stage.running():
        ada, made = submitted(stage)
        approve(stage)
        assert stage.deliver("pull_request_review", payload("pull_request_review$submitted", "Acme/Leads")).json() == {
            "status": "taken"
        }
        told = ada.wait_for(made, "approved")
        assert (told["message"], told["pull_request"]["approved_by"]) == ("#1 is approved by Bob.", ["Bob"])
        merged = stage.merge(1)
        assert stage.deliver("pull_request", payload("pull_request$closed")).json() == {"status": "taken"}
        told = ada.wait_for(made, "releasing")
        assert (told["revision"], told["live"]["words"]) == (merged, "live on 0 of 2 services")
        services[0].revision = merged
        services[1].revision = merged
        told = ada.wait_for(made, "live")
        assert told["final"]
        assert told["message"].startswith("Live on 2 of 2 services since ")
        assert told["live"]["stragglers"] == []
        steps = [step["step"] for step in told["progress"]]
        assert steps[-5:] == ["proposed", "approved", "merged", "releasing", "live"]
        assert all(step["done"] for step in told["progress"])
        until(lambda: "live on 2 of 2 services since 20" in stage.hub.store.written(ada.spreadsheet))
        base = ada.get(f"/v1/sheets/{ada.spreadsheet}").json()["base"]
    store = stage.github.store
    assert [status["state"] for status in store.statuses if status["sha"] == merged] == ["pending", "success"]
    assert [made["sha"] for made in store.deployments] == [merged]
    # The sheet was brought to the merge, and that was no submission.
    assert base == merged
    assert len(store.pulls) == 1


def test_commit_pushed_by_hand_reaches_the_sheet_and_keeps_what_is_edited_there(
    stage: HubStage, services: list[LeadService]
) -> None:
    """YAML edited directly on GitHub: the sheet gets its value and base, an edit that waits in the sheet stays."""
    with stage.running():
        stage.edit("Tiers", (3, 2), 61)
        until(lambda: (stage.hub.releases.current(next(iter(stage.hub.desks))) or {}).get("state") == "live")
        rules = stage.github.store.git("show", "main:scoring/rules.yaml")
        made = stage.github.store.push({"scoring/rules.yaml": rules.replace(b"A: {min: 80", b"A: {min: 81")})
        for service in services:
            service.revision = made
        stage.deliver("push", payload("push$event"))
        ada = stage.add_on()
        until(lambda: ada.get(f"/v1/sheets/{ada.spreadsheet}").json()["base"] == made)
        tiers = stage.google.book.titled("Tiers").cells
        values = [tiers[row, 1]["userEnteredValue"] for row in (1, 2)]
        assert values == [{"numberValue": 81}, {"numberValue": 61}]
    assert not stage.github.store.pulls


def test_release_that_a_service_refuses_is_stuck_with_a_way_back(stage: HubStage, services: list[LeadService]) -> None:
    """The straggler and its reason are named, and a pull request goes back; live later all the same, it says so."""
    with stage.running():
        ada, made = submitted(stage)
        before, merged = services[0].revision, stage.merge(1)
        services[0].revision = merged
        services[1].rejected = {"revision": merged, "at": "…", "reason": "tier A cannot be reached", "findings": []}
        stage.deliver("pull_request", payload("pull_request$closed"))
        told = ada.wait_for(made, "stuck")
        assert told["live"]["stragglers"] == [
            {"service": services[1].url, "reason": "refused it: tier A cannot be reached"}
        ]
        assert told["live"]["rollback"]["number"] == 2
        assert stage.github.store.pulls[2].title.startswith(f"Roll back to {(before or '')[:12]}")
        services[1].rejected, services[1].revision = None, merged
        stage.deliver("push", payload("push$event"))
        assert ada.wait_for(made, "live")["final"]


def test_merge_without_any_webhook_is_found_by_the_timer(stage: HubStage, services: list[LeadService]) -> None:
    """Deliveries are lost and not repeated by GitHub; polling is the floor."""
    with stage.running(MERGECELLS_HUB_POLL_SECONDS="0.2"):
        ada, made = submitted(stage)
        merged = stage.merge(1)
        for service in services:
            service.revision = merged
        assert ada.wait_for(made, "live")["revision"] == merged


def test_deliveries_out_of_order_and_repeated_change_nothing(stage: HubStage) -> None:
    """An event is a hint. What it says is not believed: a made-up `merged` of a request that is open merges nothing."""
    with stage.running():
        ada, made = submitted(stage)
        merged = {"number": 1, "merged": True, "merge_commit_sha": "f" * 40}
        lie = payload("pull_request$closed", pull_request=merged)
        assert stage.deliver("pull_request", lie, delivery="11111111-aaaa").json() == {"status": "taken"}
        assert stage.deliver("pull_request", lie, delivery="11111111-aaaa").json() == {"status": "known"}
        approve(stage)
        assert stage.deliver("pull_request_review", payload("pull_request_review$submitted", "Acme/Leads")).json() == {
            "status": "taken"
        }
        told = ada.wait_for(made, "approved")
        assert (told["pull_request"]["state"], told["revision"]) == ("open", None)
    with stage.running():
        assert stage.deliver("pull_request", lie, delivery="11111111-aaaa").json() == {"status": "known"}


def test_pull_request_closed_unmerged_ends_the_submission(stage: HubStage) -> None:
    """Nothing waits for ever."""
    with stage.running():
        ada, made = submitted(stage)
        stage.github.store.pulls[1].state = "closed"
        stage.deliver("pull_request", payload("pull_request$closed", pull_request={"merged": False}))
        told = ada.wait_for(made, "refused")
    assert (told["final"], told["message"]) == (True, "Pull request #1 was closed without a merge.")


@pytest.mark.parametrize(
    ("event", "name", "status"),
    [
        ("ping", "ping$event", "pong"),
        ("push", "push$event", "taken"),
        ("pull_request", "pull_request$opened", "taken"),
        ("pull_request", "pull_request$synchronize", "taken"),
        ("pull_request_review", "pull_request_review$dismissed", "taken"),
        ("check_run", "check_run$completed", "taken"),
        ("check_suite", "check_suite$completed", "taken"),
        ("star", "star$created", "ignored"),
    ],
)
def test_events_as_github_describes_them_are_taken(calm: HubStage, event: str, name: str, status: str) -> None:
    """Payloads made from its published schemas; what the hub has no use for is ignored, and answered 202 too."""
    answer = calm.deliver(event, payload(name))
    assert (answer.status_code, answer.json()) == (202, {"status": status})


def test_webhooks_are_refused_unless_signed_and_of_their_form(calm: HubStage) -> None:
    """Each with its status and words; unknown events and others' repositories are taken and ignored."""
    event = payload("push$event")
    url = f"{calm.url}/webhooks/github"
    answer = calm.deliver("push", event, secret="another-secret-0123456789abcdef-0123")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:mergecells:problem:signature-wrong")
    answer = loopback.post(url, json=event)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:mergecells:problem:signature-missing")
    assert calm.deliver("Push!", event).json()["type"] == "urn:mergecells:problem:header-malformed"
    assert calm.deliver("push", event, delivery="x").json()["type"] == "urn:mergecells:problem:header-malformed"
    assert calm.deliver("ping", {"zen": "Keep it logically awesome."}).json() == {"status": "pong"}
    answer = calm.deliver("workflow_job", event)
    assert (answer.status_code, answer.json()) == (202, {"status": "ignored"})
    other = {"repository": {"full_name": "acme/other"}}
    assert calm.deliver("push", other).json() == {"status": "ignored"}
    assert calm.deliver("push", []).json() == {"status": "ignored"}
    assert calm.deliver("push", {"x": "y" * 6_000_000}).json()["type"] == "urn:mergecells:problem:body-too-large"


def test_fleet_tells_asked_and_acknowledging_services(stage: HubStage, services: list[LeadService]) -> None:
    """A service that cannot be asked tells it itself; both need their own token."""
    head = services[0].revision
    with stage.running():
        url = stage.url
        answer = loopback.get(f"{url}/v1/fleet")
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:mergecells:problem:token-missing")
        answer = loopback.get(f"{url}/v1/fleet", headers={"Authorization": f"Bearer {ACK}"})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:mergecells:problem:token-wrong")
        told = {"service": "leads-behind-a-wall", "revision": head}
        answer = loopback.post(f"{url}/v1/acknowledgements", json=told, headers={"Authorization": f"Bearer {ACK}"})
        assert answer.status_code == 202, answer.text
        answer = loopback.get(f"{url}/v1/fleet", headers={"Authorization": f"Bearer {FLEET}"})
        (sheet,) = answer.json()["sheets"]
        assert sheet["head"] == head
        names = [(one["service"], one["revision"], one["ready"]) for one in sheet["services"]]
        assert names == [*((one.url, head, True) for one in services), ("leads-behind-a-wall", head, True)]
        metrics = loopback.get(f"{url}/metrics", headers={"Authorization": f"Bearer {FLEET}"}).text
        assert 'mergecells_http_requests_total{method="GET",route="/v1/fleet",status="200"} 1.0' in metrics


def test_status_asks_the_hub_that_the_manifest_names(
    stage: HubStage, services: list[LeadService], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All services through one address; without the token, or with the hub away, it says so."""
    manifest = stage.checkout.root / "mergecells.yaml"
    with stage.running():
        manifest.write_text(f"{manifest.read_text()}hub: {{url: {stage.url}}}\n")
        answer = stage.checkout.run("status")
        assert (answer.status, answer.output.count((services[0].revision or "")[:12])) == (0, 2)
        monkeypatch.setenv("MERGECELLS_HUB_FLEET_TOKEN", "wrong")
        answer = stage.checkout.run("status")
        assert (answer.status, "does not accept the token" in answer.output) == (1, True)
        monkeypatch.setenv("MERGECELLS_HUB_FLEET_TOKEN", "")
        assert "set MERGECELLS_HUB_FLEET_TOKEN" in stage.checkout.run("status").output
    monkeypatch.setenv("MERGECELLS_HUB_FLEET_TOKEN", FLEET)
    assert "cannot be reached" in stage.checkout.run("status").output
