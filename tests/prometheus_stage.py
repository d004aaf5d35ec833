"""A real Prometheus, a real Alertmanager and a receiver of its webhooks, on loopback ports, with the shipped rules."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

import loopback

RULES = Path(__file__).resolve().parents[1] / "deploy" / "prometheus" / "rules.yml"
PATIENCE = 60.0
_RANGE = re.compile(r"\[(\d+)([mhd])\]|offset (\d+)([mhd])")


def until(condition: Callable[[], Any], what: str = "") -> Any:
    """Wait until `condition` gives something true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still {found!r} after {PATIENCE} s {what}"
        time.sleep(0.05)
    return found


def hurried(text: str) -> str:
    """The rules with short windows and waits: `[5m]`, `[1h]` and `[1d]` become 3, 4 and 8 s, `for: …` 0.3 s, limits of
    minutes some seconds, 30 s of a model one, and what an hour must have had at least
    (leads, answers, results) is a tenth. Metrics, labels, operators and texts stay."""
    windows = {"5m": "3s", "10m": "3s", "1h": "4s", "1d": "8s"}
    text = re.sub(r"\[(5m|10m|1h|1d)\]", lambda found: f"[{windows[found[1]]}]", text)
    text = text.replace("offset 1h", "offset 4s").replace("offset 1d", "offset 8s").replace("() - 3600", "() - 4")
    text = re.sub(r"for: \d+[smhd]", "for: 300ms", text)
    text = text.replace("[3s]))) > 30\n", "[3s]))) > 1\n")
    text = text.replace(":1h) > 100\n", ":1h) > 10\n").replace(":1h >= 20\n", ":1h >= 2\n")
    return text.replace("_seconds > 60\n", "_seconds > 2\n").replace("_seconds > 300", "_seconds > 2")


@dataclass
class Prometheus:
    """Its HTTP API."""

    url: str
    client: httpx.Client = field(default_factory=lambda: loopback.Client(timeout=PATIENCE))

    def get(self, path: str, **given: Any) -> Any:
        answer = self.client.get(f"{self.url}/api/v1/{path}", params=given)
        document = answer.json()
        assert document["status"] == "success", (given, document)
        return document["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result now. Fails when it does not parse."""
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def up(self) -> set[str]:
        """Jobs of which every target was scraped."""
        by_job: dict[str, bool] = {}
        for target in self.get("targets")["activeTargets"]:
            job = target["labels"]["job"]
            by_job[job] = by_job.get(job, True) and target["health"] == "up"
        return {job for job, good in by_job.items() if good}


@dataclass
class Receiver:
    """What Alertmanager sent, newest last: (receiver, alert name, status, labels, annotations)."""

    url: str = ""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def has(self, alert: str, status: str, receiver: str | None = None, **labels: str) -> dict[str, Any] | None:
        """The last such message."""
        for to, each in reversed(self.told):
            same = each["labels"]["alertname"] == alert and each["status"] == status
            if same and receiver in {None, to} and labels.items() <= each["labels"].items():
                return each
        return None


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.told += [(self.path.strip("/"), alert) for alert in document["alerts"]]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def alertmanager(folder: Path, to: Receiver) -> Iterator[str]:
    """With the shipped routes and inhibitions; only the waits are short and the receivers' address is ours."""
    shipped = (RULES.parent / "alertmanager.yml").read_text().replace("http://127.0.0.1:9095", to.url)
    shipped = re.sub(r"group_wait: \w+", "group_wait: 0s", shipped)
    shipped = re.sub(r"group_interval: \w+", "group_interval: 200ms", shipped)
    config = folder / "alertmanager.yml"
    config.write_text(shipped)
    port = free_port()
    with _program(
        ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        folder / "alertmanager.log", f"http://127.0.0.1:{port}/-/ready",
    ):  # fmt: skip
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def prometheus(
    folder: Path,
    targets: Mapping[str, Sequence[str]],
    alertmanager: str | None = None,
    token: str | Path = "",
    rules: Callable[[str], str] = hurried,
) -> Iterator[Prometheus]:
    """Scrapes `targets` (job → addresses) twice a second, and evaluates the rules three times. `token` is the hub's, or
    the file that has it."""
    folder.mkdir(exist_ok=True)
    (folder / "rules.yml").write_text(rules(RULES.read_text()))
    port = free_port()
    jobs = {**targets, "prometheus": [f"127.0.0.1:{port}"]}
    config: dict[str, Any] = {
        "global": {
            # A busy machine must not look like a service that is down.
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "evaluation_interval": "300ms",
            "external_labels": {"runbooks": "https://example.org/runbooks"},
        },
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [{"targets": [place.removeprefix("http://") for place in places]}],
                **({"authorization": _credentials(token)} if job == "mergecells-hub" else {}),
            }
            for job, places in jobs.items()
        ],
    }
    if alertmanager:
        config["alerting"] = {
            "alert_relabel_configs": [{"action": "labeldrop", "regex": "runbooks"}],
            "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}],
        }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with _program(
        ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage",
         # Alertmanager is discovered some seconds after the start; what fired before is told again.
         "--rules.alert.resend-delay=1s"],
        folder / "prometheus.log", f"http://127.0.0.1:{port}/-/ready",
    ):  # fmt: skip
        yield Prometheus(f"http://127.0.0.1:{port}")


def _credentials(token: str | Path) -> dict[str, str]:
    return {"credentials_file": str(token)} if isinstance(token, Path) else {"credentials": token}


@contextlib.contextmanager
def _program(command: list[str], log: Path, ready: str) -> Iterator[None]:
    """Until it is ready; killed at the end, since nothing of it is kept."""
    path = shutil.which(command[0])
    assert path
    with log.open("w") as sink:
        process = subprocess.Popen([path, *command[1:]], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        until(lambda: process.poll() is not None or _answers(ready), f"for {command[0]}")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return loopback.get(url, timeout=1.0).status_code == 200
    except httpx.HTTPError:
        return False
