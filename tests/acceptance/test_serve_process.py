"""`mergecells serve` as a real process: swaps, bad configs, kills, tokens, hostile input, a calm end."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.service_process import TOKEN, ServiceProcess, files, publish, rules, service, sha, start, until


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One service for the tests that leave its config alone."""
    folder = tmp_path_factory.mktemp("shared")
    publish(folder / "live", 1, 50)
    with service(folder / "live" / "current", folder / "log") as running:
        yield running


def test_serve_new_revision_scores_with_the_new_rules(tmp_path: Path) -> None:
    """Before the swap the old rules, after it the new ones, each under its own revision; the reload is logged."""
    folder = tmp_path / "live"
    publish(folder, 1, 50)
    with service(folder, tmp_path / "log") as running:
        assert (running.score()["score"], running.score()["revision"]) == (50.0, sha(1))
        publish(folder, 2, 75)
        until(lambda: running.runs(sha(2)))
        assert (running.score()["score"], running.score()["tier"]) == (75.0, "A")
        (line,) = until(lambda: running.logged("config.reload"))  # Logged after the swap.
        assert (line["status"], line["revision"], line["level"]) == ("success", sha(2), "info")
        assert line["duration_ms"] > 0
        assert line["timestamp"].endswith("Z")
        assert len(line["trace_id"]) == 32
        assert line["request_id"].startswith("reload-")
        metrics = running.get("/metrics").text
        assert f'mergecells_config_info{{revision="{sha(2)}"}} 1.0' in metrics
        assert 'mergecells_config_reload_total{config_type="scoring",status="success"}' in metrics


def test_serve_bad_revision_keeps_the_good_one_and_stays_ready(tmp_path: Path) -> None:
    """The rejection is told with its findings; scoring goes on; a later good revision is taken without a restart."""
    folder = tmp_path / "live"
    publish(folder, 1, 50)
    with service(folder / "current", tmp_path / "log") as running:
        publish(folder, 2, 75, broken=True)
        rejected = until(lambda: running.report()["rejected"])
        assert rejected["revision"] == sha(2)
        assert "rule.weight-sum" in {finding["code"] for finding in rejected["findings"]}
        assert rejected["reason"]
        assert rejected["at"]
        assert (running.score()["score"], running.score()["revision"]) == (50.0, sha(1))
        assert running.get("/readyz").status_code == 200
        publish(folder, 3, 80)
        until(lambda: running.runs(sha(3)))
        assert running.report()["rejected"] is None
        assert running.score()["score"] == 80.0


def test_serve_without_any_config_becomes_ready_when_one_comes(tmp_path: Path) -> None:
    """It starts, says 503 and why, and needs no restart."""
    folder = tmp_path / "live"
    with service(folder, tmp_path / "log") as running:
        assert running.get("/healthz").status_code == 200
        assert running.get("/readyz").status_code == 503
        refused = running.post("/v1/score", json={"years": 10})
        assert (refused.status_code, refused.headers["x-config-revision"]) == (503, "none")
        assert str(folder) in running.report()["rejected"]["reason"]
        publish(folder, 1, 50)
        until(lambda: running.get("/readyz").status_code == 200)
        assert running.score()["revision"] == sha(1)


def test_serve_killed_starts_again_even_while_the_newest_is_bad(tmp_path: Path) -> None:
    """kill -9 loses nothing: the last known good is on disk, also when its published tree is gone."""
    folder = tmp_path / "live"
    publish(folder, 1, 50)
    with service(folder / "current", tmp_path / "log") as running:
        assert running.score()["revision"] == sha(1)
        running.stop(signal.SIGKILL)
    publish(folder, 2, 75, broken=True)
    for path in sorted((folder / "revisions" / sha(1)).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with service(folder / "current", tmp_path / "log") as running:
        assert (running.score()["score"], running.score()["revision"]) == (50.0, sha(1))
        assert running.get("/readyz").status_code == 200
        assert running.report()["rejected"]["revision"] == sha(2)
        publish(folder, 3, 80)
        until(lambda: running.runs(sha(3)))


def test_serve_swaps_under_load_without_a_mixed_answer(tmp_path: Path) -> None:
    """Many readers while revisions come and go: every answer's score belongs to the revision that it names."""
    folder = tmp_path / "live"
    points = {sha(number): float(number) for number in range(1, 31)}
    publish(folder, 1, 1)
    wrong: list[object] = []
    seen: set[str] = set()
    done = threading.Event()

    def read(running: ServiceProcess) -> None:
        while not done.is_set():
            answer = running.post("/v1/score/batch", json=[{"years": 10}] * 20)
            document = answer.json()
            revision = answer.headers.get("x-config-revision")
            seen.add(str(revision))
            scores = {(score["revision"], score["score"]) for score in document.get("scores", [])}
            if scores != {(revision, points.get(str(revision)))}:
                wrong.append((answer.status_code, revision, scores))

    with service(folder / "current", tmp_path / "log") as running:
        readers = [threading.Thread(target=read, args=(running,)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(2, 31):
            publish(folder, number, number)
            until(lambda number=number: running.runs(sha(number)))  # type: ignore[misc]
        done.set()
        for reader in readers:
            reader.join()
    assert not wrong, wrong[:3]
    assert len(seen) > 5


def test_serve_reload_takes_the_token_and_never_logs_it(shared: ServiceProcess) -> None:
    """Missing 401, wrong 403, right 202; the token is in no log line."""
    assert shared.post("/internal/reload").status_code == 401
    wrong = shared.post("/internal/reload", headers={"Authorization": "Bearer nope"})
    assert wrong.status_code == 403
    right = shared.post(f"/internal/reload?token={TOKEN}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status_code == 202
    assert TOKEN not in shared.log.read_text()


def test_serve_reload_by_request_is_logged_under_its_ids(tmp_path: Path) -> None:
    """Edits in place wait to pause; a reload takes them at once, and its log line carries the caller's ids."""
    for name, content in files(50).items():
        place = tmp_path / "live" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with service(tmp_path / "live", tmp_path / "log") as running:
        assert running.score()["score"] == 50.0
        (tmp_path / "live" / "scoring" / "rules.yaml").write_bytes(rules(75))
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": "ask-7", "X-Trace-ID": "a" * 32}
        assert running.post("/internal/reload", headers=headers).status_code == 202
        until(lambda: running.score()["score"] == 75.0)
        (line,) = until(lambda: running.logged("config.reload"))
        assert (line["request_id"], line["trace_id"], line["status"]) == ("ask-7", "a" * 32, "success")


def test_serve_without_a_token_refuses_every_reload(tmp_path: Path) -> None:
    """There is no default token, and an empty variable is none."""
    publish(tmp_path / "live", 1, 50)
    with service(tmp_path / "live", tmp_path / "log", MERGECELLS_RELOAD_TOKEN="") as running:
        for headers in ({}, {"Authorization": "Bearer None"}, {"Authorization": f"Bearer {TOKEN}"}):
            answer = running.post("/internal/reload", headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
            assert "MERGECELLS_RELOAD_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n",
        b"GET /%00%ff%0d%0aX-Evil:%20yes HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/x" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    ],
)
def test_serve_hostile_bytes_are_answered_or_cut_and_nothing_else_happens(shared: ServiceProcess, sent: bytes) -> None:
    """No header is smuggled in, no traceback comes out, and the service scores on."""
    host, port = shared.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head = answer.split(b"\r\n\r\n")[0].lower()
    assert b"x-evil" not in head
    assert b"traceback" not in answer.lower()
    assert shared.score()["score"] == 50.0
    assert "Traceback" not in shared.log.read_text()


def test_serve_large_and_many_bodies_are_limited(shared: ServiceProcess) -> None:
    """17 MB and 10,001 leads are refused; 10,000 leads are scored."""
    assert shared.post("/v1/score", content=b'{"a": "' + b"x" * 17_000_000 + b'"}').status_code == 413
    assert shared.post("/v1/score/batch", json=[{}] * 10_001).status_code == 413
    answer = shared.post("/v1/score/batch", json=[{"years": 10}] * 10_000)
    assert answer.status_code == 200
    assert {score["score"] for score in answer.json()["scores"]} == {50.0}


def test_serve_on_sigterm_ends_calmly(tmp_path: Path) -> None:
    """Exit status 0, and a last line in the log."""
    publish(tmp_path / "live", 1, 50)
    with service(tmp_path / "live", tmp_path / "log", "--service-name", "leads-7") as running:
        running.score()
        assert running.stop(signal.SIGTERM) == 0
        assert [line["service"] for line in running.logged("service.stop")] == ["leads-7"]


def test_serve_on_ctrl_c_ends_as_interrupted(tmp_path: Path) -> None:
    """Exit status 130, no traceback."""
    publish(tmp_path / "live", 1, 50)
    with service(tmp_path / "live", tmp_path / "log") as running:
        assert running.stop(signal.SIGINT) == 130
        assert "Traceback" not in running.log.read_text()


def test_serve_on_a_port_in_use_says_so(shared: ServiceProcess, tmp_path: Path) -> None:
    """Exit status 1 and what to do; the one that has the port is not disturbed."""
    port = shared.url.rsplit(":", 1)[1]
    process = start(["serve", "--config", str(tmp_path), "--port", port], tmp_path / "log")
    assert process.wait(60) == 1
    told = (tmp_path / "log").read_text()
    assert f"Port {port}" in told
    assert "--port" in told
    assert shared.score()["score"] == 50.0


def test_serve_logs_every_line_as_json_with_the_ids_of_the_answer(shared: ServiceProcess) -> None:
    """The line of a request can be found by the id that its caller got."""
    answer = shared.post("/v1/score", json={"years": 10})
    wanted = answer.headers["x-request-id"]
    lines = until(lambda: [line for line in shared.logged("http.request") if line["request_id"] == wanted])
    assert lines[0]["trace_id"] == answer.headers["x-trace-id"]
    assert json.dumps(lines[0]).count(sha(1)) == 1


def test_serve_large_body_does_not_keep_other_requests_waiting(shared: ServiceProcess) -> None:
    """15 MB of JSON are parsed while small requests are answered, by the hundred rather than after it."""
    body = json.dumps([{"years": 10, "note": "x" * 1500}] * 9_500).encode()
    answered: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answered.append(shared.get("/healthz").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert shared.post("/v1/score/batch", content=body).status_code == 200
    finally:
        done.set()
        asking.join()
    assert len(answered) > 10
    assert set(answered) == {200}


def test_serve_closes_a_connection_whose_request_never_comes(tmp_path: Path) -> None:
    """A head that drips in byte by byte ends with the connection; a request that is under way does not."""
    publish(tmp_path / "live", 1, 50)
    with service(tmp_path / "live", tmp_path / "log", MERGECELLS_HEAD_SECONDS="0.3") as running:
        host, port = running.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection((host, int(port)), timeout=0.1) as dripping:
            until(lambda: not drip(dripping))
        assert running.score()["score"] == 50.0


def drip(connection: socket.socket) -> bool:
    """Send one byte of a head; False once the other end has closed."""
    try:
        connection.sendall(b"G")
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
