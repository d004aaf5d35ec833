"""From the click to the pull request through the hub: requests, and how much of the time is ours.

    python tests/benchmarks/bench_hub.py [--profile]

The real hub on a real socket; the tests' stand-ins answer for Google and GitHub. The time in which a client of ours
waits for one of them is measured at the client and taken off: theirs is another. The peer of the same run is a preview:
reading, merging and checking the same sheet with the reference engine alone.

While a click is carried out another process asks the hub for /healthz every 50 ms: it waits as long as anybody
would. The stand-ins answer from the hub's own process here, so that it is more than a hub alone would show.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import threading
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
from mergecells.adapters import github_api, google_http  # noqa: E402
from mergecells.apps.hub import queue  # noqa: E402
from mergecells.apps.hub.previews import preview  # noqa: E402

ROWS = 10_000
GOALS = {"default rules": (5, 12, 2.0), f"{ROWS:,} factors": (12, 12, 10.0)}
"""Sheets requests, GitHub requests, seconds of our own."""


class Waits(threading.local):
    """What the running thread waited for others."""

    seconds = 0.0


waits = Waits()


def counted(inner: Any) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            waits.seconds += time.perf_counter() - started

    return call


def timed(patch: pytest.MonkeyPatch, ends: dict[str, tuple[float, float]]) -> None:
    """Each submission's seconds, and those of them that were waits, by its id."""
    patch.setattr(google_http._Calling, "attempt", counted(google_http._Calling.attempt))
    patch.setattr(github_api.GitHubApi, "_once", counted(github_api.GitHubApi._once))
    inner = queue.carry_out

    def carry_out(desk: Any, row: Any, *others: Any) -> Any:
        started, waits.seconds = time.perf_counter(), 0.0
        profile = cProfile.Profile() if "--profile" in sys.argv else None
        ended = profile.runcall(inner, desk, row, *others) if profile else inner(desk, row, *others)
        ends[row.id] = (time.perf_counter() - started, waits.seconds)
        if profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        return ended

    patch.setattr(queue, "carry_out", carry_out)


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


def click(stage: HubStage, ends: Mapping[str, tuple[float, float]], label: str, number: int) -> None:
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
    whole, waited = ends[told["id"]]
    assert stage.hub is not None
    desk = next(iter(stage.hub.desks))
    started, waits.seconds = time.perf_counter(), 0.0
    preview(desk)
    peer = time.perf_counter() - started - waits.seconds
    most = GOALS[label]
    own = whole - waited
    print(
        f"{label}, click {number + 1}: {sheets} Sheets requests (of {most[0]}), {github} of GitHub (of {most[1]}); "
        f"own time {own:.2f} s (of {most[2]:.0f} s; {own / peer:.2f} × a preview: {peer:.2f} s); "
        f"waited {waited:.2f} s for the stand-ins; /healthz asked {len(health)} times meanwhile: "
        f"p50 {health[len(health) // 2] * 1e3:.0f} ms, p99 {health[int(len(health) * 0.99)] * 1e3:.0f} ms, "
        f"longest {health[-1] * 1e3:.0f} ms",
        flush=True,
    )


def crowd(stage: HubStage, ends: Mapping[str, tuple[float, float]]) -> None:
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
    turns = [ends[each] for each in made if each in ends]  # who waited for the sheet shares a turn
    own = sum(taken - waited for taken, waited in turns)
    states = sorted({one["state"] for one in told})
    print(
        f"20 people at once: {', '.join(states)} in {len({one['pull_request']['number'] for one in told})} request, "
        f"{len(turns)} turns; "
        f"{stage.google.standin.count() - sheets} Sheets, {len(stage.github.requests) - github} GitHub requests; "
        f"all done after {whole:.1f} s, {own:.1f} s of it our own",
        flush=True,
    )


def warm(stage: HubStage) -> None:
    """A hub that has just been started lets the engines answer for the branch; that is no click's time."""
    assert stage.hub is not None
    for desk in stage.hub.desks:
        started = time.perf_counter()
        with desk.line("submit"):
            print(f"the engines had answered for the branch {time.perf_counter() - started:.1f} s after the start")


def run(label: str, files: Mapping[str, bytes] | None, clicks: int, many: bool) -> None:
    ends: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        timed(patch, ends)
        with hub_stage(Path(folder), patch, scoring=files, engines=True) as stage, stage.running():
            warm(stage)
            for number in range(clicks):
                click(stage, ends, label, number)
            if many:
                crowd(stage, ends)


def main() -> None:
    run("default rules", None, 2, "--profile" not in sys.argv)
    run(f"{ROWS:,} factors", make_files(ROWS), 1, False)


if __name__ == "__main__":
    main()
