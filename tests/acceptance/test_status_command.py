"""`mergecells status`: asks real services, waits for a revision, and names who is not there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from acceptance.service_process import ServiceProcess, publish, service, sha, until
from acceptance.stage import Answer, command
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.serving.rejections import BranchHead, RejectedRevision


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    publish(tmp_path / "live", 1, 50)
    return tmp_path / "live"


@pytest.fixture
def two(folder: Path, tmp_path: Path) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """Two services that follow the same published trees."""
    with (
        service(folder, tmp_path / "log-1", MERGECELLS_STATE_DIR=str(tmp_path / "s1")) as first,
        service(folder, tmp_path / "log-2", MERGECELLS_STATE_DIR=str(tmp_path / "s2")) as second,
    ):
        yield first, second


def status(*arguments: object) -> Answer:
    return command("status", *arguments)


def named(*services: ServiceProcess | str) -> list[str]:
    urls = [running if isinstance(running, str) else running.url for running in services]
    return [part for url in urls for part in ("--service", url)]


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_status_tells_what_follow_refused_before_any_service_saw_it(
    two: tuple[ServiceProcess, ServiceProcess], folder: Path
) -> None:
    """Who asks only services learns that the branch moved on and why they did not; waiting for it ends at once."""
    refused = RejectedRevision(revision="d" * 40, at="2026-11-21T00:00:00.000Z", reason="weights sum to 0.5")
    head = BranchHead(branch="main", head="d" * 40, published=sha(1), at=refused.at, rejected=refused)
    PublishedTrees(folder).record_head(head.model_dump_json())
    for running in two:
        assert until(lambda one=running: one.report()["unpublished"])["revision"] == "d" * 40  # type: ignore[misc]
        assert running.report()["status"] == "ok"
    answer = status(*named(*two), "--wait", "ddddddd", "--timeout", "3600")
    assert answer.status == 1
    told = "the branch is at dddddddddddd, which is not published: weights sum to 0.5"
    assert answer.output.count(told) == 2
    assert "rejected" in answer.messages
    PublishedTrees(folder).record_head(head.model_copy(update={"rejected": None}).model_dump_json())
    until(lambda: two[0].report()["unpublished"] is None)


def test_status_of_services_swaps_and_waits(two: tuple[ServiceProcess, ServiceProcess], folder: Path) -> None:
    """A table of both; --wait ends as soon as both run the new revision, given in full or in short."""
    answer = status(*named(*two))
    assert answer.status == 0, answer
    lines = answer.output.splitlines()
    assert lines[0].split() == ["SERVICE", "REVISION", "SINCE", "READY", "NEWEST", "CONFIG"]
    assert [(line.split()[0], line.split()[1]) for line in lines[1:]] == [(one.url, sha(1)[:12]) for one in two]
    publish(folder, 0xABCDEF << 136, 75)
    wanted = sha(0xABCDEF << 136)
    # An hour's patience: a wait that did not end with the swap would meet the time limit of the test.
    waited = status(*named(*two), "--wait", wanted, "--timeout", "3600", "--output", "json")
    assert waited.status == 0, waited
    told = json.loads(waited.output)
    assert (told["live"], [one["revision"] for one in told["services"]]) == (True, [wanted, wanted])
    short = status(*named(*two), "--wait", wanted[:12])
    assert short.status == 0
    assert "live on 2/2" in short.messages


def test_status_wait_for_a_revision_that_is_rejected_ends_at_once(
    two: tuple[ServiceProcess, ServiceProcess], folder: Path
) -> None:
    """No use in waiting: exit status 1, the reason below the service's line."""
    bad = publish(folder, 2, 75, broken=True)
    until(lambda: all(one.report()["rejected"] for one in two))
    answer = status(*named(*two), "--wait", bad, "--timeout", "3600")  # As above: it must not wait that long.
    assert answer.status == 1
    assert f"rejected {bad[:12]}" in answer.output
    assert "rule.weight-sum" in answer.output
    assert "live on 0/2" in answer.messages
    assert "rejected it" in answer.messages


def test_status_wait_for_what_never_comes_times_out(two: tuple[ServiceProcess, ServiceProcess]) -> None:
    """Exit status 1 after the timeout, with who does not run it."""
    answer = status(*named(*two), "--wait", "f" * 40, "--timeout", "0.5")
    assert answer.status == 1
    assert answer.messages.count("does not run it") == 2


def test_status_names_the_service_that_is_not_there(two: tuple[ServiceProcess, ServiceProcess]) -> None:
    """The others are still shown; exit status 1."""
    missing = free_address()
    answer = status(*named(two[0], missing))
    assert answer.status == 1
    (line,) = [line for line in answer.output.splitlines() if missing in line]
    assert "refuses the connection" in line
    assert two[0].url in answer.output


class Strange(BaseHTTPRequestHandler):
    """Answers like something that is no mergecells service; the path of the base URL chooses how."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        bodies = {
            "html": b"<html>",
            "list": b"[]",
            "types": b'{"revision": 5, "rejected": "x", "status": {}}',
            "escapes": b'{"revision": "\\u001b[2J", "status": "rejected", "loaded_at": "\\u001b[2J",'
            b' "rejected": {"revision": null, "reason": "\\u001b[31m\\nred"}}',
        }
        self.wfile.write(bodies[kind])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strange() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Strange)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["redirect", "html", "list", "types", "escapes"])
def test_status_of_something_else_is_told_and_never_trusted(strange: str, kind: str) -> None:
    """Whatever answers there: no crash, no redirect followed, no terminal escape passed on."""
    answer = status(*named(f"{strange}/{kind}"))
    assert "\x1b" not in answer.output + answer.messages
    assert f"{strange}/{kind}" in answer.output
    assert (answer.status == 1) == (kind in {"redirect", "html", "list"})


def test_status_of_a_service_that_never_answers_ends_in_time(tmp_path: Path) -> None:
    """A listening port that says nothing is named, within the timeout."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        answer = status(*named(url), "--wait", "f" * 40, "--timeout", "0.5")
    assert answer.status == 1
    assert "does not answer in time" in answer.output


def test_status_takes_the_services_of_the_manifest(two: tuple[ServiceProcess, ServiceProcess], tmp_path: Path) -> None:
    """Without --service, `services:` of mergecells.yaml."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "mergecells.yaml").write_text(f'version: 1\nservices: ["{two[0].url}/", "{two[1].url}"]\n')
    answer = command("--config-root", root, "status")
    assert answer.status == 0, answer
    assert two[0].url in answer.output
    assert two[1].url in answer.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--service", "ftp://x"],
        ["--service", "127.0.0.1:8800"],
        ["--service", "http://x/\r\ny"],
        ["--service", "http://x", "--wait", "main"],
        [],
    ],
)
def test_status_called_wrongly_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    """Exit status 2 and what to do."""
    (tmp_path / "mergecells.yaml").write_text("version: 1\n")
    answer = command("--config-root", tmp_path, "status", *arguments)
    assert answer.status == 2
    assert answer.messages.startswith("error: ")
