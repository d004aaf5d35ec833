"""From the click to the pull request through the hub: requests, and how much of the time is ours.

    python tests/benchmarks/bench_hub.py [--profile] [--stalls]

The real hub on a real socket, in a process of its own; the tests' stand-ins answer for Google and GitHub from this one.
The time in which a client of ours waits for one of them is measured at the client and taken off: theirs is another. The
peer of the same run is a preview: reading, merging and checking the same sheet with the reference engine alone.

While a click is carried out a third process asks the hub for /healthz every 50 ms: it waits as long as anybody would.
With `--stalls` the hub says what it was doing when none of its threads got a turn for a tenth of a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import httpx  # noqa: E402
import pytest  # noqa: E402
from bench_export import make_files  # noqa: E402

from hub_stage import HubStage, hub_stage, until  # noqa: E402

ROWS = 10_000
GOALS = {"default rules": (5, 12, 2.0), f"{ROWS:,} factors": (12, 12, 10.0)}
"""Sheets requests, GitHub requests, seconds of our own."""


class HubProcess:
    """The hub, and what it tells."""

    def __init__(self, root: Path) -> None:
        flags = [each for each in sys.argv[1:] if each in ("--profile", "--stalls")]
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "hub_process.py"), str(root), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.turns: dict[str, tuple[float, float]] = {}
        """Of each submission by its id: its seconds, and those of them that were waits."""
        self.url: str = self._until("url")

    def ask(self, what: str) -> float:
        """Seconds of the hub's own that it took."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self._until("seconds"))

    def turn(self, submission: str) -> tuple[float, float]:
        while submission not in self.turns:
            self._read()
        return self.turns[submission]

    def end(self) -> None:
        self._process.communicate()

    def _until(self, key: str) -> Any:
        while key not in (told := self._read()):
            pass
        return told[key]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the hub ended"
        told: dict[str, Any] = json.loads(line)
        if "id" in told:
            self.turns[told["id"]] = told["whole"], told["waited"]
        return told


POLL = """
import http.client, json, select, sys, time
host, _, port = sys.argv[1].removeprefix("http://").partition(":")
took = []
while not select.select([sys.stdin], [], [], 0.05)[0]:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read()
    connection.close()
    took.append(time.perf_counter() - begun)
print(json.dumps(sorted(took)))
"""


@contextmanager
def polled(url: str) -> Iterator[list[float]]:
    """Seconds that a health check took, in order of size; there when the block has ended."""
    took: list[float] = []
    process = subprocess.Popen([sys.executable, "-c", POLL, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield took
        took += json.loads(process.communicate()[0])
    finally:
        process.kill()
        process.wait()


def click(stage: HubStage, hub: HubProcess, label: str, number: int) -> None:
    """One edit, one click."""
    ada = stage.add_on()
    ada.client.timeout = httpx.Timeout(400)
    stage.edit("Factors", (2 + number, 7), f"Noted {number}.")
    sheets, github = stage.google.standin.count(), len(stage.github.requests)
    with polled(stage.url) as health:
        made = ada.submit()["id"]
        told = until(lambda: (now := ada.show(made))["settled"] and now, 400)
    assert told["state"] == "proposed", (told["message"], told["findings"][:3])
    sheets, github = stage.google.standin.count() - sheets, len(stage.github.requests) - github
    whole, waited = hub.turn(told["id"])
    peer = hub.ask("preview")
    most = GOALS[label]
    own = whole - waited
    print(
        f"{label}, click {number + 1}: {sheets} Sheets requests (of {most[0]}), {github} of GitHub (of {most[1]}); "
        f"own time {own:.2f} s (of {most[2]:.0f} s; {own / peer:.2f} × a preview: {peer:.2f} s); "
        f"waited {waited:.2f} s for the stand-ins; /healthz asked {len(health)} times meanwhile: "
        f"p50 {health[len(health) // 2] * 1e3:.0f} ms, p99 {health[int(len(health) * 0.99)] * 1e3:.0f} ms, "
        f"longest {health[-1] * 1e3:.0f} ms; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def crowd(stage: HubStage, hub: HubProcess) -> None:
    """Twenty people at once in one sheet."""
    people = [stage.add_on(f"person{number}") for number in range(20)]
    sheets, github = stage.google.standin.count(), len(stage.github.requests)

    def press(number: int) -> str:
        stage.edit("Factors", (2 + number, 7), f"Person {number}.")
        return str(people[number].submit(request_id=f"click-of-person-{number:03}")["id"])

    started = time.perf_counter()
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(press, range(20)))
    told = [until(lambda each=each: (now := people[0].show(each))["settled"] and now, 400) for each in made]
    whole = time.perf_counter() - started
    hub.ask("preview")  # all that was told before is read then
    turns = [hub.turns[each] for each in made if each in hub.turns]  # who waited for the sheet shares a turn
    own = sum(taken - waited for taken, waited in turns)
    states = sorted({one["state"] for one in told})
    print(
        f"20 people at once: {', '.join(states)} in {len({one['pull_request']['number'] for one in told})} request, "
        f"{len(turns)} turns; "
        f"{stage.google.standin.count() - sheets} Sheets, {len(stage.github.requests) - github} GitHub requests; "
        f"all done after {whole:.1f} s, {own:.1f} s of it our own",
        flush=True,
    )


def run(label: str, files: Mapping[str, bytes] | None, clicks: int, many: bool) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        hub_stage(Path(folder), patch, scoring=files, engines=True) as stage,
    ):
        hub = HubProcess(stage.checkout.root)
        stage.url = hub.url
        try:
            print(f"the engines had answered for the branch {hub.ask('submit'):.1f} s after the start")
            for number in range(clicks):
                click(stage, hub, label, number)
            if many:
                crowd(stage, hub)
        finally:
            hub.end()


def main() -> None:
    run("default rules", None, 2, "--profile" not in sys.argv)
    run(f"{ROWS:,} factors", make_files(ROWS), 1, False)


if __name__ == "__main__":
    main()
