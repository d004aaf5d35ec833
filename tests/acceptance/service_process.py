"""A real service process on a loopback port, over a folder of published trees that a test can swap."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import loopback
from mergecells.adapters.published_tree import PublishedTrees
from mergecells.domain.config_tree import ConfigTree

TOKEN = "s3cret-for-reloads"
PATIENCE = 60.0


def rules(points_at_ten: float) -> bytes:
    """Rules under which a lead with `years: 10` gets `points_at_ten` points, so that a score tells its revision."""
    return f"""
version: "1.0"
tiers:
  A: {{min: 60, label: "A"}}
  D: {{min: 0, label: "D"}}
components:
  company:
    weight: 1
    factors:
      age: {{weight: 1, formula: "=IF(years=10,{points_at_ten / 100},0)"}}
""".encode()


def files(points_at_ten: float) -> dict[str, bytes]:
    return {
        "mergecells.yaml": b"version: 1\n",
        "scoring/rules.yaml": rules(points_at_ten),
        "scoring/fields.yaml": b"fields:\n  years: {type: number, sample: 10}\n",
    }


def sha(number: int) -> str:
    return f"{number:040x}"


def publish(
    folder: Path,
    number: int,
    points: float,
    broken: bool = False,
    more: Mapping[str, bytes] | None = None,
    sealed: Mapping[str, bytes] | None = None,
) -> str:
    """Make revision `number` current in `folder`, as a follower would; a broken one as if forced past its checks.
    `more` are further files, `sealed` those that a publisher lays beside the config."""
    content = {**files(points), **(more or {})}
    if broken:
        content["scoring/rules.yaml"] = content["scoring/rules.yaml"].replace(b"weight: 1\n", b"weight: 0.5\n")
    PublishedTrees(folder).publish(ConfigTree(sha(number), content, sealed or {}))
    return sha(number)


def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `condition` gives something true, and return it; fails with the last answer."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still {found!r} after {patience} s"
        time.sleep(0.02)
    return found


@dataclass
class ServiceProcess:
    """A running `mergecells serve`. `log` is its stderr."""

    process: subprocess.Popen[str]
    url: str
    log: Path
    client: httpx.Client = field(default_factory=lambda: loopback.Client(timeout=PATIENCE))

    def get(self, path: str) -> httpx.Response:
        return self.client.get(self.url + path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.client.post(self.url + path, **options)

    def score(self) -> dict[str, Any]:
        """The answer for a lead with ten years, after checking that body and header agree."""
        answer = self.post("/v1/score", json={"years": 10})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        assert document["revision"] == answer.headers["x-config-revision"]
        return document

    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = self.get("/internal/config").json()
        return document

    def runs(self, revision: str) -> bool:
        return bool(self.report()["revision"] == revision)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one event; every line must be a JSON object."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if line["event"] == event]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def start(arguments: list[str], log: Path, **environ: str) -> subprocess.Popen[str]:
    with log.open("a") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "mergecells", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": str(log.parent / "state"), **environ},
        )


@contextlib.contextmanager
def service(config: Path, log: Path, *arguments: str, **environ: str) -> Iterator[ServiceProcess]:
    """A service on a free port; killed at the end if it still runs."""
    environ = {"MERGECELLS_RELOAD_TOKEN": TOKEN, **environ}
    process = start(["serve", "--config", str(config), "--port", "0", *arguments], log, **environ)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), (url, log.read_text())
        running = ServiceProcess(process, url, log)
        with running.client:
            yield running
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
