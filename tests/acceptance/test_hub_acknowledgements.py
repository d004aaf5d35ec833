"""Services that tell the hub themselves what they run: what it makes of it, and real processes of both."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import loopback
from acceptance.service_process import ServiceProcess, service, start
from acceptance.stage import command
from hub_stage import ACK, FLEET, HubStage, hub_stage, until
from mergecells.adapters.hub_acknowledge import acknowledge
from mergecells.apps.hub import fleet
from mergecells.apps.service.telling_hub import message_of
from standins.lead_service import lead_service
from unit.apps.service.test_telling_hub import STATES, A, B


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubStage]:
    with hub_stage(tmp_path, monkeypatch, small=True) as made:
        yield made


def told_fleet(url: str) -> dict[str, Any]:
    answer = loopback.get(f"{url}/v1/fleet", headers={"Authorization": f"Bearer {FLEET}"})
    assert answer.status_code == 200, answer.text
    (sheet,) = answer.json()["sheets"]
    found: dict[str, Any] = sheet
    return found


def test_every_message_of_a_service_is_understood_by_the_hub(stage: HubStage) -> None:
    """The contract between both, over HTTP: taken, and shown in the fleet as what it means."""
    with stage.running():
        for name, (report, _) in STATES.items():
            message = {**message_of(name.replace(" ", "-"), report), "spreadsheet": stage.google.book_id}
            assert acknowledge(stage.url, ACK, message, 5.0) == ""
        shown = {one["service"]: one for one in told_fleet(stage.url)["services"]}
    facts = {
        name: (one["revision"], one["ready"], (one["rejected"] or {}).get("revision")) for name, one in shown.items()
    }
    assert facts == {
        "runs": (A, True, None),
        "edited-by-hand": (f"{A}-dirty-0123", True, None),
        "refused-a-newer-one": (A, True, B),
        "follow-refused-a-newer-one": (A, True, B),
        "the-newest-cannot-be-read": (A, True, None),
        "nothing-yet": (None, False, None),
    }
    assert shown["runs"]["loaded_at"] == "2026-11-27T10:00:00.000Z"


def test_messages_that_are_refused_say_why_in_words(stage: HubStage) -> None:
    """A wrong token, another sheet, another program, nobody: never an exception, never the answer's body."""
    with stage.running():
        message = message_of("leads", STATES["runs"][0])
        assert "does not accept the token" in acknowledge(stage.url, "wrong", message, 5.0)
        assert "does not serve the spreadsheet" in acknowledge(stage.url, ACK, {**message, "spreadsheet": "x"}, 5.0)
        for wrong in ({"status": "fine"}, {"runs": "abc"}, {"loaded_at": "yesterday"}, {"revision": ""}, {"more": "x"}):
            assert "does not understand" in acknowledge(stage.url, ACK, {**message, **wrong}, 5.0)
        assert told_fleet(stage.url)["services"] == []
    assert "cannot be reached" in acknowledge(stage.url, ACK, message, 5.0)
    with lead_service() as other:
        assert "answers 501" in acknowledge(other.url, ACK, message, 5.0)


def test_service_that_is_asked_and_tells_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that it says when asked, also once it cannot be asked any more; silence for long ends it."""
    with (
        lead_service() as asked,
        hub_stage(tmp_path, monkeypatch, f"services: [{asked.url}]\n", small=True) as stage,
        stage.running(),
    ):
        asked.revision, asked.name = A, "leads@host:1"
        acknowledge(stage.url, ACK, {"service": "leads@host:1", "revision": B}, 5.0)
        acknowledge(stage.url, ACK, {"service": "behind-a-wall", "revision": B}, 5.0)
        names = [(one["service"], one["revision"]) for one in told_fleet(stage.url)["services"]]
        assert names == [(asked.url, A), ("behind-a-wall", B)]
        asked.deaf = True
        names = [(one["service"], one["revision"]) for one in told_fleet(stage.url)["services"]]
        assert names == [(asked.url, B), ("behind-a-wall", B)]
        monkeypatch.setattr(fleet, "SILENT_SECONDS", -1)
        shown = told_fleet(stage.url)
        assert [one["service"] for one in shown["services"]] == [asked.url]
        assert "answers 500" in shown["services"][0]["problem"]
        assert [one["service"] for one in shown["silent"]] == ["behind-a-wall", "leads@host:1"]


@contextlib.contextmanager
def hub_process(stage: HubStage, port: int, log: Path) -> Iterator[None]:
    running = start(["--config-root", str(stage.checkout.root), "hub", "--port", str(port)], log)
    try:
        assert running.stdout is not None
        stage.url = running.stdout.readline().strip()
        assert stage.url.startswith("http://127.0.0.1:"), log.read_text()
        yield
    finally:
        running.terminate()
        assert running.wait(40) == 0
        assert running.stdout is not None
        running.stdout.close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def running_at_hub(stage: HubStage) -> dict[str, str | None]:
    return {one["service"]: one["revision"] for one in told_fleet(stage.url)["services"]}


def test_services_behind_a_wall_are_followed_until_live_and_outlive_their_hub(stage: HubStage, tmp_path: Path) -> None:
    """Real processes; the manifest names no service. A merge becomes live on both because they say so; the hub dies and
    comes back without a lead unscored; a service that ends says goodbye."""
    live, port = tmp_path / "live", free_port()
    published = lambda: command("follow", stage.github.store.folder, live, "--once")  # noqa: E731
    assert published().status == 0
    told = {"MERGECELLS_HUB_URL": f"http://127.0.0.1:{port}", "MERGECELLS_HUB_ACK_TOKEN": ACK}
    with (
        hub_process(stage, port, tmp_path / "hub-log"),
        service(live / "current", tmp_path / "one", "--hub-name", "one", **told) as one,
        service(live / "current", tmp_path / "two", "--hub-name", "two", **told) as two,
    ):
        head = stage.github.store.sha("main")
        until(lambda: running_at_hub(stage) == {"one": head, "two": head})
        ada = stage.add_on()
        stage.edit("Tiers", (2, 2), 82)
        made = ada.submit()["id"]
        assert ada.settle(made)["state"] == "proposed"
        merged = stage.merge(1)
        assert published().status == 0
        # No webhook and no poll for an hour: the services are who tells the hub that there is something new.
        done = ada.wait_for(made, "live")
        assert (done["revision"], done["live"]["words"][:23]) == (merged, "live on 2 of 2 services")
        assert two.stop() == 0
        until(lambda: running_at_hub(stage) == {"one": merged})
        stage.checkout.git("pull", "-q", str(stage.github.store.folder), "main")
        manifest = stage.checkout.root / "mergecells.yaml"
        manifest.write_text(f"{manifest.read_text()}hub: {{url: {stage.url}}}\n")
        assert stage.checkout.run("status", "--wait", merged).status == 0
    _scores_without_its_hub(stage, one, live, port, told, tmp_path)


def _scores_without_its_hub(
    stage: HubStage, former: ServiceProcess, live: Path, port: int, told: dict[str, str], folder: Path
) -> None:
    """Started while no hub is there, then one that accepts and never answers, then the real one."""
    assert former.process.poll() is not None
    with service(live / "current", folder / "three", "--hub-name", "three", **told) as three:
        until(lambda: three.logged("hub.told"))
        assert "cannot be reached" in three.logged("hub.told")[0]["message"]
        assert three.score()["tier"]
        with hub_process(stage, port, folder / "hub-log"):
            until(lambda: "three" in running_at_hub(stage))
        assert three.stop() == 0


def test_service_ends_in_time_though_its_hub_never_answers(stage: HubStage, tmp_path: Path) -> None:
    """A hub that takes the connection and then is silent: leads are scored, SIGTERM ends the process with 0."""
    live = tmp_path / "live"
    assert command("follow", stage.github.store.folder, live, "--once").status == 0
    taken = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as mute:

        def accept() -> None:
            with contextlib.suppress(OSError):
                connections.append(mute.accept()[0])
                taken.set()

        connections: list[socket.socket] = []
        threading.Thread(target=accept, daemon=True).start()
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with service(live / "current", tmp_path / "log", "--hub", url, MERGECELLS_HUB_ACK_TOKEN=ACK) as running:
            assert taken.wait(40)
            assert running.score()["tier"]
            assert running.stop() == 0
        for connection in connections:
            connection.close()
